"""An analysis that names a source fetches what is new, page by page, and counts its cost."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.domain.analyses import AnalysisState, Progress, SourceCost
from api.domain.posts import RejectedPost
from api.errors import SourceAccountProtectedError, SourceUnavailableError
from api.jobs import lease_and_retry
from api.ports.sources import SourcePage
from api.ports.store import Retention
from tests.support.fakes.runs import LIMITS, Setting, fetch_again, fetching
from tests.support.fakes.sources import page_of
from tests.support.posts import posts

AWAY = SourceUnavailableError("It is away.")
REJECTED = RejectedPost("item 9", "it has no date", "created_at")
FIRST = page_of(posts(2, start=50), next_at="p2", newest="51")
MARKED = page_of(posts(2), newest="1")


@pytest.mark.parametrize(
    ("source_user", "account"), [("al.ice", "al.ice"), (None, "alice")], ids=["named", "the user"]
)
def test_all_pages_are_read_from_the_account_of_the_request(
    source_user: str | None, account: str
) -> None:
    setting, source = fetching(FIRST, page_of(posts(3)), source_user=source_user)

    setting.run()

    assert setting.analysis("a2").state is AnalysisState.SUCCEEDED
    assert setting.store.count_posts("alice") == 5
    assert [(each["account"], each["at"]) for each in source.asked] == [
        (account, None), (account, "p2"),
    ]  # fmt: skip


def test_imported_posts_are_not_fetched_anywhere() -> None:
    setting = Setting(count=3)

    setting.run()

    assert setting.analysis().progress.fetched == 0
    assert setting.analysis().progress.source_cost is None


def test_the_next_fetch_starts_where_the_last_one_ended_and_keeps_the_mark() -> None:
    setting, _ = fetching(page_of(posts(2, start=50), newest="51"))
    setting.run()

    later = fetch_again(setting, page_of([]))

    assert later.asked[0]["newer_than"] == "51"
    assert setting.mark() == "51"


def test_once_no_fetched_post_is_stored_any_more_all_are_fetched_again() -> None:
    setting, _ = fetching(MARKED)
    setting.run()
    setting.store.sweep(setting.clock() + Retention().posts + timedelta(seconds=1))

    later = fetch_again(setting, MARKED)

    assert later.asked[0]["newer_than"] is None


def test_another_account_is_read_from_its_own_beginning() -> None:
    setting, _ = fetching(MARKED)
    setting.run()

    other = fetch_again(setting, page_of([]), source_user="second")

    assert other.asked[0]["newer_than"] is None


def test_a_fetch_that_was_cut_short_leaves_no_mark_so_that_nothing_is_missed() -> None:
    setting, _ = fetching(page_of(posts(5), next_at="p2", newest="4"), max_posts=3)

    setting.run()

    assert setting.analysis("a2").progress.fetched == 3
    assert setting.mark() is None


def test_no_more_pages_are_requested_than_are_wanted() -> None:
    setting, source = fetching(FIRST, page_of(posts(2), next_at="p3"), max_posts=3)

    setting.run()

    assert [each["wanted"] for each in source.asked] == [3, 1]


def test_progress_grows_page_by_page() -> None:
    setting, _ = fetching(FIRST, page_of(posts(3)))
    renew, seen = setting.store.renew, []

    def watched(lease: object, *, until: object, progress: Progress) -> object:
        seen.append(progress.fetched)
        return renew(lease, until=until, progress=progress)

    setting.store.renew = watched

    setting.run()

    assert list(dict.fromkeys(seen)) == [0, 2, 5]


def test_the_cost_counts_posts_users_and_what_was_skipped() -> None:
    first = replace(page_of([], next_at="p2"), users_read=1)
    setting, _ = fetching(first, page_of([*posts(3), REJECTED]))

    setting.run()

    assert setting.cost("a2") == SourceCost(4, 1, 1, pytest.approx(4 * 0.01 + 0.5), "EUR")


def test_a_page_that_fails_is_requested_again_and_the_others_are_not() -> None:
    setting, source = fetching(FIRST, AWAY, AWAY, page_of(posts(3)))

    setting.run()

    assert [each["at"] for each in source.asked] == [None, "p2", "p2", "p2"]
    assert setting.analysis("a2").progress.fetched == 5


@pytest.mark.parametrize(
    ("answer", "kind", "advice", "retried"),
    [
        (AWAY, "source-unavailable", "It is away.", True),
        (page_of(posts(2), next_at="p2"), "source-unavailable", "again and again", False),
        (
            SourceAccountProtectedError("It is protected."),
            "source-account-protected",
            "sign in at the source",
            False,
        ),
    ],
    ids=["stays away", "goes in circles", "refuses"],
)
def test_a_source_that_gives_no_posts_fails_the_analysis_with_its_own_problem(
    answer: SourcePage | Exception, kind: str, advice: str, retried: bool
) -> None:
    setting, _ = fetching(*[answer] * 99)

    setting.run()

    assert setting.problem("a2").type == kind
    assert advice in setting.problem("a2").detail
    assert bool(setting.clock.pauses) is retried
    assert sum(setting.clock.pauses) <= LIMITS.retry_seconds


def test_what_earlier_attempts_read_stays_counted() -> None:
    setting, _ = fetching(page_of(posts(2)))
    claim = setting.store.claim("a2", owner="t", now=setting.clock(), until=setting.clock())
    spent = Progress(source_cost=SourceCost(7, 1, 0, 0.57, "EUR"))
    setting.store.renew(claim[1], until=setting.clock(), progress=spent)
    setting.store.release(claim[1])

    setting.run()

    assert (setting.cost("a2").posts_read, setting.cost("a2").users_read) == (9, 1)
    assert setting.analysis("a2").progress.fetched == 2


def test_a_source_that_is_no_longer_set_up_fails_the_analysis() -> None:
    setting, _ = fetching()
    del setting.sources["x"]

    setting.run()

    assert setting.problem("a2").type == "source-not-configured"


def test_at_shutdown_a_fetch_goes_back_to_the_queue() -> None:
    setting, _ = fetching()
    setting.stopping.set()

    setting.run()

    assert setting.analysis("a2").state is AnalysisState.QUEUED


def test_the_token_of_a_user_who_signed_in_goes_with_each_call() -> None:
    setting, source = fetching(page_of(posts(1), next_at="p2"), page_of([]))
    setting.access = lambda request: f"token of {request.account}"

    setting.run()

    assert [each["access"] for each in source.asked] == ["token of alice"] * 2


@pytest.mark.parametrize("end", ["cancelled", "shutting down"])
def test_an_analysis_that_is_no_longer_wanted_waits_for_no_page(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_and_retry, "_CHECK_SECONDS", 0.01)
    setting, source = fetching(page_of(posts(3)))
    answered = threading.Event()
    page = source.page

    def slow_page(account: str, **asked: Any) -> SourcePage:
        if end == "cancelled":
            setting.store.cancel("a2", setting.clock())
        else:
            setting.stopping.set()
        answered.wait(60)
        return page(account, **asked)

    monkeypatch.setattr(source, "page", slow_page)

    setting.run()

    assert not answered.is_set()
    expected = AnalysisState.CANCELLED if end == "cancelled" else AnalysisState.QUEUED
    assert setting.analysis("a2").state is expected
    assert setting.store.count_posts("alice") == 0
    answered.set()
