"""Change of the pepper: keys that were made with the old one work until each has the new one."""

from datetime import UTC, datetime

import pytest

from api.domain.api_keys import Scope
from api.errors import UnauthorizedError
from api.services.access import Access
from tests.support.fakes import FailingStore, MemoryStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD, NEW = "an old pepper of the tests", "a new pepper of the tests"


def access(store: MemoryStore | FailingStore, pepper: str, old: str | None = None) -> Access:
    return Access(store, lambda: NOW, pepper, old)  # type: ignore[arg-type]  a fake of a store


def test_a_key_of_the_old_pepper_works_and_has_the_new_one_after_its_next_use() -> None:
    store = MemoryStore()
    used = access(store, OLD).create("used", [Scope.ADMIN], [])
    unused = access(store, OLD).create("unused", [Scope.ADMIN], [])

    assert access(store, NEW, OLD).key_of(used).name == "used"

    assert access(store, NEW).key_of(used).name == "used"
    with pytest.raises(UnauthorizedError):
        access(store, NEW).key_of(unused)
    with pytest.raises(UnauthorizedError):
        access(store, OLD).key_of(used)


def test_a_key_of_the_new_pepper_stays_as_it_is() -> None:
    store = MemoryStore()
    both = access(store, NEW, OLD)
    key = both.create("new", [Scope.ADMIN], [])

    both.key_of(key)

    assert access(store, NEW).key_of(key).name == "new"


@pytest.mark.parametrize("shown", ["{prefix}.wrong", "none.{secret}", "{prefix}", ""])
def test_two_peppers_accept_no_more_keys_than_one(shown: str) -> None:
    store = MemoryStore()
    prefix, _, secret = access(store, OLD).create("a key", [Scope.ADMIN], []).partition(".")

    with pytest.raises(UnauthorizedError):
        access(store, NEW, OLD).key_of(shown.format(prefix=prefix, secret=secret))
