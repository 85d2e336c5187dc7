"""Stand in for the outside world, in memory."""

from tests.support.fakes.clock import FakeClock
from tests.support.fakes.emotions import FakeEmotionClient
from tests.support.fakes.keys import FakeKeyStore
from tests.support.fakes.readers import FakeReader
from tests.support.fakes.sources import FakeSource
from tests.support.fakes.store import FakeStore

__all__ = [
    "FakeClock",
    "FakeEmotionClient",
    "FakeKeyStore",
    "FakeReader",
    "FakeSource",
    "FakeStore",
]
