"""Give each contract test an empty store of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.ports import Store
from tests.contract.stores import BACKENDS, StoreBackend


@pytest.fixture(params=list(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> StoreBackend:
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def store(backend: StoreBackend) -> Iterator[Store]:
    store = backend.open()
    yield store
    store.close()
