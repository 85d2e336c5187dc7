"""Contract of the port PostSource, run for every source against a server over HTTP."""

import time
from collections.abc import Iterator

import pytest

from api.domain.posts import Ownership, Post, RejectedPost
from api.errors import (
    InvalidRequestError,
    MoodlineError,
    NotFoundError,
    NotOwnAccountError,
    SourceForbiddenError,
    SourceRateLimitedError,
    SourceRefusedError,
    SourceUnavailableError,
)
from tests.contract.sources.post_sources import NETWORKS, RESET, SHORT_TIMEOUT, Network, opened
from tests.support.servers import CUT, DRIP, DRIP_HEAD, HANG, Reply

pytestmark = pytest.mark.integration

NEWEST_FIRST = list(range(249, -1, -1))


@pytest.fixture(params=list(NETWORKS))
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    with opened(request.param) as network:
        yield network


def test_all_posts_come_newest_first_over_several_pages_and_the_newest_is_named_once(
    network: Network,
) -> None:
    network.fill(NEWEST_FIRST)

    pages = network.pages()

    ids = [item.post_id for page in pages for item in page.items if isinstance(item, Post)]
    assert ids == [network.post_id(n) for n in NEWEST_FIRST]
    assert sum(len(page.items) > 0 for page in pages) > 1
    assert [page.newest for page in pages if page.newest] == [network.post_id(249)]
    assert sum(page.posts_read for page in pages) == 250


def test_a_post_has_its_text_time_engagement_and_language(network: Network) -> None:
    network.fill([7])

    post = network.only_post()

    assert post.post_id == network.post_id(7)
    assert post.text.endswith(" 7")
    assert post.created_at.isoformat() == "2026-01-01T00:07:00+00:00"
    assert post.ownership is Ownership.OWN
    assert post.engagement.likes == 3
    assert (post.engagement.reposts, post.engagement.replies) == (1, 2)
    assert post.language == "en"


@pytest.mark.parametrize(
    ("known", "there", "read"),
    [
        (246, NEWEST_FIRST, [249, 248, 247]),
        (246, [249, 248, 200], [249, 248]),
        (3, [3, 2, 1], []),
    ],
    ids=["known", "gone since", "nothing new"],
)
def test_reading_stops_at_the_post_that_is_known(
    network: Network, known: int, there: list[int], read: list[int]
) -> None:
    network.fill(there)

    ids = network.ids(newer_than=network.post_id(known))

    assert ids == [network.post_id(n) for n in read]


def test_an_id_of_another_source_stops_nothing(network: Network) -> None:
    network.fill([3, 2, 1])

    assert len(network.ids(newer_than="elsewhere/9")) == 3


def test_a_user_without_posts_is_no_error(network: Network) -> None:
    network.fill([])

    assert network.items() == []


def test_no_larger_page_is_asked_for_than_is_wanted(network: Network) -> None:
    network.fill(NEWEST_FIRST)

    pages = network.pages(wanted=6)

    assert max(len(page.items) for page in pages) == 6


def test_an_item_that_is_no_post_is_rejected_and_the_others_kept(network: Network) -> None:
    network.fill([3, "nothing to read", 1])

    items = network.items()

    assert [type(item) for item in items] == [Post, RejectedPost, Post]


def test_an_unknown_account_is_not_found_for_good(network: Network) -> None:
    with pytest.raises(NotFoundError) as raised:
        network.items(account=network.unknown)

    assert isinstance(raised.value, SourceRefusedError)


@pytest.mark.parametrize("fault", [HANG, DRIP, DRIP_HEAD, CUT])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_call_ends_in_time_however_the_server_behaves(name: str, fault: str) -> None:
    with opened(name, SHORT_TIMEOUT) as network:
        network.server.faults = [fault]
        began = time.monotonic()

        with pytest.raises(SourceUnavailableError):
            network.items()

        assert time.monotonic() - began < SHORT_TIMEOUT + 2


@pytest.mark.parametrize(
    "reply",
    [
        *(Reply(status, b"<html>oops</html>") for status in (500, 502, 503, 504)),
        Reply(200, b"<html>sign in to this network</html>"),
        *(Reply(200, body) for body in (b"", b"\xff\xfe", b"[" * 10**5, b" " * 17 * 1024**2)),
    ],
    ids=["500", "502", "503", "504", "html", "empty", "not UTF-8", "deep JSON", "too large"],
)
def test_a_fault_of_the_server_may_be_retried(network: Network, reply: Reply) -> None:
    network.server.faults = [reply]

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
        network.page(at)

    assert network.page(at).items


def test_a_spent_rate_limit_says_when_it_is_reset(network: Network) -> None:
    network.server.faults = [network.limited]

    with pytest.raises(SourceRateLimitedError) as raised:
        network.items()

    assert raised.value.retry_at == RESET


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(403, {"error": "Forbidden", "message": "no"}), SourceForbiddenError),
        (Reply(418, {"error": "Teapot"}), SourceRefusedError),
        (Reply(302, b"", {"Location": "/elsewhere"}), SourceRefusedError),
    ],
    ids=["403", "418", "a redirect"],
)
def test_a_refusal_is_final_and_a_redirect_is_not_followed(
    network: Network, reply: Reply, error: type[MoodlineError]
) -> None:
    network.server.faults = [reply]

    with pytest.raises(error):
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
