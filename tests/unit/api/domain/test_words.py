"""The words of a post that say what it is about."""

import time

import pytest

from api.domain.mood.words import WordReader


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("My garden and the GARDEN!", {"garden"}),
        ("Don't, dont, can't, won't, I'll, we’re, it`s, shouldn't've y'all 'em", set()),
        ("my sister's boat, o’clock, the boys' club", {"sister", "boat", "oclock", "boys", "club"}),
        ("@ana_b and @ben@social.example at #WorkLife ＃tag $ACME", set()),
        ("https://t.co/Garden www.x.com/boat example.org/garden?a=b photo.jpg", set()),
        ("mail ana@example.org HTTP://EVIL.example/tree", {"mail"}),
        ("100 3rd covid19 mp3 snake_case 5k", set()),
        ("Sooo tired, sooooo late, goooal, yesss", {"gooal"}),
        ("self-care and well-being -- yes", {"self-care", "well-being"}),
        ("Straße STRASSE ﬁsh café", {"strasse", "fish", "café"}),
        ("I love it, so happy! hated this awful day", set()),
        ("a b c ü 😀 ... '' -- _", set()),
        ("boss/manager", {"boss", "manager"}),
        ('(Garden) "BOAT," tree;: -- lake?! over.there', {"garden", "boat", "tree", "lake"}),
        ("ab" * 21, set()),
        ("", set()),
    ],
)
def test_the_words_of_a_text_are_those_that_say_what_it_is_about(
    text: str, words: set[str]
) -> None:
    assert WordReader().words_of(text) == words


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a1",
        "a.",
        "a-",
        "a'",
        "'",
        "@",
        "@a.",
        "#",
        ".",
        "a@",
        "https://",
        "www.",
        "a_",
        "é",
        "a.b",
    ],
)
def test_the_time_is_linear_in_the_length_of_the_text(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece)) + "1"
        return min(_timed(text) for _ in range(3))

    assert seconds(200_000) < 12 * seconds(50_000) + 0.01


def _timed(text: str) -> float:
    began = time.process_time()
    WordReader().words_of(text)
    return time.process_time() - began
