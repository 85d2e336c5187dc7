"""Text normalisation: what the model is given to read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.classifier.preprocess import MAX_CHARS, normalise
from tests.support.growth import MOST_PER_DOUBLING, growth


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("fish &amp; chips", "fish & chips"),
        ("fish &amp;amp; chips", "fish & chips"),
        ("&lt;3 you", "<3 you"),
        ("a\x00b\x1bc\ud800d", "abcd"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u201cI\u2019m fine\u201d", '"I\'m fine"'),
        ("wait\u2026 what \u2014 no", "wait... what - no"),
        ("one\\ntwo\n three\t\u00a0four", "one two three four"),
        ("see https://t.co/abc123 now", "see http now"),
        ("see www.example.org/a?b=c", "see http"),
        ("pic.twitter.com/xyz lovely", "http lovely"),
        ("thanks @Some_One2!", "thanks @user!"),
        ("mail me at a@example.org", "mail me at a@example.org"),
        ("[NAME] likes [NAME]", "someone likes someone"),
        ("#FeelingBlessed", "#Feeling Blessed"),
        ("#feelingblessed", "#feelingblessed"),
        ("#NYCMarathon #so_tired", "#NYC Marathon #so tired"),
        ("so happy\U0001f602", "so happy face with tears of joy"),
        ("\u2764\ufe0f you", "red heart you"),
        ("\U0001f44d\U0001f3fd", "thumbs up"),
        ("sooooooo goooood!!!!!!", "sooo goood!!!"),
        ("1000000 likes", "1000000 likes"),
        ("\U0001d4f1\U0001d4ea\U0001d4f9\U0001d4f9\U0001d502", "happy"),
        ("so\u200bme\u200dthing", "something"),
        ("", ""),
        (" \n ", ""),
        ("\U0001f602" * 40, " ".join(["face with tears of joy"] * 3)),
        ("I AM Fine", "I AM Fine"),
    ],
)
def test_a_text_is_read_as(text: str, read: str) -> None:
    assert normalise(text) == read


@given(st.text(st.characters(), max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read = normalise(text)

    assert len(read) <= MAX_CHARS
    assert read == " ".join(read.split())
    read.encode("utf-8")


# Without "&": what HTML escaped twice is rightly resolved further when read twice.
@given(st.text(st.sampled_from("aA #@!;/\u2019\U0001f602\ufe0f\\n.htps:0"), max_size=60))
def test_reading_twice_is_reading_once(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


PIECES = [
    "a", "\U0001f602\U0001f621", "\u0301\u0316", "&#", "9", "&amp;", "@", "#Aa", "#A_", "http://",
    "[NAME]",
    "_", "t.co/", "\uff01", "\u200b", "&#123456789;", "<", "\\n",
]  # fmt: skip


@pytest.mark.parametrize("before", ["a", "&#", "#"])
@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_takes_at_most_two_and_a_half_times_as_long(before: str, piece: str) -> None:
    def read(characters: int) -> str:
        return normalise(before + piece * (characters // len(piece)))

    assert growth(read, 3_000) <= MOST_PER_DOUBLING
    assert len(read(25_000)) <= MAX_CHARS


@pytest.mark.parametrize("digits", [9, 5_000])
def test_a_number_that_is_left_of_two_references_is_no_error(digits: int) -> None:
    # Taking out the inner reference leaves another one around it.
    assert normalise("a&#" + "&#123456789;" + "1" * digits + ";b") == "a\ufffdb"
