"""Calls that stay open end after their time, whatever the wall clock does meanwhile."""

from datetime import timedelta

import pytest

from api.domain.analyses import Analysis, AnalysisRequest
from api.errors import BusyError
from api.services.analyses import Analyses, LongCalls
from api.services.sources import Sources
from tests.support.fakes import FakeClock, MemoryStore

JUMPS = [-timedelta(hours=1), timedelta(days=31)]


class Waiting:
    """Use cases with one queued analysis; the clock jumps at the third poll."""

    def __init__(self, jump: timedelta) -> None:
        self.clock = FakeClock()
        self.jump = jump
        store = MemoryStore()
        store.ensure_user("alice", "Alice", self.clock())
        store.set_consent("alice", self.clock())
        analysis = Analysis("a1", AnalysisRequest("alice"), self.clock())
        store.create_analysis(analysis, idempotency_key=None)
        self.analyses = Analyses(
            store,
            self.clock,
            lambda _: None,
            lambda: "a2",
            lambda _: None,
            sources=Sources({}, None),  # type: ignore[arg-type]  no analysis here has a source
            long_calls=LongCalls(
                self.wait, longest=60, poll=1, heartbeat=10, monotonic=self.clock.monotonic
            ),
        )

    def wait(self, seconds: float) -> bool:
        if len(self.clock.pauses) == 3:
            self.clock.now += self.jump
        return self.clock.pause(seconds)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_who_waits_for_a_result_is_told_after_the_longest_time(jump: timedelta) -> None:
    waiting = Waiting(jump)

    with pytest.raises(BusyError):
        waiting.analyses.run_to_end("alice", consent=True, caller="a key")

    assert 59 <= sum(waiting.clock.pauses) <= 62


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_stream_of_events_has_its_heartbeats_and_its_end(jump: timedelta) -> None:
    waiting = Waiting(jump)

    events = list(waiting.analyses.events("a1", "a key"))

    assert 59 <= sum(waiting.clock.pauses) <= 62
    assert events[0] is not None
    assert events[1:].count(None) in (5, 6)
