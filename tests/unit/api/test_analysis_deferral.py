"""An analysis whose source takes no more calls waits in the queue, not in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from api.domain.analyses import AnalysisState
from api.domain.posts import Post, RejectedPost
from api.errors import SourceRateLimitedError
from tests.fakes.posts import posts
from tests.fakes.runs import LIMITS, Setting

MINUTE = timedelta(minutes=1)


class LimitedSource:
    """Take no calls until a time."""

    def __init__(self, setting: Setting, retry_at: datetime) -> None:
        self._setting = setting
        self.retry_at = retry_at

    def fetch(
        self, user_id: str, *, newer_than: str | None, max_posts: int | None
    ) -> Iterator[Post | RejectedPost]:
        if self._setting.clock() < self.retry_at:
            raise SourceRateLimitedError("The fake takes no more calls.", self.retry_at)
        yield from posts(3)


def limited(retry_in: timedelta) -> Setting:
    """Return a setting whose one analysis asks a source that takes no calls for so long."""
    setting = Setting(count=0)
    setting.store.cancel("a1", setting.clock())
    setting.sources["x"] = LimitedSource(setting, setting.clock() + retry_in)
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
    setting = limited(timedelta())
    began = setting.clock()
    source = setting.sources["x"]
    assert isinstance(source, LimitedSource)

    def refuse(*_: object, **__: object) -> Iterator[Post]:
        raise SourceRateLimitedError("The fake takes no more calls.", began + retry_in)

    source.fetch = refuse  # type: ignore[method-assign]

    setting.runner().run()

    assert setting.analysis("a2").waits_until == began + waited


def test_after_a_day_of_waiting_it_fails_and_says_why() -> None:
    setting = limited(timedelta(days=9))
    for _ in range(200):
        setting.runner().run()
        setting.clock.now += timedelta(seconds=LIMITS.defer_seconds + 1)

    analysis = setting.analysis("a2")

    assert analysis.state is AnalysisState.FAILED
    assert analysis.problem is not None
    assert analysis.problem.type == "source-rate-limited"
    assert analysis.finished_at is not None
    assert analysis.finished_at - analysis.created_at < timedelta(days=1, hours=1)
