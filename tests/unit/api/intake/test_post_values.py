"""How single values of a post are read."""

from datetime import UTC, datetime

import pytest

from api.intake.post_values import (
    MAX_COUNT,
    MAX_HASHTAGS,
    UnreadableValueError,
    count_of,
    hashtags_in,
    hashtags_of,
    id_from_content,
    id_in_url,
    language_of,
    post_id_of,
    post_text_of,
)


@pytest.mark.parametrize(
    ("written", "count"),
    [(None, 0), ("", 0), (" 7 ", 7), (7, 7), (7.0, 7), ("7.0", 7), ("1,234,567", 1_234_567),
     ("12K", 12_000), ("1.2M", 1_200_000), (float("nan"), 0), ("n/a", 0), (True, 0), ([], 0),
     (MAX_COUNT, MAX_COUNT)],
)  # fmt: skip
def test_counts_are_read_from_numbers_and_strings(written: object, count: int) -> None:
    assert count_of(written) == count


@pytest.mark.parametrize(
    "written",
    [-1, "-1", MAX_COUNT + 1, float("inf"), float("-inf"), 1.5, "1,23", "1e3", "12KB", "٣", "many",
     "1" * 10_000],
    ids=lambda written: repr(written)[:12],
)  # fmt: skip
def test_what_is_no_count_is_rejected(written: object) -> None:
    with pytest.raises(UnreadableValueError):
        count_of(written)


@pytest.mark.parametrize("entity", ["&#0;", "&#xD83D;", "&#x110000;", "&#9999999;"])
def test_an_entity_that_names_no_character_does_not_bring_one_in(entity: str) -> None:
    text = post_text_of(f"a{entity}b")

    assert "\x00" not in text
    assert text.encode("utf-8")


def test_entities_are_unescaped_once_and_before_the_text_is_measured() -> None:
    assert post_text_of("&amp;lt;") == "&lt;"
    assert post_text_of("&amp;" * 25_000) == "&" * 25_000


@pytest.mark.parametrize("written", [None, 5, True, ["a"], b"a"])
def test_what_is_no_text_is_rejected(written: object) -> None:
    with pytest.raises(UnreadableValueError, match="not text"):
        post_text_of(written)


@pytest.mark.parametrize(
    ("written", "post_id"),
    [("920061541986250758", "920061541986250758"), (12, "12"), (" a-1 ", "a-1"), (None, None),
     ("", None), (9.2e17, None), ("9.20E+17", None), (True, None), ([1], None)],
)  # fmt: skip
def test_ids_are_strings_or_whole_numbers(written: object, post_id: str | None) -> None:
    assert post_id_of(written) == post_id


@pytest.mark.parametrize("written", ["a b", "x" * 65, 10**64, 10**400])
def test_an_id_that_cannot_be_kept_is_rejected(written: object) -> None:
    with pytest.raises(UnreadableValueError, match="not an id"):
        post_id_of(written)


@pytest.mark.parametrize(
    ("url", "post_id"),
    [("https://x.com/a/status/123?s=20", "123"), ("http://twitter.com/a/statuses/9", "9"),
     ("https://x.com/a", None), (None, None)],
)  # fmt: skip
def test_the_id_in_an_address_is_found(url: object, post_id: str | None) -> None:
    assert id_in_url(url) == post_id


def test_an_id_made_of_content_depends_on_time_and_text() -> None:
    moment, later = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)

    made = {id_from_content(moment, "a"), id_from_content(moment, "b"), id_from_content(later, "a")}

    assert len(made) == 3


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#One and #two, #ONE again", ("one", "two")),
        ("#straße_1 ＃全角 #été!", ("straße_1", "全角", "été")),
        ("(#a) #b's _#c #d#e", ("a", "b", "c", "d")),
        ("#Grüße an #日本 und #हिन्दी, nicht C#5 #grüße", ("grüße", "日本", "हिन्दी")),
        ("#1 #2024 # ## #_", ()),
        ("C#sharp https://x.org/#top &#39; ", ()),
        ("#" + "a" * 101, ()),
    ],
)
def test_hashtags_are_found_where_x_finds_them(text: str, tags: tuple[str, ...]) -> None:
    assert hashtags_in(text) == tags


def test_no_more_than_a_hundred_hashtags_are_kept() -> None:
    assert len(hashtags_in(" ".join(f"#tag{n}" for n in range(500)))) == MAX_HASHTAGS


def test_hashtags_are_listed_as_strings_objects_or_one_string() -> None:
    assert hashtags_of(["#A", {"text": "b"}, {"tag": "C"}, 4, {}]) == ("a", "b", "c")
    assert hashtags_of("#a, b;c  d") == ("a", "b", "c", "d")
    assert hashtags_of({"text": "a"}) == ()


@pytest.mark.parametrize(
    ("written", "code"),
    [("en", "en"), (" pt-BR ", "pt-BR"), ("und", "und"), ("english language", None), (5, None),
     ("\ud83d", None), ("x" * 50, None)],
)  # fmt: skip
def test_a_language_is_kept_where_it_looks_like_a_code(written: object, code: str | None) -> None:
    assert language_of(written) == code
