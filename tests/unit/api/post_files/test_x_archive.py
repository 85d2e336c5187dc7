"""What only the reader of X archives has to know: zips, scripts and long posts."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from api.post_files.x_archive import XArchiveReader

from api.domain.posts import Engagement, Ownership, Post, RejectedPost
from api.errors import PayloadTooLargeError, UnreadableFileError

WHEN = "Wed Oct 10 20:19:24 +0000 2018"
PREFIX = b"window.YTD.tweets.part0 = "


def now() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


def tweet(number: int, **changes: Any) -> dict[str, Any]:
    fields = {
        "id": str(number), "id_str": str(number), "full_text": f"post {number}",
        "created_at": WHEN, "favorite_count": "3", "retweet_count": "2", "lang": "en",
        "retweeted": False, "entities": {"hashtags": [], "urls": []}, **changes,
    }  # fmt: skip
    return {"tweet": fields}


def script(*items: Any, name: str = "tweets") -> bytes:
    return f"window.YTD.{name}.part0 = {json.dumps(items, indent=2)}".encode()


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def read(data: bytes, **caps: int) -> list[Post | RejectedPost]:
    return list(XArchiveReader(now, **caps).read(io.BytesIO(data)))


def texts(data: bytes) -> list[str]:
    return [item.text for item in read(data) if isinstance(item, Post)]


def test_an_item_becomes_a_post() -> None:
    item = tweet(7, entities={"hashtags": [{"text": "Sea", "indices": ["0", "4"]}]})

    [post] = read(script(item))

    assert post == Post(
        post_id="7",
        text="post 7",
        created_at=datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC),
        ownership=Ownership.OWN,
        engagement=Engagement(likes=3, reposts=2),
        language="en",
        hashtags=("sea",),
    )


MONTH = (
    b'Grailbird.data.tweets_2014_01 = \n [ {"id_str": "1", "text": "old",'
    b' "created_at": "2014-01-31 12:00:00 +0000"} ]'
)
FIRST, LIKES = script(tweet(1)), script({"like": {"fullText": "liked"}}, name="like")
READ = {
    "an older script, without wrappers": (script(tweet(1)["tweet"], name="tweet"), ["post 1"]),
    "a script that ends in a semicolon": (FIRST + b" ;\n", ["post 1"]),
    "a month before 2018": (packed({"data/js/tweets/2014_01.js": MONTH}), ["old"]),
    "an archive without any post": (packed({"data/tweets.js": script()}), []),
    "posts and likes": (packed({"data/tweets.js": FIRST, "data/like.js": LIKES}), ["post 1"]),
    "an archive packed anew in a folder": (
        packed({"my own/data/tweets.js": FIRST, "__MACOSX/my own/data/tweets.js": b"\x00\x05"}),
        ["post 1"],
    ),
    "parts, in their order": (
        packed({f"data/tweets{part}.js": script(tweet(number))
                for part, number in (("-part10", 3), ("-part2", 2), ("", 1))}),
        ["post 1", "post 2", "post 3"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), READ.values(), ids=READ)
def test_the_posts_of_every_kind_of_archive_are_read(data: bytes, expected: list[str]) -> None:
    assert [item.text for item in read(data) if isinstance(item, Post)] == expected


def with_note(post: dict[str, Any], *notes: Any) -> list[str]:
    """Return the texts of an archive with this post and these items of note-tweet.js."""
    members = {
        "data/tweets.js": script(post),
        "data/note-tweet.js": script(*notes, name="note_tweet"),
    }
    return texts(packed(members))


def test_a_long_post_is_completed_by_its_id() -> None:
    note = {"noteTweetId": "7", "createdAt": "2018-10-10T20:19:24.000Z", "core": {"text": "whole"}}

    assert with_note(tweet(7, full_text="who…"), {"noteTweet": note}) == ["whole"]


def test_a_long_post_is_completed_by_its_second_and_beginning() -> None:
    beginning = "It was a long day, and I will tell &amp; tell of it"
    whole = beginning.replace("&amp;", "&") + ", until the end. #night"
    notes = [
        {"noteTweetId": str(number), "createdAt": f"2018-10-10T20:19:{second}.000Z", "core": core}
        for number, second, core in (
            (501, 24, {"text": "Another of the same second, which begins in another way"}),
            (502, 24, {"text": whole}),
            (503, 25, {"text": whole + " later"}),
        )
    ]
    members = {
        "data/tweets.js": script(tweet(7, full_text=beginning + "… https://t.co/abc")),
        "data/note-tweet.js": script(*({"noteTweet": note} for note in notes), name="note_tweet"),
    }

    [post] = read(packed(members))

    assert isinstance(post, Post)
    assert (post.text, post.hashtags) == (whole, ("night",))


def test_long_posts_that_cannot_be_read_leave_the_posts_as_they_are() -> None:
    broken = [None, {"noteTweet": 1}, {"noteTweet": {"core": {"text": 5}, "createdAt": WHEN}}]

    assert with_note(tweet(7), *broken) == ["post 7"]


def message_only(value: str | bytes) -> str:
    """Return the id of a parameter: the message, not the file."""
    return value if isinstance(value, str) else "file"


FIFTY = script(*map(tweet, range(50)))
WHOLE = packed({"data/tweets.js": FIFTY})
FOREIGN = ("data/like.js", "data/deleted-tweets.js", "tweets.js/readme.txt", "data/tweets.json")


def changed(data: bytes, change: bytes, *positions: int) -> bytes:
    out = bytearray(data)
    for at in positions:
        out[at : at + len(change)] = change
    return bytes(out)


UNREADABLE_ZIPS = [
    (packed({"a/data/tweets.js": FIRST, "b/data/tweets.js": FIRST}), "more than one archive"),
    *((packed({name: b"[]"}), r"holds no data/tweets\.js") for name in FOREIGN),
    (WHOLE[: len(WHOLE) // 2], "cut short"),
    (changed(WHOLE, bytes(10), 60), "damaged"),
    (changed(WHOLE, b"\x01", 6, WHOLE.index(b"PK\x01\x02") + 8), "encrypted"),
    (packed({"data/tweets.js": FIRST}, zipfile.ZIP_BZIP2), "method"),
    (WHOLE.replace(len(FIFTY).to_bytes(4, "little"), (10).to_bytes(4, "little")), "damaged|item"),
]


@pytest.mark.parametrize(("data", "reason"), UNREADABLE_ZIPS, ids=message_only)
def test_a_zip_that_is_no_whole_archive_is_unreadable_and_says_why(
    data: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(data)


def test_a_zip_that_unpacks_beyond_the_cap_is_too_large() -> None:
    members = {"data/tweets.js": script(*map(tweet, range(2000)))}

    with pytest.raises(PayloadTooLargeError, match="100,000 bytes"):
        read(packed(members), max_unpacked_bytes=100_000)


def test_the_cap_counts_all_scripts_together() -> None:
    part = script(*map(tweet, range(100)))
    members = {"data/tweets.js": part, "data/tweets-part1.js": part}

    with pytest.raises(PayloadTooLargeError):
        read(packed(members), max_unpacked_bytes=len(part) + 10)


def test_a_zip_bomb_is_stopped_by_its_ratio_long_before_the_cap() -> None:
    bomb = PREFIX + b"[" + b" " * (16 * 1024 * 1024) + b"]"

    with pytest.raises(PayloadTooLargeError, match="100 times"):
        read(packed({"data/tweets.js": bomb}))


@pytest.mark.parametrize(
    ("script_text", "reason"),
    [
        (PREFIX + b'[{"tweet": {"id": "1"', "breaks off"),
        (PREFIX + b'[{"tweet": {}} {"tweet": {}}]', "after item 1"),
        (PREFIX + b"[{}] trailing", "follows after"),
        (PREFIX + b'{"tweet": {}}', "no list of posts"),
        (b'{"data": []}', "no list of posts"),
        (b"var x = []", "no list of posts"),
        (PREFIX, "empty"),
        (script({"like": {"tweetId": "9"}}, name="like"), "no dates with likes"),
        (script(name="direct_messages"), "direct_messages"),
        (PREFIX + b'[{"tweet": {"text": "' + b"x" * 4_000_000 + b'"}}]', "longer than"),
    ],
    ids=message_only,
)
def test_a_script_that_is_no_list_of_posts_is_unreadable(script_text: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(script_text)


def test_posts_before_the_damage_are_yielded_first() -> None:
    cut = script(tweet(1), tweet(2))[:-40]
    items = XArchiveReader(now).read(io.BytesIO(cut))

    first = next(items)

    assert isinstance(first, Post)
    with pytest.raises(UnreadableFileError, match="item 2"):
        list(items)
