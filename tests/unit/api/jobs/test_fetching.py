"""An analysis that names a source fetches what is new, page by page, and counts its cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.domain.analyses import AnalysisState, Progress, SourceCost
from api.domain.posts import RejectedPost
from api.errors import (
    SourceAccountProtectedError,
    SourceRateLimitedError,
    SourceUnavailableError,
)
from api.ports.store import Retention
from tests.support.fakes.runs import LIMITS, Setting
from tests.support.fakes.sources import FakeSource, page_of
from tests.support.posts import posts

AWAY = SourceUnavailableError("It is away.")
REJECTED = RejectedPost("item 9", "it has no date", "created_at")


def fetching(source: FakeSource, **request: object) -> Setting:
    """Return a setting without posts, whose analysis a2 fetches from the source."""
    setting = Setting(count=0)
    setting.runner().run()
    setting.sources["elsewhere"] = source
    setting.queue("a2", source="elsewhere", **request)
    return setting


def again(setting: Setting, source: FakeSource, **request: object) -> None:
    """Run one more analysis from the source as it is now."""
    setting.sources["elsewhere"] = source
    setting.queue("a3", source="elsewhere", **request)
    setting.runner().run()


def test_all_pages_are_read_from_the_account_of_the_request() -> None:
    source = FakeSource(page_of(posts(2, start=50), next_at="p2"), page_of(posts(3)))
    setting = fetching(source, source_user="al.ice")

    setting.runner().run()

    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.store.count_posts("alice") == 5
    assert [(each["account"], each["at"]) for each in source.asked] == [
        ("al.ice", None), ("al.ice", "p2"),
    ]  # fmt: skip


def test_an_account_called_as_the_user_needs_no_name() -> None:
    source = FakeSource(page_of([]))

    fetching(source).runner().run()

    assert source.asked[0]["account"] == "alice"


def test_imported_posts_are_not_fetched_anywhere() -> None:
    setting = Setting(count=3)

    setting.runner().run()

    assert setting.analysis().progress.fetched == 0
    assert setting.analysis().progress.source_cost is None


def test_the_next_fetch_starts_where_the_last_one_ended() -> None:
    setting = fetching(FakeSource(page_of(posts(2, start=50), newest="51")))
    setting.runner().run()
    later = FakeSource(page_of([]))

    again(setting, later)

    assert later.asked[0]["newer_than"] == "51"


def test_once_nothing_fetched_is_kept_any_more_all_is_fetched_again() -> None:
    setting = fetching(FakeSource(page_of(posts(2), newest="1")))
    setting.runner().run()
    setting.store.sweep(setting.clock() + Retention().posts + timedelta(seconds=1))
    later = FakeSource(page_of(posts(2), newest="1"))

    again(setting, later)

    assert later.asked[0]["newer_than"] is None


def test_another_account_is_read_from_its_own_beginning() -> None:
    setting = fetching(FakeSource(page_of(posts(2), newest="1")))
    setting.runner().run()
    other = FakeSource(page_of([]))

    again(setting, other, source_user="second")

    assert other.asked[0]["newer_than"] is None


def test_nothing_new_keeps_the_mark() -> None:
    setting = fetching(FakeSource(page_of(posts(2), newest="1")))
    setting.runner().run()
    again(setting, FakeSource(page_of([])))

    assert setting.store.source_mark("alice", "elsewhere", "alice") == "1"


def test_a_fetch_that_was_cut_short_leaves_no_mark_so_that_nothing_is_missed() -> None:
    source = FakeSource(page_of(posts(5), next_at="p2", newest="4"))
    setting = fetching(source, max_posts=3)

    setting.runner().run()

    assert setting.analysis("a2").progress.fetched == 3
    assert setting.store.source_mark("alice", "elsewhere", "alice") is None


def test_no_more_pages_are_asked_for_than_are_wanted() -> None:
    source = FakeSource(page_of(posts(2, start=50), next_at="p2"), page_of(posts(2), next_at="p3"))

    fetching(source, max_posts=3).runner().run()

    assert [each["wanted"] for each in source.asked] == [3, 1]


def test_progress_grows_page_by_page() -> None:
    source = FakeSource(page_of(posts(2, start=50), next_at="p2"), page_of(posts(3)))
    setting, seen = fetching(source), []
    renew = setting.store.renew

    def watched(lease: object, *, until: object, progress: Progress) -> object:
        seen.append(progress.fetched)
        return renew(lease, until=until, progress=progress)

    setting.store.renew = watched

    setting.runner().run()

    assert list(dict.fromkeys(seen)) == [0, 2, 5]


def test_the_cost_counts_posts_users_and_what_was_skipped() -> None:
    first = replace(page_of([], next_at="p2"), users_read=1)
    setting = fetching(FakeSource(first, page_of([*posts(3), REJECTED])))

    setting.runner().run()

    cost = setting.analysis("a2").progress.source_cost
    assert cost == SourceCost(4, 1, 1, pytest.approx(4 * 0.01 + 0.5), "EUR")


def test_a_page_that_fails_is_asked_for_again_and_the_others_are_not() -> None:
    source = FakeSource(page_of(posts(2, start=50), next_at="p2"), AWAY, AWAY, page_of(posts(3)))
    setting = fetching(source)

    setting.runner().run()

    assert [each["at"] for each in source.asked] == [None, "p2", "p2", "p2"]
    assert setting.analysis("a2").progress.fetched == 5


def test_a_source_that_stays_away_fails_the_analysis_with_its_own_problem() -> None:
    setting = fetching(FakeSource(*[AWAY] * 99))

    setting.runner().run()

    problem = setting.analysis("a2").problem
    assert problem is not None
    assert problem.type == "source-unavailable"
    assert sum(setting.clock.pauses) <= LIMITS.retry_seconds


def test_a_source_that_goes_in_circles_is_left() -> None:
    pages = [page_of(posts(2), next_at="p2")] * 99
    setting = fetching(FakeSource(*pages))

    setting.runner().run()

    problem = setting.analysis("a2").problem
    assert problem is not None
    assert problem.type == "source-unavailable"


def test_a_rate_limit_is_not_waited_for_in_the_thread_and_leaves_no_mark() -> None:
    setting = fetching(FakeSource())
    until = setting.clock() + timedelta(minutes=9)
    source = FakeSource(
        page_of(posts(2), next_at="p2", newest="1"), SourceRateLimitedError("Spent.", until)
    )
    setting.sources["elsewhere"] = source

    setting.runner().run()

    assert setting.clock.pauses == []
    assert len(source.asked) == 2
    assert setting.store.count_posts("alice") == 2
    assert setting.store.source_mark("alice", "elsewhere", "alice") is None


def test_what_earlier_attempts_read_stays_counted() -> None:
    setting = fetching(FakeSource(page_of(posts(2), next_at="p2")))
    claim = setting.store.claim("a2", owner="t", now=setting.clock(), until=setting.clock())
    assert claim is not None
    spent = Progress(source_cost=SourceCost(7, 1, 0, 0.57, "EUR"))
    setting.store.renew(claim[1], until=setting.clock(), progress=spent)
    setting.store.release(claim[1])
    setting.sources["elsewhere"] = FakeSource(page_of(posts(2)))

    setting.runner().run()

    cost = setting.analysis("a2").progress.source_cost
    assert cost is not None
    assert (cost.posts_read, cost.users_read) == (9, 1)
    assert setting.analysis("a2").progress.fetched == 2


def test_a_refusal_fails_the_analysis_at_once_and_says_what_to_do() -> None:
    setting = fetching(FakeSource(SourceAccountProtectedError("It is protected.")))

    setting.runner().run()

    problem = setting.analysis("a2").problem
    assert problem is not None
    assert problem.type == "source-account-protected"
    assert "sign in at the source" in problem.detail
    assert setting.clock.pauses == []


def test_a_source_that_was_taken_away_meanwhile_fails_the_analysis() -> None:
    setting = fetching(FakeSource())
    del setting.sources["elsewhere"]

    setting.runner().run()

    problem = setting.analysis("a2").problem
    assert problem is not None
    assert problem.type == "source-not-configured"


def test_at_shutdown_a_fetch_goes_back_to_the_queue() -> None:
    setting = fetching(FakeSource())
    setting.stopping.set()

    setting.runner().run()

    assert setting.analysis("a2").state is AnalysisState.QUEUED


def test_a_user_who_is_erased_while_posts_are_fetched_gets_nothing_back() -> None:
    setting = fetching(FakeSource())

    class Erasing(FakeSource):
        def page(self, account: str, **asked: object) -> object:  # type: ignore[override]
            setting.store.erase_user("alice", setting.clock())
            return page_of(posts(3))

    setting.sources["elsewhere"] = Erasing()  # type: ignore[assignment]

    assert setting.runner().run() is True

    assert setting.store.user("alice") is None


def test_the_token_of_who_signed_in_goes_with_each_call() -> None:
    source = FakeSource(page_of(posts(1), next_at="p2"), page_of([]))
    setting = fetching(source)
    setting.access = lambda request: f"token of {request.account}"

    setting.runner().run()

    assert [each["access"] for each in source.asked] == ["token of alice"] * 2
