"""Stand in for the outside world, in memory."""

from tests.fakes.clock import FakeClock
from tests.fakes.emotions import FakeEmotionClient
from tests.fakes.keys import FakeKeyStore
from tests.fakes.readers import FakeReader
from tests.fakes.sources import FakeSource
from tests.fakes.store import FakeStore

__all__ = [
    "FakeClock",
    "FakeEmotionClient",
    "FakeKeyStore",
    "FakeReader",
    "FakeSource",
    "FakeStore",
]
