"""The SQLite store, put together from its parts."""

from collections.abc import Callable
from pathlib import Path

from api.ports.store import Retention
from api.stores.erasure_log import ErasureLog
from api.stores.sqlite.analyses import AnalysisPart
from api.stores.sqlite.api_keys import ApiKeyPart
from api.stores.sqlite.browsing import BrowsingPart
from api.stores.sqlite.connections import PING, Connections
from api.stores.sqlite.moods_and_recommendations import MoodPart
from api.stores.sqlite.posts import PostPart
from api.stores.sqlite.retention import RetentionPart
from api.stores.sqlite.sources import SourcePart
from api.stores.sqlite.user_export import UserExportPart
from api.stores.sqlite.users import UserPart


class SqliteStore(
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
    """The ports Store and KeyStore in one SQLite file, for all processes of one machine.

    Threads may share it. A missing file or folder is created, readable by its owner only.
    erasure_log is the file that says who was erased, should the store be lost; None for none.
    busy_seconds is how long a call waits for the writes of others; trace is called with each
    statement run. Each process must open its own store after a fork: a forked store is refused.
    Opening raises StoreUnavailableError if the file cannot be opened, is not a store, or was
    written by a newer version.
    """

    def __init__(
        self,
        path: Path,
        *,
        retention: Retention = Retention(),  # noqa: B008  frozen
        erasure_log: Path | None = None,
        busy_seconds: float = 10.0,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self._retention = retention
        self._erasure_log = None if erasure_log is None else ErasureLog(erasure_log)
        self._connections = Connections(path, busy_seconds=busy_seconds, trace=trace)

    def ping(self) -> None:
        with self._connections.writing() as connection:
            # A real write: SQLite reports only at the commit that the disk is full or read-only.
            connection.execute(PING)

    def close(self) -> None:
        self._connections.close()
