"""Contract of every store: API keys."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from api.domain.api_keys import ApiKey, Scope
from api.ports.api_keys import KeyStore
from tests.contract.stores.stores import StoreBackend

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
KEY = ApiKey(
    prefix="0a1b2c3d4e5f",
    name="the front end é",
    digest=bytes(range(32)),
    scopes=frozenset({Scope.READ, Scope.ERASE}),
    users=frozenset({"alice", "bob"}),
    created_at=NOW,
)


@pytest.fixture
def keys(backend: StoreBackend) -> Iterator[KeyStore]:
    store = backend.open()
    yield cast(KeyStore, store)  # every store keeps keys as well
    store.close()


@pytest.mark.parametrize("prefix", ["", "none", "$gt", "a\x00b", "\ud800", "0A1B2C3D4E5F"])
def test_a_prefix_that_is_not_there_finds_nothing(keys: KeyStore, prefix: str) -> None:
    keys.add_key(KEY)

    assert keys.key(prefix) is None


def test_keys_are_listed_oldest_first(keys: KeyStore) -> None:
    younger = replace(KEY, prefix="000000000000", created_at=NOW + timedelta(days=1))
    keys.add_key(younger)
    keys.add_key(KEY)

    assert keys.all_keys() == [KEY, younger]


def test_the_last_use_is_kept(keys: KeyStore) -> None:
    keys.add_key(KEY)

    keys.note_use(KEY.prefix, NOW + timedelta(hours=1))
    keys.note_use("none", NOW)

    assert keys.all_keys() == [replace(KEY, last_used_at=NOW + timedelta(hours=1))]


def test_a_key_comes_back_as_it_was_until_it_is_removed(keys: KeyStore) -> None:
    keys.add_key(KEY)

    assert keys.key(KEY.prefix) == KEY
    assert keys.remove_key(KEY.prefix)
    assert not keys.remove_key(KEY.prefix)
    assert keys.key(KEY.prefix) is None


def test_a_digest_is_replaced_and_nothing_else_of_the_key(keys: KeyStore) -> None:
    keys.add_key(KEY)

    keys.replace_digest(KEY.prefix, b"of another pepper")
    keys.replace_digest("none", b"of no key")

    assert keys.all_keys() == [replace(KEY, digest=b"of another pepper")]
