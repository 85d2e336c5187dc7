"""Posts of X are read as X gives them, over HTTP, and its refusals are distinguished."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from api.domain.posts import Engagement, Ownership, Post, RejectedPost
from api.errors import (
    MoodlineError,
    SourceAccountNotFoundError,
    SourceAccountProtectedError,
    SourceAccountSuspendedError,
    SourceForbiddenError,
    SourcePaymentRequiredError,
    SourceRateLimitedError,
    SourceUnauthorisedError,
)
from tests.contract.sources.post_sources import NOW, Network, opened
from tests.support.servers import Reply, XServer
from tests.support.servers.x import BEARER, Account, a_tweet

pytestmark = pytest.mark.integration

TOKEN = "token-of-ana-0123456789"
PROBLEMS = "https://api.twitter.com/2/problems"


@pytest.fixture
def network() -> Iterator[Network]:
    with opened("x") as network:
        yield network


@pytest.fixture
def server(network: Network) -> XServer:
    assert isinstance(network.server, XServer)
    return network.server


@pytest.fixture
def ana(server: XServer) -> Account:
    return server.accounts["ana"]


def signed_in(network: Network, server: XServer) -> list[Post | RejectedPost]:
    """Return all items that are read for ana when she has signed in."""
    server.tokens[TOKEN] = "ana"
    return network.items(access=TOKEN)


def a_repost(number: int, of: str) -> dict[str, Any]:
    return a_tweet(
        number,
        "RT @bob: Once upon a time there was…",
        referenced_tweets=[{"type": "retweeted", "id": of}],
    )


def test_all_fields_of_a_post_are_read(network: Network) -> None:
    sea = {"hashtags": [{"tag": "Sea"}]}
    network.fill([a_tweet(5, "Salt &amp; light &lt;3 #Sea", entities=sea)])

    post = network.only_post()

    assert post.post_id == a_tweet(5)["id"]
    assert post.text == "Salt & light <3 #Sea"
    assert post.created_at.isoformat() == "2026-01-01T00:05:00+00:00"
    assert post.engagement == Engagement(3, 1, 2, 4, 5, 600)
    assert (post.ownership, post.language, post.hashtags) == (Ownership.OWN, "en", ("sea",))


def test_a_long_post_is_read_whole_with_the_hashtags_of_its_end(network: Network) -> None:
    whole = "word " * 100 + "#end"
    note = {"text": whole, "entities": {"hashtags": [{"tag": "end"}]}}
    network.fill([a_tweet(1, whole[:275] + "…", note_tweet=note)])

    post = network.only_post()

    assert (post.text, post.hashtags) == (whole, ("end",))


def test_a_repost_is_shared_and_has_the_whole_text_of_its_original(
    network: Network, server: XServer
) -> None:
    whole = "Once upon a time there was a cat. " * 20
    server.others["77"] = {**a_tweet(0), "id": "77", "lang": "de", "note_tweet": {"text": whole}}
    network.fill([a_repost(9, "77")])

    post = network.only_post()

    assert post.post_id == a_tweet(9)["id"]
    assert (post.text, post.language) == (whole, "de")
    assert post.created_at.minute == 9
    assert post.ownership is Ownership.SHARED


def test_a_repost_whose_original_is_gone_is_skipped_and_counted(network: Network) -> None:
    network.fill([a_tweet(2), a_repost(1, "404")])

    kept, skipped = network.items()

    assert isinstance(kept, Post)
    assert isinstance(skipped, RejectedPost)
    assert "no longer be read" in skipped.reason


def test_a_reply_to_a_post_that_is_gone_is_kept(network: Network) -> None:
    network.fill([a_tweet(1, referenced_tweets=[{"type": "replied_to", "id": "404"}])])

    assert network.only_post()


def test_reading_ends_at_the_3200_posts_that_x_gives_out(network: Network, server: XServer) -> None:
    network.fill([a_tweet(n) for n in range(3300, 0, -1)])

    assert len(network.ids()) == 3200
    assert len(server.asked) == 1 + 32


def test_originals_and_accounts_count_as_read_too(network: Network, server: XServer) -> None:
    server.others["77"] = {**a_tweet(0), "id": "77"}
    network.fill([a_tweet(3), a_repost(2, "77"), a_repost(1, "77")])

    pages = network.pages()

    assert sum(page.posts_read for page in pages) == 4
    assert sum(page.users_read for page in pages) == 1


def test_who_signed_in_has_their_liked_posts_read_too(
    network: Network, server: XServer, ana: Account
) -> None:
    network.fill([a_tweet(2)])
    ana.likes = [a_tweet(900, "so good", author_id="7"), ana.tweets[0]]

    assert network.source.account("bob", signed_in=True) == "bob"
    items = signed_in(network, server)

    assert [(item.text, item.ownership) for item in items if isinstance(item, Post)] == [
        ("tweet 2", Ownership.OWN),
        ("so good", Ownership.LIKED),
    ]
    before = len(server.asked)
    network.items()
    assert not [asked for asked in server.asked[before:] if "liked" in asked.path]


def test_liked_posts_that_x_refuses_cost_no_more_than_a_note(
    network: Network, server: XServer
) -> None:
    network.fill([1])
    server.likes_allowed = False

    kept, note = signed_in(network, server)

    assert isinstance(kept, Post)
    assert isinstance(note, RejectedPost)


def test_a_protected_account_is_distinguished_from_one_that_is_empty(
    network: Network, server: XServer, ana: Account
) -> None:
    network.fill([1])
    ana.protected = True

    with pytest.raises(SourceAccountProtectedError):
        network.items()

    assert len(signed_in(network, server)) == 1


def test_a_timeline_that_turned_protected_is_refused_too(network: Network, ana: Account) -> None:
    first = network.page()
    ana.protected = True

    with pytest.raises(SourceAccountProtectedError):
        network.page(first.next_at)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(401, {"title": "Unauthorized"}), SourceUnauthorisedError),
        (Reply(402, {"title": "CreditsDepleted"}), SourcePaymentRequiredError),
        (Reply(403, {"title": "Forbidden", "reason": "client-not-enrolled"}), SourceForbiddenError),
        (Reply(403, {"type": f"{PROBLEMS}/user-suspended"}), SourceAccountSuspendedError),
        (
            Reply(429, {"title": "UsageCapExceeded", "type": f"{PROBLEMS}/usage-capped"}),
            SourcePaymentRequiredError,
        ),
        (Reply(404, b"<html>"), SourceAccountNotFoundError),
    ],
    ids=["401", "402", "403", "suspended", "usage cap", "404"],
)
def test_each_refusal_has_its_reason(
    network: Network, reply: Reply, error: type[MoodlineError]
) -> None:
    network.server.faults = [None, reply]

    with pytest.raises(error):
        network.items()


def test_a_spent_day_is_waited_out_and_not_only_the_quarter_of_an_hour(network: Network) -> None:
    soon, tomorrow = NOW + timedelta(minutes=5), NOW + timedelta(hours=20)
    headers = {
        "x-rate-limit-reset": str(int(soon.timestamp())),
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": str(int(tomorrow.timestamp())),
        "x-app-limit-24hour-remaining": "9",
        "x-app-limit-24hour-reset": "9999999999",
    }
    network.server.faults = [Reply(429, {"title": "Too Many Requests"}, headers)]

    with pytest.raises(SourceRateLimitedError) as raised:
        network.items()

    assert raised.value.retry_at == tomorrow


@pytest.mark.parametrize(
    "body",
    [
        {"data": "no list", "meta": []},
        {"data": [None, 5, {"id": 5}, {"id": "x"}, {"text": "no id"}]},
        {"data": [{"id": "1", "referenced_tweets": "odd"}]},
        {"data": [{"id": "1", "referenced_tweets": [{"type": "retweeted"}]}], "includes": []},
        {"data": [a_tweet(1, public_metrics={"like_count": -1})]},
        {"meta": {"next_token": 5}},
        {"meta": {"next_token": "with blank"}},
    ],
)
def test_an_odd_answer_loses_no_more_than_its_odd_items(network: Network, body: Any) -> None:
    network.server.faults = [None, Reply(200, body)]

    assert network.ids() == []


def test_no_log_contains_a_token(
    network: Network, server: XServer, caplog: pytest.LogCaptureFixture
) -> None:
    network.fill([1])
    server.faults = [None, None, None, Reply(401), Reply(500)]
    caplog.set_level(logging.DEBUG)
    for name in ("tweepy", "tweepy.client", "requests_oauthlib", "urllib3", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)

    network.items()
    for _ in range(2):
        with pytest.raises(MoodlineError):
            signed_in(network, server)

    said = caplog.text + "".join(repr(record.args) for record in caplog.records)
    assert "httpcore" in said
    assert BEARER not in said
    assert TOKEN not in said
    assert "Authorization" not in said
