"""A fetch that was interrupted or deferred continues at its position, in any worker."""

from contextlib import suppress
from datetime import timedelta

import pytest

from api.domain.analyses import AnalysisState
from api.errors import SourceForbiddenError, SourceRateLimitedError, SourceUnavailableError
from api.ports.store import Retention
from tests.support.fakes.clock import FakeClock
from tests.support.fakes.runs import LIMITS, Setting, fetch_again, fetching, on_call
from tests.support.fakes.sources import FakeSource, page_of
from tests.support.posts import posts

FIRST = page_of(posts(2, start=50), next_at="p2", newest="51")
SECOND = page_of(posts(3, start=20), next_at="p3")
LAST = page_of(posts(4))
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """The end of a process."""


def limited(retry_in: timedelta = 5 * MINUTE) -> SourceRateLimitedError:
    return SourceRateLimitedError("Spent.", FakeClock()() + retry_in)


def run_until_interrupted(setting: Setting) -> None:
    """Run the analysis to its deferral or the end of its process, then let that time pass."""
    with suppress(Killed):
        setting.run()
    assert not setting.run()  # a worker sees the lease of the one that died
    setting.clock.pause(6 * MINUTE.total_seconds())


def test_a_rate_limit_defers_the_analysis_in_the_queue_until_its_reset() -> None:
    setting, _ = fetching(limited(), LAST)
    began = setting.clock()
    setting.run()
    deferred = setting.analysis("a2")

    found_early = setting.run()
    setting.clock.now += 6 * MINUTE
    setting.run()

    assert (deferred.state, deferred.waits_until) == (AnalysisState.QUEUED, began + 5 * MINUTE)
    assert deferred.attempt == 0
    assert setting.clock.pauses == []
    assert found_early is False
    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.analysis("a2").progress.classified == 4


@pytest.mark.parametrize(
    ("retry_in", "deferred_for"),
    [
        (timedelta(days=20), timedelta(seconds=LIMITS.defer_seconds)),
        (-MINUTE, timedelta(seconds=1)),
    ],
    ids=["far away", "past"],
)
def test_a_deferral_is_kept_within_bounds(retry_in: timedelta, deferred_for: timedelta) -> None:
    setting, _ = fetching(limited(retry_in))
    began = setting.clock()

    setting.run()

    assert setting.analysis("a2").waits_until == began + deferred_for


def test_after_a_day_of_deferral_an_analysis_fails_and_says_why() -> None:
    setting, _ = fetching(*[limited(timedelta(days=9))] * 200)
    for _ in range(200):
        setting.run()
        setting.clock.now += timedelta(seconds=LIMITS.defer_seconds + 1)

    analysis = setting.analysis("a2")

    assert analysis.state is AnalysisState.FAILED
    assert setting.problem("a2").type == "source-rate-limited"
    assert analysis.finished_at is not None
    assert analysis.finished_at - analysis.created_at < timedelta(days=1, hours=1)


@pytest.mark.parametrize("interruption", [limited(), Killed()], ids=["rate limit", "killed"])
def test_after_an_interruption_no_page_is_requested_or_counted_twice(
    interruption: BaseException,
) -> None:
    setting, source = fetching(FIRST, SECOND, interruption, LAST)
    run_until_interrupted(setting)
    before, read = setting.analysis("a2"), setting.cost("a2").posts_read

    setting.run()

    assert (before.state.terminal, before.progress.fetched, read) == (False, 5, 5)
    assert [each["at"] for each in source.asked] == [None, "p2", "p3", "p3"]
    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.analysis("a2").progress.fetched == setting.store.count_posts("alice") == 9
    assert setting.cost("a2").posts_read == 9


def test_only_a_complete_fetch_leaves_a_mark_which_is_the_newest_of_its_first_page() -> None:
    setting, _ = fetching(FIRST, limited(), LAST)
    run_until_interrupted(setting)
    mark_while_deferred = setting.mark()

    setting.run()

    assert mark_while_deferred is None
    assert setting.mark() == "51"


