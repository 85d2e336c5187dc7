"""A fetch at X that is broken off by a rate limit goes on at the page where it was, over HTTP."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.stores.sqlite import SqliteStore
from tests.support.servers import Reply, XServer
from tests.support.servers.x import RESET, a_tweet
from tests.support.wired_service import ServiceWithSources

pytestmark = pytest.mark.integration

SPENT = Reply(429, {"title": "Too Many Requests"}, {"x-rate-limit-reset": str(RESET)})
LOOK_UP = ("/2/users/by/username/ana", None, None)


def tweets(server: XServer, newest: int) -> None:
    server.accounts["ana"].tweets = [a_tweet(n) for n in range(newest, 0, -1)]


def called(server: XServer, *, since: int = 0) -> list[tuple[str, str | None, str | None]]:
    """Return which pages were asked for: path, pagination token and since_id of each call."""
    return [
        (asked.path, asked.query.get("pagination_token"), asked.query.get("since_id"))
        for asked in server.asked[since:]
    ]


def page(token: str | None, since_id: str | None = None) -> tuple[str, str | None, str | None]:
    return ("/2/users/42/tweets", token, since_id)


def after_the_reset(service: ServiceWithSources) -> dict[str, Any]:
    """Move past the rate-limit reset, run what is queued, and return the newest analysis of ana."""
    service.clock.now += timedelta(minutes=6)
    service.wired.work()
    export = service.wired.client.get("/v1/users/ana/export").get_json()
    analysis: dict[str, Any] = export["analyses"][-1]
    return analysis


def test_another_process_asks_for_no_page_again_and_counts_no_read_twice(tmp_path: Path) -> None:
    first = ServiceWithSources(SqliteStore(tmp_path / "moodline.db"), tmp_path)
    tweets(first.x, 250)
    first.x.faults = [None, None, None, SPENT]
    deferred = first.analysed("ana", "x")
    first.wired.store.close()
    second = ServiceWithSources(
        SqliteStore(tmp_path / "moodline.db"), tmp_path, X_API_URL=first.x.url
    )

    analysis = after_the_reset(second)

    cost = analysis["progress"]["source_cost"]
    assert (deferred["state"], deferred["progress"]["fetched"]) == ("queued", 200)
    assert called(first.x) == [LOOK_UP, page(None), page("t100"), page("t200"), page("t200")]
    assert (analysis["state"], analysis["progress"]["fetched"]) == ("succeeded", 250)
    assert (cost["posts_read"], cost["users_read"]) == (250, 1)
    assert second.wired.store.count_posts("ana") == 250
    second.stop()
    second.wired.store.close()
    first.stop()


def test_an_increment_that_was_broken_off_leaves_no_gap(service: ServiceWithSources) -> None:
    tweets(service.x, 20)
    service.analysed("ana", "x")
    tweets(service.x, 220)
    old, new = a_tweet(20)["id"], a_tweet(220)["id"]
    before = len(service.x.asked)
    service.x.faults = [None, None, SPENT]
    service.analysed("ana", "x")
    mark_while_waiting = service.wired.store.source_mark("ana", "x", "ana")

    after_the_reset(service)

    pages = [page(None, old), page("t100", old), page("t100", old)]
    assert called(service.x, since=before) == [LOOK_UP, *pages]
    assert mark_while_waiting == old
    assert service.wired.store.source_mark("ana", "x", "ana") == new
    assert service.wired.store.count_posts("ana") == 220


def test_an_erasure_while_it_waits_stops_it_and_forgets_the_place(
    service: ServiceWithSources,
) -> None:
    tweets(service.x, 250)
    service.x.faults = [None, None, SPENT]
    service.analysed("ana", "x")
    before = len(service.x.asked)

    service.wired.client.delete("/v1/users/ana")
    service.clock.now += timedelta(minutes=6)
    service.wired.work()

    assert len(service.x.asked) == before
    assert service.wired.store.user("ana") is None
    assert service.analysed("ana", "x")["state"] == "succeeded"
    assert called(service.x, since=before)[:2] == [LOOK_UP, page(None)]
