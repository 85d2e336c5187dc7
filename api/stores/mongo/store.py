"""The MongoDB store, put together from its parts."""

from collections.abc import Sequence
from pathlib import Path

from pymongo.monitoring import CommandListener

from api.ports.store import Retention
from api.stores.erasure_log import ErasureLog
from api.stores.mongo.analyses import AnalysisPart
from api.stores.mongo.api_keys import ApiKeyPart
from api.stores.mongo.browsing import BrowsingPart
from api.stores.mongo.connections import Connections
from api.stores.mongo.documents import equal
from api.stores.mongo.migrations import prepare
from api.stores.mongo.moods_and_recommendations import MoodPart
from api.stores.mongo.posts import PostPart
from api.stores.mongo.retention import RetentionPart
from api.stores.mongo.sources import SourcePart
from api.stores.mongo.user_export import UserExportPart
from api.stores.mongo.users import UserPart


class MongoStore(
    UserPart,
    PostPart,
    BrowsingPart,
    AnalysisPart,
    SourcePart,
    MoodPart,
    UserExportPart,
    RetentionPart,
    ApiKeyPart,
):
    """The ports Store and KeyStore in a MongoDB database, for many processes on many machines.

    url is a connection string of MongoDB 6 or newer, a replica set or a sharded cluster; the
    database in it, by default `moodline`, is prepared on opening. erasure_log is the file that says
    who was erased, should the store be lost; None for none. listeners are called with each
    command. A forked process uses a new client.
    Opening raises StoreUnavailableError if the server does not answer, or the database is not a
    store or was written by a newer version.
    """

    def __init__(
        self,
        url: str,
        *,
        retention: Retention = Retention(),  # noqa: B008  frozen
        erasure_log: Path | None = None,
        listeners: Sequence[CommandListener] = (),
    ) -> None:
        self._retention = retention
        self._erasure_log = None if erasure_log is None else ErasureLog(erasure_log)
        self._connections = Connections(url, listeners)
        try:
            with self._connections.using() as database:
                prepare(database, self._connections.where)
        except BaseException:
            self._connections.close()
            raise

    def ping(self) -> None:
        with self._connections.using() as database:
            # A real write: only that shows that there is a primary and a majority.
            database.facts.update_one(equal(id="pings"), {"$inc": {"value": 1}}, upsert=True)

    def close(self) -> None:
        self._connections.close()
