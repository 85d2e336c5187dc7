"""The rule in words: its numbers, applied, give the mood that it stands beside."""

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.domain.mood.explanations import why
from api.domain.mood.moods import Mood, mood_of
from api.domain.mood.scoring import DEFAULT, ScoringConfig, negativity, positivity
from api.domain.posts import EMOTIONS
from tests.support.posts import WORKED, emotions

_TIMES = {"": 1.0, ", counted twice": 2.0, ", counted three times": 3.0}
_SIDES = re.compile(
    r"(Heavier|Lighter)(?: and \w+)? feelings (?:outweigh|stand|weigh the same).*?"
    r"((?:more than )?[\d.]+) to 1"
)
_HEAVY = re.compile(r"above ([\d.]+) to 1")
_BRIGHT = re.compile(r"from ([\d.]+) to 1 on")
_ANGER = re.compile(r"anger \(([\d.]+) %(, counted [^)]+)?\)")
_OTHERS = re.compile(r"fear and sadness \(([\d.]+) %\)")

factors = st.floats(0.5, 4).map(lambda value: round(value, 1))


@st.composite
def configs(draw: st.DrawFn) -> ScoringConfig:
    return replace(
        WORKED,
        heavy_factor=draw(factors),
        anger_factor=draw(factors),
        cheerful_factor=draw(factors),
        joy_valence=draw(factors),
        sadness_valence=-draw(factors),
        surprise_valence=draw(st.sampled_from([-1.0, -0.5, 0.0, 1.0])),
    )


@st.composite
def scores(draw: st.DrawFn) -> dict[str, float]:
    # Few parts, so that ties and near ties are common.
    parts = draw(st.lists(st.sampled_from([0, 1, 2, 3, 1000, 1001]), min_size=7, max_size=7))
    assume(any(parts))
    return {name: part / sum(parts) for name, part in zip(EMOTIONS, parts, strict=True)}


@st.composite
def near_ties(draw: st.DrawFn) -> dict[str, float]:
    """Scores in which anger, counted twice, is about as much as fear and sadness."""
    fear, sadness, joy = (draw(st.integers(0, 100)) / 100 for _ in range(3))
    assume(fear + sadness > 0)
    about = draw(st.sampled_from([0.99, 0.999, 1.0, 1.001, 1.01]))
    parts = {"anger": (fear + sadness) / 2 * about, "fear": fear, "sadness": sadness, "joy": joy}
    return emotions(**{name: part / sum(parts.values()) for name, part in parts.items()})


def mood_by_the_words(words: str) -> Mood:
    """Apply the rule that the words state to the numbers in them, and nothing else."""
    sides = _SIDES.match(words)
    assert sides is not None, words
    ratio = float(sides[2].removeprefix("more than "))
    if sides[1] == "Lighter":
        bright = _BRIGHT.search(words)
        assert bright is not None, words
        return Mood.CHEERFUL if ratio >= float(bright[1]) * (1 - 1e-9) else Mood.SATISFIED
    limit = _HEAVY.search(words)
    if ratio <= (float(limit[1]) if limit else 1.0) * (1 + 1e-9):
        return Mood.SATISFIED
    anger, others = _ANGER.search(words), _OTHERS.search(words)
    assert anger is not None, words
    assert others is not None, words
    counted = anger[2] or ""
    times = _TIMES.get(counted) or float(counted.split()[2])
    tense = times * float(anger[1]) > float(others[1])
    if " outweigh anger" in words:  # which numbers that are equal would not say
        assert times * float(anger[1]) < float(others[1]) - 1e-9, words
    return Mood.STRESSED if tense else Mood.DEPRESSED


@given(st.one_of(scores(), near_ties()), st.one_of(st.just(DEFAULT), st.just(WORKED), configs()))
def test_the_numbers_in_the_words_give_the_mood(
    given_scores: dict[str, float], config: ScoringConfig
) -> None:
    mood = mood_of(given_scores, config)
    words = why(mood, given_scores, config)

    if max(positivity(given_scores, config), negativity(given_scores, config)) == 0:
        assert words.startswith("There is hardly any feeling")
    else:
        assert mood_by_the_words(words) is mood


@pytest.mark.parametrize(
    ("given_scores", "words"),
    [
        (
            emotions(anger=0.27, fear=0.1, sadness=0.28, joy=0.3, love=0.164, neutral=0.1),
            "Heavier feelings outweigh lighter ones 1.4 to 1; among the heavier ones anger (27 %,"
            " counted twice) outweighs fear and sadness (38 %).",
        ),
        (
            emotions(anger=0.1, sadness=0.6, joy=0.3),
            "Heavier feelings outweigh lighter ones 2.3 to 1; among the heavier ones fear and"
            " sadness (60 %) outweigh anger (10 %, counted twice).",
        ),
        (
            emotions(joy=0.6, sadness=0.3),
            "Lighter feelings outweigh heavier ones 2.0 to 1, and from 1.5 to 1 on they lead.",
        ),
        (
            emotions(joy=0.6, sadness=0.5),
            "Lighter feelings outweigh heavier ones 1.2 to 1; they would lead from 1.5 to 1 on.",
        ),
        (
            emotions(joy=0.4999, sadness=0.5),  # a near tie is not rounded to a tie
            "Heavier feelings outweigh lighter ones 1.0002 to 1; among the heavier ones fear and"
            " sadness (50 %) outweigh anger (0 %, counted twice).",
        ),
        (
            emotions(anger=0.2496, sadness=0.5, neutral=0.2504),  # 25 % twice would be 50 %
            "Heavier feelings outweigh lighter ones more than 100 to 1; among the heavier ones fear"
            " and sadness (50.00 %) outweigh anger (24.96 %, counted twice).",
        ),
        (
            emotions(anger=0.125, sadness=0.25, neutral=0.625),
            "Heavier feelings outweigh lighter ones more than 100 to 1; among the heavier ones fear"
            " and sadness (25.0 %) weigh as much as anger (12.5 %, counted twice).",
        ),
    ],
)
def test_the_comparison_that_decided_is_told_with_its_numbers(
    given_scores: dict[str, float], words: str
) -> None:
    assert why(mood_of(given_scores, WORKED), given_scores, WORKED) == words


def test_emotions_that_do_not_count_once_are_named() -> None:
    config = replace(WORKED, surprise_valence=-0.5, love_valence=0.0, anger_valence=-1.5)

    words = why(Mood.CHEERFUL, emotions(joy=1.0), config)

    assert words.endswith(
        " Anger counts 1.5 times, love does not count, surprise counts as heavy 0.5 times."
    )
