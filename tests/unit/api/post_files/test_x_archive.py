"""Test what the reader of X archives alone has to know: zips, scripts and long posts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from api.domain.posts import Engagement, Ownership, Post, RejectedPost
from api.errors import PayloadTooLargeError, UnreadableFileError
from api.post_files.x_archive import XArchiveReader

WHEN = "Wed Oct 10 20:19:24 +0000 2018"
PREFIX = b"window.YTD.tweets.part0 = "


def now() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


def tweet(number: int, **changes: Any) -> dict[str, Any]:
    """Return an item of tweets.js as X writes it."""
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


def test_items_of_the_older_form_have_no_wrapper() -> None:
    assert texts(script(tweet(1)["tweet"], name="tweet")) == ["post 1"]


def test_the_scripts_of_months_before_2018_are_read() -> None:
    month = b'Grailbird.data.tweets_2014_01 = \n [ {"id_str": "1", "text": "old",' + (
        b' "created_at": "2014-01-31 12:00:00 +0000"} ]'
    )

    assert texts(packed({"data/js/tweets/2014_01.js": month})) == ["old"]


def test_all_parts_are_read_in_order() -> None:
    parts = {
        "data/tweets-part10.js": script(tweet(3)),
        "data/tweets-part2.js": script(tweet(2)),
        "data/tweets.js": script(tweet(1)),
    }

    assert texts(packed(parts)) == ["post 1", "post 2", "post 3"]


def test_an_archive_that_was_packed_anew_in_a_folder_is_read() -> None:
    members = {
        "my archive/data/tweets.js": script(tweet(1)),
        "__MACOSX/my archive/data/tweets.js": b"\x00\x05\x16\x07",
    }

    assert texts(packed(members)) == ["post 1"]


def test_two_archives_in_one_zip_are_unreadable() -> None:
    members = {"a/data/tweets.js": script(tweet(1)), "b/data/tweets.js": script(tweet(2))}

    with pytest.raises(UnreadableFileError, match="more than one archive"):
        read(packed(members))


@pytest.mark.parametrize(
    "name", ["data/like.js", "data/deleted-tweets.js", "tweets.js/readme.txt", "data/tweets.json"]
)
def test_a_zip_without_posts_is_unreadable(name: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"holds no data/tweets\.js"):
        read(packed({name: b"[]"}))


def test_likes_are_left_out_of_an_archive() -> None:
    like = [{"like": {"tweetId": "9", "fullText": "liked"}}]
    members = {"data/tweets.js": script(tweet(1)), "data/like.js": script(*like, name="like")}

    assert texts(packed(members)) == ["post 1"]


def test_like_js_by_itself_is_unreadable_and_says_why() -> None:
    with pytest.raises(UnreadableFileError, match="no dates with likes"):
        read(script({"like": {"tweetId": "9"}}, name="like"))


def test_another_script_of_the_archive_is_unreadable() -> None:
    with pytest.raises(UnreadableFileError, match="direct_messages"):
        read(script(name="direct_messages"))


def test_an_archive_without_any_post_is_read_to_its_end() -> None:
    assert read(packed({"data/tweets.js": script()})) == []


def test_a_long_post_is_completed_by_its_id() -> None:
    note = {"noteTweetId": "7", "createdAt": "2018-10-10T20:19:24.000Z", "core": {"text": "whole"}}
    members = {
        "data/tweets.js": script(tweet(7, full_text="who…")),
        "data/note-tweet.js": script({"noteTweet": note}, name="note_tweet"),
    }

    assert texts(packed(members)) == ["whole"]


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
    members = {
        "data/tweets.js": script(tweet(7)),
        "data/note-tweet.js": script(*broken, name="note_tweet"),
    }

    assert texts(packed(members)) == ["post 7"]


def test_a_zip_that_was_cut_short_is_unreadable() -> None:
    whole = packed({"data/tweets.js": script(tweet(1))})

    with pytest.raises(UnreadableFileError, match="cut short"):
        read(whole[: len(whole) // 2])


def test_a_zip_whose_data_are_damaged_is_unreadable() -> None:
    whole = bytearray(packed({"data/tweets.js": script(*map(tweet, range(50)))}))
    whole[60:70] = bytes(10)

    with pytest.raises(UnreadableFileError, match="damaged"):
        read(bytes(whole))


def test_an_encrypted_archive_is_unreadable_and_says_so() -> None:
    whole = bytearray(packed({"data/tweets.js": script(tweet(1))}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UnreadableFileError, match="encrypted"):
        read(bytes(whole))


def test_a_method_that_unpacks_all_at_once_is_not_read() -> None:
    with pytest.raises(UnreadableFileError, match="method"):
        read(packed({"data/tweets.js": script(tweet(1))}, zipfile.ZIP_BZIP2))


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
    bomb = PREFIX + b"[" + b" " * (64 * 1024 * 1024) + b"]"

    with pytest.raises(PayloadTooLargeError, match="100 times"):
        read(packed({"data/tweets.js": bomb}))


def test_a_zip_that_lies_about_its_size_is_unreadable() -> None:
    data = script(*map(tweet, range(500)))
    whole = packed({"data/tweets.js": data})
    size = len(data).to_bytes(4, "little")

    with pytest.raises(UnreadableFileError):
        read(whole.replace(size, (10).to_bytes(4, "little")))


@pytest.mark.parametrize(
    ("script_text", "told"),
    [
        (PREFIX + b'[{"tweet": {"id": "1"', "breaks off"),
        (PREFIX + b'[{"tweet": {}} {"tweet": {}}]', "after item 1"),
        (PREFIX + b"[{}] trailing", "follows after"),
        (PREFIX + b'{"tweet": {}}', "no list of posts"),
        (b'{"data": []}', "no list of posts"),
        (b"var x = []", "no list of posts"),
        (PREFIX, "empty"),
    ],
)
def test_a_script_that_is_no_list_of_posts_is_unreadable(script_text: bytes, told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        read(script_text)


def test_posts_before_the_damage_are_yielded_first() -> None:
    cut = script(tweet(1), tweet(2))[:-40]
    items = XArchiveReader(now).read(io.BytesIO(cut))

    first = next(items)

    assert isinstance(first, Post)
    with pytest.raises(UnreadableFileError, match="item 2"):
        list(items)


def test_a_script_that_ends_in_a_semicolon_is_read() -> None:
    assert texts(script(tweet(1)) + b" ;\n") == ["post 1"]


def test_an_item_without_measure_is_unreadable() -> None:
    with pytest.raises(UnreadableFileError, match="longer than"):
        read(PREFIX + b'[{"tweet": {"text": "' + b"x" * 4_000_000 + b'"}}]')
