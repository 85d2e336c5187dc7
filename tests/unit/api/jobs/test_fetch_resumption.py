"""A fetch that was broken off goes on where it stopped, whoever takes it up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.domain.analyses import AnalysisState
from api.errors import SourceForbiddenError, SourceRateLimitedError, SourceUnavailableError
from api.ports.store import Retention
from tests.support.fakes.runs import LIMITS, Setting, on_call
from tests.support.fakes.sources import FakeSource, page_of
from tests.support.posts import posts

FIRST = page_of(posts(2, start=50), next_at="p2", newest="51")
SECOND = page_of(posts(3, start=20), next_at="p3")
LAST = page_of(posts(4))


class Killed(BaseException):
    """Be the end of a process."""


def fetching(*answers: object, **request: object) -> tuple[Setting, FakeSource]:
    """Return a setting without posts whose analysis a2 fetches, and its source."""
    setting = Setting(count=0)
    setting.store.cancel("a1", setting.clock())
    source = FakeSource(*answers)  # type: ignore[arg-type]
    setting.sources["x"] = source
    setting.queue("a2", source="x", **request)
    return setting, source


def limited(setting: Setting) -> SourceRateLimitedError:
    return SourceRateLimitedError("Spent.", setting.clock() + timedelta(minutes=5))


def run_again(setting: Setting) -> None:
    """Have another run take the analysis once it may be claimed."""
    setting.clock.now += timedelta(minutes=6)
    assert setting.runner().run() is True


def test_after_a_rate_limit_no_page_is_asked_for_twice() -> None:
    setting, source = fetching(FIRST, SECOND)
    source.pages += [limited(setting), LAST]
    setting.runner().run()
    waiting = setting.analysis("a2")

    run_again(setting)

    assert (waiting.state, waiting.progress.fetched) == (AnalysisState.QUEUED, 5)
    assert [each["at"] for each in source.asked] == [None, "p2", "p3", "p3"]
    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.analysis("a2").progress.fetched == setting.store.count_posts("alice") == 9


def test_each_read_is_counted_once() -> None:
    setting, source = fetching(FIRST, SECOND)
    source.pages += [limited(setting), LAST]
    setting.runner().run()

    run_again(setting)

    cost = setting.analysis("a2").progress.source_cost
    assert cost is not None
    assert cost.posts_read == 9


def test_the_mark_is_left_by_the_whole_fetch_alone_and_is_the_newest_of_its_first_page() -> None:
    setting, source = fetching(FIRST)
    source.pages += [limited(setting), LAST]
    setting.runner().run()
    mark_while_waiting = setting.store.source_mark("alice", "x", "alice")

    run_again(setting)

    assert mark_while_waiting is None
    assert setting.store.source_mark("alice", "x", "alice") == "51"


def test_a_worker_that_is_killed_between_pages_leaves_them_to_the_next() -> None:
    setting, source = fetching(FIRST, SECOND, Killed(), LAST)
    with pytest.raises(Killed):
        setting.runner().run()

    setting.clock.now += timedelta(seconds=LIMITS.lease_seconds + 1)
    setting.runner().run()

    assert [each["at"] for each in source.asked] == [None, "p2", "p3", "p3"]
    assert setting.store.count_posts("alice") == 9


def test_a_worker_that_is_killed_before_it_noted_the_place_has_its_page_read_again() -> None:
    setting, source = fetching(FIRST, SECOND, SECOND, LAST)
    save, saved = setting.store.save_posts, []

    def dying(*args: object) -> object:
        saved.append(save(*args))
        if len(saved) == 2:
            raise Killed
        return saved[-1]

    setting.store.save_posts = dying
    with pytest.raises(Killed):
        setting.runner().run()

    setting.clock.now += timedelta(seconds=LIMITS.lease_seconds + 1)
    setting.runner().run()

    progress = setting.analysis("a2").progress
    assert [each["at"] for each in source.asked] == [None, "p2", "p2", "p3"]
    assert progress.fetched == setting.store.count_posts("alice") == 9
    assert progress.source_cost is not None
    assert progress.source_cost.posts_read == 2 + 3 + 3 + 4


def test_a_run_that_ends_after_the_fetch_has_nothing_fetched_again() -> None:
    setting, source = fetching(FIRST, LAST)
    setting.emotions.before_answer = on_call(1, setting.stopping.set)
    setting.runner().run()
    put_back = setting.analysis("a2").state
    setting.stopping.clear()

    setting.runner().run()

    assert put_back is AnalysisState.QUEUED
    assert len(source.asked) == 2
    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.analysis("a2").progress.fetched == 6


def test_what_is_wanted_counts_what_was_read_before() -> None:
    setting, source = fetching(FIRST, max_posts=3)
    source.pages += [limited(setting), SECOND]
    setting.runner().run()

    run_again(setting)

    assert [each["wanted"] for each in source.asked] == [3, 1, 1]
    assert setting.store.count_posts("alice") == 3
    assert setting.store.source_mark("alice", "x", "alice") is None


def test_a_fetch_goes_on_from_the_mark_that_it_began_with() -> None:
    setting, _ = fetching(page_of(posts(1), newest="0"))
    setting.runner().run()
    source = FakeSource(FIRST, limited(setting), page_of([]))
    setting.sources["x"] = source
    setting.queue("a3", source="x")
    setting.runner().run()

    run_again(setting)

    assert [each["newer_than"] for each in source.asked] == ["0", "0", "0"]
    assert setting.store.source_mark("alice", "x", "alice") == "51"


def test_a_failed_fetch_of_one_whose_posts_were_all_deleted_is_not_followed_by_a_gap() -> None:
    setting, _ = fetching(page_of(posts(4), newest="3"))
    setting.runner().run()
    setting.store.sweep(setting.clock() + Retention().posts + timedelta(seconds=1))
    setting.sources["x"] = FakeSource(FIRST, SourceForbiddenError("No."))
    setting.queue("a3", source="x")
    setting.runner().run()
    source = FakeSource(FIRST, LAST)
    setting.sources["x"] = source
    setting.queue("a4", source="x")

    setting.runner().run()

    assert setting.analysis("a3").state is AnalysisState.FAILED
    assert source.asked[0]["newer_than"] is None
    assert setting.store.count_posts("alice") == 6


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_an_analysis_that_has_ended_keeps_no_place(end: str) -> None:
    setting, source = fetching(FIRST)
    source.pages.append(
        {"succeeded": LAST, "failed": SourceForbiddenError("No.")}.get(end) or limited(setting)
    )
    setting.runner().run()
    if end == "cancelled":
        assert setting.analysis("a2").progress.place is not None
        setting.store.cancel("a2", setting.clock())

    analysis = setting.analysis("a2")

    assert analysis.state.value == end
    assert analysis.progress.place is None
    assert analysis.progress.fetched == (6 if end == "succeeded" else 2)


def test_a_model_that_is_away_hides_no_cost_of_earlier_attempts() -> None:
    setting, source = fetching(FIRST)
    source.pages.append(limited(setting))
    setting.runner().run()
    setting.emotions.down = True

    run_again(setting)

    analysis = setting.analysis("a2")
    assert analysis.state is AnalysisState.FAILED
    assert analysis.progress.source_cost is not None
    assert analysis.progress.source_cost.posts_read == 2


@pytest.mark.parametrize("back", [False, True], ids=["gone", "back again"])
def test_a_page_that_comes_after_its_user_was_erased_is_not_kept(back: bool) -> None:
    setting, _ = fetching()

    class Erasing(FakeSource):
        def page(self, account: str, **asked: object) -> object:  # type: ignore[override]
            page = super().page(account, **asked)
            if asked["at"] is not None:
                setting.store.erase_user("alice", setting.clock())
                if back:
                    setting.store.ensure_user("alice", "Alice", setting.clock())
            return page

    source = Erasing(FIRST, SECOND, SourceUnavailableError("It must not be asked."))
    setting.sources["x"] = source

    setting.runner().run()

    assert len(source.asked) == 2
    assert setting.store.count_posts("alice") == 0
    assert setting.runner().run() is False
