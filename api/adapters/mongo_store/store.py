"""Put the parts of the MongoDB store together."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.monitoring import CommandListener

from api.adapters.mongo_store.analyses import AnalysisPart
from api.adapters.mongo_store.connections import Connections
from api.adapters.mongo_store.keys import KeyPart
from api.adapters.mongo_store.migrations import prepare
from api.adapters.mongo_store.moods import MoodPart
from api.adapters.mongo_store.posts import PostPart
from api.adapters.mongo_store.queries import equal
from api.adapters.mongo_store.retention import RetentionPart
from api.adapters.mongo_store.sources import SourcePart
from api.adapters.mongo_store.users import UserPart
from api.ports.store import Retention


class MongoStore(UserPart, PostPart, AnalysisPart, SourcePart, MoodPart, RetentionPart, KeyPart):
    """Be the ports Store and KeyStore in a MongoDB database, for many processes on many machines.

    url is a connection string of MongoDB 6 or newer, a replica set or a sharded cluster; the
    database that it names, else `moodline`, is made ready on opening. listeners are told of each
    command. A forked process goes on with a client of its own.
    Opening raises StoreUnavailableError where the server does not answer, or the database is not a
    store or was written by a newer version.
    """

    def __init__(
        self,
        url: str,
        *,
        retention: Retention = Retention(),  # noqa: B008  frozen
        listeners: Sequence[CommandListener] = (),
    ) -> None:
        self._retention = retention
        self._connections = Connections(url, listeners)
        try:
            with self._connections.using() as database:
                prepare(database, self._connections.where, retention)
        except BaseException:
            self._connections.close()
            raise

    def ping(self) -> None:
        """Return where the store can be read and written; else raise StoreUnavailableError."""
        with self._connections.using() as database:
            # A true write: only that tells that there is a primary and a majority.
            database.facts.update_one(equal(id="pings"), {"$inc": {"value": 1}}, upsert=True)

    def close(self) -> None:
        """Let go of connections; any call after that raises StoreUnavailableError."""
        self._connections.close()
