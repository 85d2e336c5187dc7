"""X archives: zips and what is wrong with them, scripts, and long posts."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from api.domain.posts import Engagement, Ownership, Post
from api.errors import PayloadTooLargeError, UnreadableFileError
from api.post_files import long_posts
from api.post_files.packed_files import ZipReader
from tests.contract.post_files.post_file_formats import opened, read

WHEN = "Wed Oct 10 20:19:24 +0000 2018"
PREFIX = b"window.YTD.tweets.part0 = "


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
    "posts and likes": (packed({"data/tweets.js": FIRST, "data/like.js": LIKES}), ["post 1"]),
    "community posts after the others, one script empty": (
        packed({"data/community-tweet.js": script(tweet(2), name="community_tweet"),
                "data/tweets.js": FIRST, "data/twitter-circle-tweet.js": script()}),
        ["post 1", "post 2"],
    ),
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


def test_of_many_long_posts_of_one_second_the_one_with_the_same_beginning_is_found() -> None:
    numbers = sorted(range(100, 140), key=lambda number: number * 7 % 41)
    whole = {
        number: f"{number} is how this long post of many characters begins" for number in numbers
    }
    notes = [
        {
            "noteTweetId": f"n{number}",
            "createdAt": "2018-10-10T20:19:24.000Z",
            "core": {"text": text},
        }
        for number, text in whole.items()
    ]
    cut = [
        tweet(number, full_text=f"{text[:45]}… https://t.co/abc") for number, text in whole.items()
    ]
    members = {
        "data/tweets.js": script(*cut),
        "data/note-tweet.js": script(*({"noteTweet": note} for note in notes), name="note_tweet"),
    }

    assert texts(packed(members)) == list(whole.values())


@pytest.mark.parametrize("text", ["a", "long " * 400])
def test_long_posts_are_kept_up_to_a_limit_however_short_they_are(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_posts, "MAX_CHARACTERS", 30_000)
    note = {"noteTweet": {"createdAt": WHEN, "core": {"text": text}}}

    with pytest.raises(PayloadTooLargeError, match="30,000 characters"):
        with_note(tweet(7), *[note] * 100)


def test_long_posts_that_cannot_be_read_leave_the_posts_as_they_are() -> None:
    broken = [None, {"noteTweet": 1}, {"noteTweet": {"core": {"text": 5}, "createdAt": WHEN}}]

    assert with_note(tweet(7), *broken) == ["post 7"]


def message_only(value: str | bytes) -> str:
    """Return the id of a parameter: the message, not the file."""
    return value if isinstance(value, str) else "file"


FIFTY = script(*map(tweet, range(50)))
WHOLE = packed({"data/tweets.js": FIFTY})


def changed(data: bytes, change: bytes, *positions: int) -> bytes:
    out = bytearray(data)
    for at in positions:
        out[at : at + len(change)] = change
    return bytes(out)


UNREADABLE_ZIPS = [
    (packed({"a/data/tweets.js": FIRST, "b/data/tweets.js": FIRST}), "more than one archive"),
    (packed({"data/tweets.js": script()}), "hold no posts"),
    (packed({"data/like.js": LIKES}), "like.js is not read: These are posts that you liked"),
    (packed({"tweets.js/readme.txt": b"hello"}), "readme.txt is not read"),
    (packed({"readme.pdf": b"x", "b.jpg": b""}), r"holds no data/tweets\.js.*readme\.pdf"),
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


@pytest.mark.parametrize("scripts", [1, 4])
def test_a_zip_that_unpacks_beyond_the_cap_is_too_large_though_members_are_read_again(
    scripts: int,
) -> None:
    part = bytes(range(250)) * (400 // scripts)
    names = [f"data/tweets-part{number}.js" for number in range(scripts)]
    data = io.BytesIO(packed(dict.fromkeys(names, part)))
    enough = ZipReader(data, max_unpacked_bytes=100_000)
    too_little = ZipReader(data, max_unpacked_bytes=99_999)

    for name in names * 3:
        assert b"".join(enough.chunks(name)) == part
    with pytest.raises(PayloadTooLargeError, match="99,999 bytes"):
        [b"".join(too_little.chunks(name)) for name in names]


def test_a_zip_bomb_is_stopped_by_its_ratio_long_before_the_cap() -> None:
    bomb = PREFIX + b"[" + b" " * (16 * 1024 * 1024) + b"]"
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        member = tarfile.TarInfo("data/tweets.js")
        member.size = len(bomb)
        archive.addfile(member, io.BytesIO(bomb))

    for data in (packed({"data/tweets.js": bomb}), gzip.compress(bomb), tar.getvalue()):
        with pytest.raises(PayloadTooLargeError, match="100 times"):
            read(data, "tweets.js.gz")


@pytest.mark.parametrize(
    ("script_text", "reason"),
    [
        (PREFIX + b'[{"tweet": {"id": "1"', "breaks off"),
        (PREFIX + b'[{"tweet": {}} {"tweet": {}}]', "after item 1"),
        (PREFIX + b"[{}] trailing", "damaged in item 2"),
        (PREFIX, "empty"),
        (script({"like": {"tweetId": "9"}}, name="like"), "posts that you liked"),
        (script({"tweet": {"id": "9"}}, name="deleted_tweets"), "posts you deleted"),
        (script({"noteTweet": {}}, name="note_tweet"), "belong to the posts in tweets.js"),
        (script(name="direct_messages"), "messages to single people"),
        (script(name="follower"), "the follower script.*no posts"),
        (PREFIX + b'[{"tweet": {"text": "' + b"x" * 4_000_000 + b'"}}]', "longer than"),
    ],
    ids=message_only,
)
def test_a_script_that_is_no_list_of_posts_is_unreadable(script_text: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(script_text)


def test_scripts_that_are_not_read_are_named_with_the_reason() -> None:
    others = {f"data/{name}.js": script(name=name.replace("-", "_"))
              for name in ("like", "deleted-tweets", "note-tweet", "follower")}  # fmt: skip

    notes = opened(packed({"data/tweets.js": FIRST, **others})).notes

    assert [note.partition(":")[0] for note in notes] == [
        "like.js is not read", "deleted-tweets.js is not read",
    ]  # fmt: skip
