"""Typing errors in training texts: where, how many, and reproducible."""

import random

import pytest

from export.training.typos import misspell

LONG = "honestly nothing about yesterday evening really surprised anyone except grandma " * 40


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - typos are no secret


class Loaded(random.Random):
    """Random numbers that put one kind of error at one letter of the first word."""

    def __init__(self, kind: int, at: int = 1) -> None:
        super().__init__(0)
        self._picks = iter([at, kind])

    def random(self) -> float:
        return 0.0

    def randrange(self, *_: object) -> int:
        return next(self._picks)


@pytest.mark.parametrize(
    ("kind", "misspelt"), [(0, "hpapy"), (1, "hppy"), (2, "haappy"), (3, "hsppy")]
)
def test_a_typo_swaps_drops_doubles_or_hits_the_next_key(kind: int, misspelt: str) -> None:
    assert misspell("happy", Loaded(kind)) == misspelt


def test_the_next_key_is_never_the_same() -> None:
    word = "qwertyuiopasdfghjklzxcvbnm"
    for at in range(1, len(word) - 1):
        assert misspell(word, Loaded(3, at)) != word


def test_about_every_fourth_word_is_wrong_in_one_place() -> None:
    words = LONG.split()

    found = misspell(LONG, chance(1)).split()

    wrong = [(one, other) for one, other in zip(words, found, strict=True) if one != other]
    longer = [word for word in words if len(word) >= 5]
    assert 0.15 < len(wrong) / len(longer) < 0.3
    assert all(abs(len(one) - len(other)) <= 1 for one, other in wrong)


def test_first_letters_stay() -> None:
    found = misspell(LONG, chance(1)).split()

    assert [word[0] for word in found] == [word[0] for word in LONG.split()]


def test_short_words_stay() -> None:
    text = "i am so sad he left me and the dog too " * 50

    assert misspell(text, chance(1)) == text


def test_a_seed_makes_the_same_typos_and_another_seed_others() -> None:
    once, again, other = (misspell(LONG, chance(seed)) for seed in (1, 1, 2))

    assert once == again
    assert once != other


@pytest.mark.parametrize(
    "whole",
    [
        "https://example.org/wonderful/pictures",
        "www.example.org/wonderful",
        "&hellip;",
        "[RELIGION]",
    ],
)
def test_links_and_placeholders_are_not_changed(whole: str) -> None:
    found = {misspell(f"so {whole} so", chance(seed)) for seed in range(40)}

    assert found == {f"so {whole} so"}


def test_a_text_keeps_its_punctuation_spaces_and_emoji() -> None:
    text = "Wonderful, WONDERFUL weather!! 😂  #blessed @someone…" * 30

    found = misspell(text, chance(1))

    assert [one for one in found if not one.isalpha()] == [one for one in text if not one.isalpha()]