def test_a_worker_that_is_killed_before_it_stored_the_position_has_its_page_read_again() -> None:
    setting, source = fetching(FIRST, SECOND, SECOND, LAST)
    save, saved = setting.store.save_posts, []

    def dying(*args: object) -> object:
        saved.append(save(*args))
        if len(saved) == 2:
            raise Killed
        return saved[-1]

    setting.store.save_posts = dying
    run_until_interrupted(setting)

    setting.run()

    assert [each["at"] for each in source.asked] == [None, "p2", "p2", "p3"]
    assert setting.analysis("a2").progress.fetched == setting.store.count_posts("alice") == 9
    assert setting.cost("a2").posts_read == 2 + 3 + 3 + 4


def test_a_run_that_ends_after_the_fetch_has_nothing_fetched_again() -> None:
    setting, source = fetching(FIRST, LAST)
    setting.emotions.before_answer = on_call(1, setting.stopping.set)
    setting.run()
    put_back = setting.analysis("a2").state
    setting.stopping.clear()

    setting.run()

    assert put_back is AnalysisState.QUEUED
    assert len(source.asked) == 2
    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.analysis("a2").progress.fetched == 6


def test_the_number_wanted_counts_what_was_read_before() -> None:
    setting, source = fetching(FIRST, limited(), SECOND, max_posts=3)
    run_until_interrupted(setting)

    setting.run()

    assert [each["wanted"] for each in source.asked] == [3, 1, 1]
    assert setting.store.count_posts("alice") == 3
    assert setting.mark() is None


def test_a_fetch_continues_from_the_mark_that_it_began_with() -> None:
    setting, _ = fetching(page_of(posts(1), newest="0"))
    setting.run()

    source = fetch_again(setting, FIRST, limited(), page_of([]))
    setting.clock.now += 6 * MINUTE
    setting.run()

    assert [each["newer_than"] for each in source.asked] == ["0", "0", "0"]
    assert setting.mark() == "51"


def test_a_failed_fetch_of_one_whose_posts_were_all_deleted_is_not_followed_by_a_gap() -> None:
    setting, _ = fetching(page_of(posts(4), newest="3"))
    setting.run()
    setting.store.sweep(setting.clock() + Retention().posts + timedelta(seconds=1))
    source = fetch_again(setting, FIRST, SourceForbiddenError("No."))
    source.pages += [FIRST, LAST]
    source.asked.clear()
    setting.queue("a4", source="x")

    setting.run()

    assert setting.analysis("a3").state is AnalysisState.FAILED
    assert source.asked[0]["newer_than"] is None
    assert setting.store.count_posts("alice") == 6


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_an_analysis_that_has_ended_keeps_no_position(end: str) -> None:
    second = {"succeeded": LAST, "failed": SourceForbiddenError("No.")}.get(end) or limited()
    setting, _ = fetching(FIRST, second)
    setting.run()
    if end == "cancelled":
        assert setting.analysis("a2").progress.place is not None
        setting.store.cancel("a2", setting.clock())

    analysis = setting.analysis("a2")

    assert analysis.state.value == end
    assert analysis.progress.place is None
    assert analysis.progress.fetched == (6 if end == "succeeded" else 2)


def test_a_model_that_is_away_hides_no_cost_of_earlier_attempts() -> None:
    setting, _ = fetching(FIRST, limited())
    run_until_interrupted(setting)
    setting.emotions.down = True

    setting.run()

    assert setting.analysis("a2").state is AnalysisState.FAILED
    assert setting.cost("a2").posts_read == 2


@pytest.mark.parametrize(("page", "back"), [(1, False), (2, False), (2, True)])
def test_a_page_that_comes_after_its_user_was_erased_is_not_stored(page: int, back: bool) -> None:
    setting, _ = fetching()

    class Erasing(FakeSource):
        def page(self, account: str, **asked: object) -> object:  # type: ignore[override]
            answer = super().page(account, **asked)
            if len(self.asked) == page:
                setting.store.erase_user("alice", setting.clock())
                if back:
                    setting.store.ensure_user("alice", "Alice", setting.clock())
            return answer

    source = Erasing(FIRST, SECOND, SourceUnavailableError("It must not be called."))
    setting.sources["x"] = source

    assert setting.run() is True

    assert len(source.asked) == page
    assert setting.store.count_posts("alice") == 0
    assert (setting.store.user("alice") is not None) is back
    assert setting.run() is False
