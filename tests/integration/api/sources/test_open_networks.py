"""Posts of Bluesky and Mastodon are read as people wrote them, over HTTP."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from api.domain.posts import Ownership, Post, RejectedPost
from api.errors import (
    MoodlineError,
    NotOwnAccountError,
    SourceAccountNotFoundError,
    SourceAccountSuspendedError,
    SourceForbiddenError,
)
from tests.contract.sources.post_sources import Network, opened
from tests.support.servers import Reply
from tests.support.servers.bluesky import DID, a_feed_item, key
from tests.support.servers.mastodon import a_status

pytestmark = pytest.mark.integration


@pytest.fixture
def bluesky() -> Iterator[Network]:
    with opened("bluesky") as network:
        yield network


@pytest.fixture
def mastodon() -> Iterator[Network]:
    with opened("mastodon") as network:
        yield network


def a_repost(number: int, of: dict[str, Any], **reason: Any) -> dict[str, Any]:
    by = {"did": DID, "handle": "ana.bsky.social"}
    at = "2026-02-01T00:00:00.000Z"
    kind = "app.bsky.feed.defs#reasonRepost"
    uri = f"at://{DID}/app.bsky.feed.repost/{key(number)}"
    return {**of, "reason": {"$type": kind, "by": by, "indexedAt": at, "uri": uri, **reason}}


def test_a_repost_at_bluesky_is_shared_at_the_time_of_sharing(bluesky: Network) -> None:
    bluesky.fill([a_repost(9, a_feed_item(1, "not mine"))])

    post = bluesky.only_post()

    assert (post.post_id, post.text) == (f"bsky:{key(9)}", "not mine")
    assert post.ownership is Ownership.SHARED
    assert post.created_at.month == 2


def test_a_repost_at_bluesky_without_an_address_of_its_own_is_kept_apart_from_its_original(
    bluesky: Network,
) -> None:
    bluesky.fill([a_repost(9, a_feed_item(1), uri=None), a_feed_item(1)])

    assert bluesky.ids() == [f"bsky:shared-{key(1)}", f"bsky:{key(1)}"]


def test_text_at_bluesky_is_plain_and_stays_as_it_was_written(bluesky: Network) -> None:
    bluesky.fill([a_feed_item(1, "how to write &lt; & <b> in #HTML")])

    post = bluesky.only_post()

    assert post.text == "how to write &lt; & <b> in #HTML"
    assert post.hashtags == ("html",)


@pytest.mark.parametrize(
    "item",
    [
        None,
        "text",
        {},
        {"post": {"uri": "x"}},
        {**a_feed_item(1), "post": {**a_feed_item(1)["post"], "record": {"$type": "other.app"}}},
        {**a_feed_item(1), "post": {**a_feed_item(1)["post"], "record": {"text": 5}}},
    ],
)
def test_an_odd_item_at_bluesky_is_rejected_by_itself(bluesky: Network, item: Any) -> None:
    bluesky.fill([a_feed_item(2), item])

    kept, rejected = bluesky.items()

    assert isinstance(kept, Post)
    assert isinstance(rejected, RejectedPost)
    assert rejected.where == "item 2 of Bluesky's answer"


def test_an_embed_that_is_newer_than_the_library_costs_no_post(bluesky: Network) -> None:
    item = a_feed_item(1)
    item["post"]["embed"] = {"$type": "app.bsky.embed.hologram#view", "depth": 3}
    bluesky.fill([item])

    assert bluesky.only_post().text == "item 1"


@pytest.mark.parametrize("name", ["ana.co.uk", DID, "did:web:ana.example.com"])
def test_handles_of_ones_own_domain_and_dids_are_accounts_at_bluesky(
    bluesky: Network, name: str
) -> None:
    with pytest.raises(NotOwnAccountError):
        bluesky.source.account(name, signed_in=False)


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("bluesky", "BLUESKY_OWN_ACCOUNTS"),
        ("mastodon", "MASTODON_OWN_ACCOUNTS"),
        ("x", "X_OWN_ACCOUNTS"),
    ],
)
def test_the_refusal_of_an_account_names_the_setting_of_its_own_network(
    name: str, setting: str
) -> None:
    with opened(name) as network, pytest.raises(NotOwnAccountError, match=setting):
        network.source.account(network.unknown, signed_in=False)


ANA = {"id": "0", "username": "ana", "acct": "ana"}


@pytest.mark.parametrize(
    ("name", "status", "body", "error"),
    [
        ("bluesky", 400, {"error": "AccountTakedown", "message": "-"}, SourceAccountSuspendedError),
        ("bluesky", 400, {"error": "AccountDeactivated"}, SourceAccountSuspendedError),
        ("mastodon", 200, {**ANA, "suspended": True}, SourceAccountSuspendedError),
        ("mastodon", 401, {"error": "said so"}, SourceForbiddenError),
        ("mastodon", 404, {"error": "said so"}, SourceAccountNotFoundError),
        ("mastodon", 410, {"error": "said so"}, SourceAccountSuspendedError),
    ],
)
def test_refusals_are_distinguished(
    name: str, status: int, body: dict[str, Any], error: type[MoodlineError]
) -> None:
    with opened(name) as network:
        network.server.faults = [Reply(status, body)]

        with pytest.raises(error):
            network.items()


def test_html_of_mastodon_becomes_the_text_that_people_read(mastodon: Network) -> None:
    content = (
        '<p>Hello &amp; <a href="https://m.example/t/Sea">#<span>Sea</span></a><br />5 &lt; 6</p>'
        '<p>more at <a href="https://a.example/b"><span class="invisible">https://</span>'
        "<span>a.example/b</span></a> &amp;lt;</p><script>alert(1)</script>"
    )
    mastodon.fill([a_status(1, "", content=content)])

    post = mastodon.only_post()

    assert post.text == "Hello & #Sea\n5 < 6\n\nmore at https://a.example/b &lt;"
    assert post.hashtags == ("sea",)


def test_a_warning_at_mastodon_is_part_of_what_was_said(mastodon: Network) -> None:
    mastodon.fill([a_status(1, "the end of it", spoiler_text="films")])

    assert mastodon.only_post().text == "films\n\nthe end of it"


def test_a_boost_at_mastodon_is_shared_with_the_text_of_its_original(mastodon: Network) -> None:
    original = a_status(1, "not mine", language="fr")
    mastodon.fill([a_status(9, "", reblog=original, content="")])

    post = mastodon.only_post()

    assert (post.text, post.language, post.ownership) == ("not mine", "fr", Ownership.SHARED)
    assert post.post_id.endswith("9")
    assert post.created_at.minute == 9


def test_ids_of_mastodon_name_their_server(mastodon: Network) -> None:
    mastodon.fill([a_status(1)])

    host = mastodon.server.url.removeprefix("http://")
    assert mastodon.only_post().post_id == f"{host}/{a_status(1)['id']}"


@pytest.mark.parametrize(
    "change", [{"created_at": None}, {"content": None}, {"content": "<p></p>"}]
)
def test_an_odd_status_is_rejected_by_itself(mastodon: Network, change: dict[str, Any]) -> None:
    mastodon.fill([a_status(2), a_status(1, **change)])

    kept, rejected = mastodon.items()

    assert isinstance(kept, Post)
    assert isinstance(rejected, RejectedPost)


@pytest.mark.parametrize("body", [{"not": "a list"}, "text", 5, [5, None, "text", {}]])
def test_an_answer_of_another_shape_is_no_crash(mastodon: Network, body: Any) -> None:
    mastodon.server.faults = [None, Reply(200, body)]

    with suppress(MoodlineError):
        assert mastodon.ids() == []


def test_an_account_of_another_server_is_refused(mastodon: Network) -> None:
    with pytest.raises(MoodlineError, match="no account that is read here"):
        mastodon.source.account("ana@other.example", signed_in=False)


def test_a_header_on_rate_limits_that_is_odd_costs_nothing(mastodon: Network) -> None:
    odd = {"X-RateLimit-Reset": "soon", "X-RateLimit-Remaining": "many", "Date": "today"}
    mastodon.fill([a_status(1)])
    mastodon.server.faults = [Reply(200, ANA, odd)]

    assert len(mastodon.ids()) == 1
