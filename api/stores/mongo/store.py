"""Put the parts of the MongoDB store together."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.monitoring import CommandListener

from api.ports.store import Retention
from api.stores.mongo.analyses import AnalysisPart
from api.stores.mongo.connections import Connections
from api.stores.mongo.keys import KeyPart
from api.stores.mongo.migrations import prepare
from api.stores.mongo.moods import MoodPart
from api.stores.mongo.posts import PostPart
from api.stores.mongo.queries import equal
from api.stores.mongo.retention import RetentionPart
from api.stores.mongo.sources import SourcePart
from api.stores.mongo.users import UserPart


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
