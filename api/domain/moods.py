"""Decide a mood from emotion scores, and say it in plain words that diagnose nobody."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from api.domain.scoring import negativity, positivity
from api.domain.scoring_config import ScoringConfig


class Mood(StrEnum):
    """Name the four moods; the names speak of posts, never of a person's health."""

    DEPRESSED = "Depressed"
    STRESSED = "Stressed"
    CHEERFUL = "Cheerful"
    SATISFIED = "Satisfied"


_OPPOSITE = {
    Mood.DEPRESSED: Mood.CHEERFUL,
    Mood.CHEERFUL: Mood.DEPRESSED,
    Mood.STRESSED: Mood.SATISFIED,
    Mood.SATISFIED: Mood.STRESSED,
}

SUMMARIES: Mapping[Mood, str] = {
    Mood.DEPRESSED: "Your posts lean heavy: more sadness and worry in them than lightness.",
    Mood.STRESSED: "Your posts lean tense: anger stands out among the heavier feelings in them.",
    Mood.CHEERFUL: "Your posts lean bright: joy, love and surprise clearly lead in them.",
    Mood.SATISFIED: "Your posts are balanced: light and heavy feelings are close to even in them.",
}
"""One sentence a mood. "Lately" is left out on purpose: an archive may be years old."""


def opposite(mood: Mood) -> Mood:
    """Return the mood of those who may be good company: Depressed <-> Cheerful, and so on."""
    return _OPPOSITE[mood]


def mood_of(scores: Mapping[str, float], config: ScoringConfig) -> Mood:
    """Return the mood of emotion scores (DESIGN section 4).

    Heavy only where negativity > positivity: then Stressed where anger_factor * anger > fear +
    sadness, else Depressed. Otherwise Cheerful where positivity >= cheerful_factor * negativity,
    else Satisfied. So a tie of negativity and positivity is Satisfied, unless both are zero: posts
    without any feeling meet 0 >= 0 and are Cheerful, which a softmax never yields.

    Differences within config.tie_tolerance are ties, because 0.6 and 1.5 * 0.4 differ in floating
    point and rounding must not choose a mood.
    """
    positive, negative = positivity(scores), negativity(scores)
    tie = config.tie_tolerance
    if negative - positive > tie:
        tense = config.anger_factor * scores["anger"] - scores["fear"] - scores["sadness"] > tie
        return Mood.STRESSED if tense else Mood.DEPRESSED
    bright = config.cheerful_factor * negative - positive <= tie
    return Mood.CHEERFUL if bright else Mood.SATISFIED
