"""Fakes of the outside world, in memory."""

from tests.support.fakes.clock import FakeClock
from tests.support.fakes.emotions import FakeEmotionClient
from tests.support.fakes.languages import FakeLanguageDetector
from tests.support.fakes.post_files import FakePostFiles
from tests.support.fakes.sources import FakeSource
from tests.support.fakes.store import FailingStore, MemoryStore

__all__ = [
    "FailingStore",
    "FakeClock",
    "FakeEmotionClient",
    "FakeLanguageDetector",
    "FakePostFiles",
    "FakeSource",
    "MemoryStore",
]
