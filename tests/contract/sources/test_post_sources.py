"""Hold every source of posts to what the port promises, each against a server over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.domain.posts import Ownership, Post, RejectedPost
from api.errors import (
    InvalidRequestError,
    NotFoundError,
    NotOwnAccountError,
    SourceForbiddenError,
    SourceRateLimitedError,
    SourceRefusedError,
    SourceUnavailableError,
)
from tests.contract.sources.post_sources import (
    IMPATIENT_SECONDS,
    NETWORKS,
    NOW,
    RESET,
    Network,
    opened,
)
from tests.support.servers import CUT, DRIP, HANG, Reply

pytestmark = pytest.mark.integration

NEWEST_FIRST = list(range(249, -1, -1))


@pytest.fixture(params=list(NETWORKS))
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    with opened(request.param) as network:
        yield network


def test_all_posts_come_newest_first_over_several_pages(network: Network) -> None:
    network.fill(NEWEST_FIRST)

    pages = network.pages()

    assert network.ids() == [network.post_id(n) for n in NEWEST_FIRST]
    assert sum(len(page.items) > 0 for page in pages) > 1


def test_a_post_has_its_text_time_engagement_and_language(network: Network) -> None:
    network.fill([7])

    (post,) = network.items()

    assert isinstance(post, Post)
    assert post.post_id == network.post_id(7)
    assert post.text.endswith(" 7")
    assert post.created_at.isoformat() == "2026-01-01T00:07:00+00:00"
    assert post.ownership is Ownership.OWN
    assert post.engagement.likes == 3
    assert (post.engagement.reposts, post.engagement.replies) == (1, 2)
    assert post.language == "en"


def test_reading_stops_at_the_post_that_is_known(network: Network) -> None:
    network.fill(NEWEST_FIRST)

    ids = network.ids(newer_than=network.post_id(246))

    assert ids == [network.post_id(n) for n in (249, 248, 247)]


def test_reading_stops_where_the_known_post_is_gone(network: Network) -> None:
    network.fill([249, 248, 200])

    assert network.ids(newer_than=network.post_id(246)) == [network.post_id(n) for n in (249, 248)]


def test_nothing_new_is_no_error(network: Network) -> None:
    network.fill([3, 2, 1])

    assert network.ids(newer_than=network.post_id(3)) == []


def test_an_id_of_another_source_stops_nothing(network: Network) -> None:
    network.fill([3, 2, 1])

    assert len(network.ids(newer_than="elsewhere/9")) == 3


def test_a_user_without_posts_is_no_error(network: Network) -> None:
    network.fill([])

    assert network.items() == []


def test_the_newest_post_is_named_once(network: Network) -> None:
    network.fill(NEWEST_FIRST)

    named = [page.newest for page in network.pages() if page.newest]

    assert named == [network.post_id(249)]


def test_no_larger_page_is_asked_for_than_is_wanted(network: Network) -> None:
    network.fill(NEWEST_FIRST)

    pages = network.pages(wanted=6)

    assert max(len(page.items) for page in pages) == 6


def test_what_was_read_is_counted(network: Network) -> None:
    network.fill([3, 2, 1])

    assert sum(page.posts_read for page in network.pages()) == 3


def test_an_item_that_is_no_post_is_rejected_and_the_others_kept(network: Network) -> None:
    network.fill([3, "nothing to read", 1])

    items = network.items()

    assert [type(item) for item in items] == [Post, RejectedPost, Post]


def test_an_unknown_account_is_not_found_for_good(network: Network) -> None:
    with pytest.raises(NotFoundError) as raised:
        network.items(account=network.unknown)

    assert isinstance(raised.value, SourceRefusedError)


@pytest.mark.parametrize("fault", [HANG, DRIP, CUT])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_call_ends_in_time_however_the_server_behaves(name: str, fault: str) -> None:
    with opened(name, IMPATIENT_SECONDS) as network:
        network.server.faults = [fault]
        began = time.monotonic()

        with pytest.raises(SourceUnavailableError):
            network.items()

        assert time.monotonic() - began < IMPATIENT_SECONDS + 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_server_may_pass(network: Network, status: int) -> None:
    network.server.faults = [Reply(status, b"<html>oops</html>")]

    with pytest.raises(SourceUnavailableError):
        network.items()


@pytest.mark.parametrize(
    "body", [b"<html>sign in to this network</html>", b"", b"\xff\xfe", b"[" * 10**5]
)
def test_an_answer_that_is_not_the_sources_may_pass(network: Network, body: bytes) -> None:
    network.server.faults = [Reply(200, body)]

    with pytest.raises(SourceUnavailableError):
        network.items()


def test_a_server_that_is_away_may_come_back(network: Network) -> None:
    network.server.stop()

    with pytest.raises(SourceUnavailableError):
        network.items()


def test_a_page_that_failed_can_be_asked_for_again(network: Network) -> None:
    network.fill(NEWEST_FIRST)
    at = next(page.next_at for page in network.pages() if page.items)
    network.server.faults = [CUT]
    with pytest.raises(SourceUnavailableError):
        network.source.page(network.account, at=at, newer_than=None, wanted=None, access=None)

    page = network.source.page(network.account, at=at, newer_than=None, wanted=None, access=None)

    assert page.items


def test_a_spent_rate_limit_says_when_it_ends(network: Network) -> None:
    network.server.faults = [network.limited]

    with pytest.raises(SourceRateLimitedError) as raised:
        network.items()

    assert raised.value.retry_at == RESET


@pytest.mark.parametrize("reset", ["soon", "", "nan", "-1e300", "9" * 400, "2026-99-99"])
def test_a_rate_limit_that_says_nonsense_is_waited_out_all_the_same(
    network: Network, reset: str
) -> None:
    network.limited.headers = dict.fromkeys(network.limited.headers, reset)
    network.server.faults = [network.limited]

    with pytest.raises(SourceRateLimitedError) as raised:
        network.items()

    assert NOW < raised.value.retry_at <= NOW + timedelta(hours=24)


@pytest.mark.parametrize(("reset", "wait"), [(0, timedelta(seconds=1)), (9e9, timedelta(hours=24))])
def test_the_wait_for_a_rate_limit_has_bounds(
    network: Network, reset: float, wait: timedelta
) -> None:
    network.limited.headers = dict.fromkeys(network.limited.headers, str(int(reset)))
    network.server.faults = [network.limited]

    with pytest.raises(SourceRateLimitedError) as raised:
        network.items()

    assert raised.value.retry_at == NOW + wait


def test_a_server_that_forbids_reading_is_not_asked_again(network: Network) -> None:
    network.server.faults = [Reply(403, {"error": "Forbidden", "message": "no"})]

    with pytest.raises(SourceForbiddenError):
        network.items()


def test_a_refusal_of_another_kind_is_final(network: Network) -> None:
    network.server.faults = [Reply(418, {"error": "Teapot"})]

    with pytest.raises(SourceRefusedError):
        network.items()


def test_a_redirect_is_not_followed(network: Network) -> None:
    network.server.faults = [Reply(302, b"", {"Location": f"{network.server.url}/elsewhere"})]

    with pytest.raises(SourceRefusedError):
        network.items()

    assert len(network.server.asked) == 1


def test_an_account_has_one_spelling(network: Network) -> None:
    spelt = network.source.account(f"@{network.account.upper()}", signed_in=False)

    assert spelt == network.account


@pytest.mark.parametrize(
    "name", ["", "a b", "../admin", "ana?x=1", "ana/..", "é", "a" * 400, "a\n"]
)
def test_what_is_no_account_is_refused_before_any_call(network: Network, name: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        network.source.account(name, signed_in=True)

    assert raised.value.errors[0].where == "/source_user"
    assert network.server.asked == []


def test_an_account_that_nobody_has_shown_to_be_theirs_is_refused(network: Network) -> None:
    with pytest.raises(NotOwnAccountError):
        network.source.account(network.unknown, signed_in=False)
