"""An empty store of every kind for each contract test."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from api.ports.store import Store
from api.stores.mongo import MongoStore
from api.stores.mongo.schema import COLLECTIONS, FACTS
from tests.contract.stores.mongo_shapes import Documents
from tests.contract.stores.stores import (
    BACKENDS,
    FOR_EVER,
    MongoBackend,
    SqliteBackend,
    StoreBackend,
)
from tests.support.mongo.servers import REQUIRE, MongoServer, server

NO_SERVER = "no MONGODB_URI, no mongod, and no Python 3.13 environment of the stand-in: make test"


@pytest.fixture(scope="session")
def mongo_server(
    tmp_path_factory: pytest.TempPathFactory, mongo_ran_against: Callable[[str], None]
) -> Iterator[MongoServer]:
    with server(tmp_path_factory.mktemp("mongo")) as found:
        ran = f"SKIPPED, {NO_SERVER}" if found is None else f"ran against {found.what}"
        mongo_ran_against(ran)
        if found is None and os.environ.get(REQUIRE):
            pytest.fail(f"{REQUIRE} is set but there is no MongoDB: {NO_SERVER}")
        if found is None:
            pytest.skip(NO_SERVER)
        yield found


@pytest.fixture(scope="session")
def database_url(mongo_server: MongoServer) -> Iterator[str]:
    """A database of this run; dropped at its end."""
    name = f"moodline_test_{uuid.uuid4().hex[:12]}"
    yield mongo_server.url_of(name)
    with MongoClient[dict[str, Any]](mongo_server.url_of(name)) as client:
        client.drop_database(name)


@pytest.fixture
def mongo_url(database_url: str) -> Iterator[str]:
    """A database without users; it is emptied afterwards, as a new one takes long to create."""
    yield database_url
    with MongoClient[dict[str, Any]](database_url) as client:
        database = client.get_default_database()
        for collection in COLLECTIONS:
            if collection is not FACTS:
                database[collection.name].delete_many({})
        database.facts.delete_many({"_id": {"$in": ["swept_until", "swept_early"]}})


@pytest.fixture
def database(mongo_url: str) -> Iterator[Documents]:
    with MongoClient[dict[str, Any]](mongo_url) as client:
        yield client.get_default_database()


@pytest.fixture
def mongo_store(mongo_url: str) -> Iterator[MongoStore]:
    store = MongoStore(mongo_url, retention=FOR_EVER)
    yield store
    store.close()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> StoreBackend:
    if request.param == "mongo":
        return MongoBackend(request.getfixturevalue("mongo_url"))
    return SqliteBackend(tmp_path / "moodline.db")


@pytest.fixture
def store(backend: StoreBackend) -> Iterator[Store]:
    store = backend.open()
    yield store
    store.close()
