"""An analysis whose source takes no more calls waits in the queue, not in a thread."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from api.domain.analyses import AnalysisState
from api.errors import SourceRateLimitedError
from api.ports.sources import SourcePage
from tests.support.fakes.runs import LIMITS, Setting
from tests.support.fakes.sources import FakeSource, page_of
from tests.support.posts import posts

MINUTE = timedelta(minutes=1)


def spent(retry_at: datetime) -> SourceRateLimitedError:
    return SourceRateLimitedError("The fake takes no more calls.", retry_at)


def limited(retry_in: timedelta, *before: SourcePage, calls: int = 1) -> Setting:
    """Return a setting whose one analysis asks a source that refuses so many calls, then answers.

    before are pages that the source gives first; each refusal names a time so far from now.
    """
    setting = Setting(count=0)
    setting.store.cancel("a1", setting.clock())
    refusals = [spent(setting.clock() + retry_in)] * calls
    setting.sources["x"] = FakeSource(*before, *refusals, page_of(posts(3)))
    setting.queue("a2", source="x")
    return setting


def test_it_goes_back_to_the_queue_until_the_source_takes_calls_again() -> None:
    setting = limited(5 * MINUTE)
    began = setting.clock()

    setting.runner().run()

    analysis = setting.analysis("a2")
    assert (analysis.state, analysis.waits_until) == (AnalysisState.QUEUED, began + 5 * MINUTE)
    assert analysis.attempt == 0
    assert setting.clock.pauses == []


def test_it_is_left_alone_before_its_time_and_run_to_its_end_after() -> None:
    setting = limited(5 * MINUTE)
    setting.runner().run()

    found_early = setting.runner().run()
    setting.clock.now += 5 * MINUTE + timedelta(seconds=1)
    setting.runner().run()

    assert found_early is False
    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.analysis("a2").progress.classified == 3


@pytest.mark.parametrize(
    ("retry_in", "waited"),
    [
        (timedelta(days=20), timedelta(seconds=LIMITS.defer_seconds)),
        (-MINUTE, timedelta(seconds=1)),
    ],
    ids=["far away", "past"],
)
def test_the_time_to_wait_is_kept_within_bounds(retry_in: timedelta, waited: timedelta) -> None:
    setting = limited(retry_in)
    began = setting.clock()

    setting.runner().run()

    assert setting.analysis("a2").waits_until == began + waited


def test_what_was_read_before_the_wait_stays_counted() -> None:
    read = page_of(posts(2, start=50), next_at="p2")
    setting = limited(5 * MINUTE, read)
    setting.runner().run()
    while_waiting = setting.analysis("a2").progress.source_cost

    setting.clock.now += 5 * MINUTE + timedelta(seconds=1)
    setting.runner().run()

    after = setting.analysis("a2").progress.source_cost
    assert while_waiting is not None
    assert while_waiting.posts_read == 2
    assert after is not None
    assert after.posts_read == 2 + 3


def test_after_a_day_of_waiting_it_fails_and_says_why() -> None:
    setting = limited(timedelta(days=9), calls=200)
    for _ in range(200):
        setting.runner().run()
        setting.clock.now += timedelta(seconds=LIMITS.defer_seconds + 1)

    analysis = setting.analysis("a2")

    assert analysis.state is AnalysisState.FAILED
    assert analysis.problem is not None
    assert analysis.problem.type == "source-rate-limited"
    assert analysis.finished_at is not None
    assert analysis.finished_at - analysis.created_at < timedelta(days=1, hours=1)
