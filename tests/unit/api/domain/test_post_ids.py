"""The address of a post, told by its id: of the network that gave it out, and https only."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from api.domain.post_ids import post_url, snowflake_time

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
X_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
DID = "did:plc:" + "abcdefghijklmnopqrstuvw2"


def x_id(at: datetime) -> str:
    milliseconds = (at - X_EPOCH) // timedelta(milliseconds=1)
    return str(milliseconds << 22 | 1_234)


def mastodon_id(at: datetime) -> str:
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return str(milliseconds << 16 | 99)


def test_an_id_of_x_tells_its_time_and_its_address() -> None:
    post_id = x_id(NOON)

    assert snowflake_time(post_id) == NOON
    assert post_url(post_id, NOON) == f"https://x.com/i/status/{post_id}"


@pytest.mark.parametrize(
    ("wrong", "agrees"),
    [
        (timedelta(0), True),
        (timedelta(seconds=59), True),
        (timedelta(seconds=-59), True),
        (timedelta(hours=1), False),
        (timedelta(days=-365), False),
    ],
)
def test_a_number_is_an_id_of_x_only_if_its_time_is_that_of_the_post(
    wrong: timedelta, agrees: bool
) -> None:
    created_at = (NOON + wrong).astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert (post_url(x_id(NOON), created_at) is not None) == agrees


@pytest.mark.parametrize(
    ("post_id", "url"),
    [
        (
            f"at://{DID}/app.bsky.feed.post/3kabc2defgh2i",
            f"https://bsky.app/profile/{DID}/post/3kabc2defgh2i",
        ),
        (
            "at://did:web:example.org/app.bsky.feed.post/3k",
            "https://bsky.app/profile/did:web:example.org/post/3k",
        ),
        (
            "at://ana.bsky.social/app.bsky.feed.post/3k",
            "https://bsky.app/profile/ana.bsky.social/post/3k",
        ),
        ("https://social.example/users/ana/statuses/1", "https://social.example/users/ana/statuses/1"),
        ("https://social.example:8443/@ana/1?a=b#c", "https://social.example:8443/@ana/1?a=b#c"),
        (
            f"social.example/{mastodon_id(NOON)}",
            f"https://social.example/web/statuses/{mastodon_id(NOON)}",
        ),
    ],
)  # fmt: skip
def test_ids_of_other_networks_have_an_address_too(post_id: str, url: str) -> None:
    assert post_url(post_id, NOON) == url


@pytest.mark.parametrize(
    "post_id",
    [
        "",
        "1",
        "21000",
        "-" + x_id(NOON),
        "0" + x_id(NOON),
        " " + x_id(NOON),
        x_id(NOON) + "\n",
        x_id(NOON) + "/../../evil",
        "".join(chr(0x0660 + int(digit)) for digit in x_id(NOON)),
        "9" * 19,
        "9" * 400,
        "a" * 32,
        "bsky:3kabc2defgh2i",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "javascript://social.example/%0aalert(1)",
        "javascript:alert/" + mastodon_id(NOON),
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "//social.example/1",
        "http://social.example/1",
        "https:social.example/1",
        "https:///1",
        "https://",
        "https://x",
        "https://localhost/1",
        "https://127.0.0.1/1",
        "https://[::1]/1",
        "https://[",
        "https://user@social.example/1",
        "https://social.example@evil.example/1",
        "https://social.example:javascript/1",
        "https://social.example\\@evil.example/1",
        'https://social.example/"onmouseover="alert(1)',
        "https://social.example/<script>",
        "https://social.example/a b",
        "https://social.example/\u202egpj.1",
        "https://sociаl.example/1",  # a Cyrillic letter
        "\x00https://social.example/1",
        "https://social.example/" + "a" * 5_000,
        "at://did:plc:short/app.bsky.feed.post/3k",
        f"at://{DID}/app.bsky.feed.repost/3k",
        f"at://{DID}/app.bsky.feed.post/3k/../../x",
        f"at://{DID}/app.bsky.feed.post/..",
        f"at://{DID}/app.bsky.feed.post/",
        "at://javascript:alert(1)/app.bsky.feed.post/3k",
        "at://evil.example@ana.bsky.social/app.bsky.feed.post/3k",
        "social.example/12",
        "social.example/" + mastodon_id(NOON - timedelta(days=1)),
        "social.example/../" + mastodon_id(NOON),
        "social.example:80/" + mastodon_id(NOON),
        "user@social.example/" + mastodon_id(NOON),
        "social/" + mastodon_id(NOON),
        "social.example/" + "9" * 19,
    ],
)  # fmt: skip
def test_an_id_that_tells_no_address_has_none(post_id: str) -> None:
    assert post_url(post_id, NOON) is None


def test_an_id_never_makes_an_address_of_another_kind_than_https() -> None:
    pieces = ["javascript:", "https://", "at://", "a.example", DID, "/", "@", ":", "\n", x_id(NOON)]
    made = [first + second + third for first in pieces for second in pieces for third in pieces]

    urls = [url for each in made if (url := post_url(each, NOON)) is not None]

    assert urls
    assert all(url.startswith("https://") and "\n" not in url for url in urls)
