"""The four moods, the words for them, and the rule that decides one from emotion scores."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from api.domain.mood.scoring import ScoringConfig, negativity, positivity


class MoodLabel(StrEnum):
    """The words that people read for the four moods."""

    BRIGHT = "Bright"
    BALANCED = "Balanced"
    TENSE = "Tense"
    HEAVY = "Heavy"


class Mood(StrEnum):
    """The four moods; they describe posts, never a person's health.

    The names are those of the original, and for programs; people read the label.
    """

    DEPRESSED = "Depressed"
    STRESSED = "Stressed"
    CHEERFUL = "Cheerful"
    SATISFIED = "Satisfied"

    @property
    def label(self) -> MoodLabel:
        """Return the word that people read for the mood."""
        return LABELS[self]

    @property
    def is_heavy(self) -> bool:
        """Whether heavier feelings set the tone; see leans_heavy."""
        return self in (Mood.DEPRESSED, Mood.STRESSED)


OPPOSITE: Mapping[Mood, Mood] = {
    Mood.DEPRESSED: Mood.CHEERFUL,
    Mood.CHEERFUL: Mood.DEPRESSED,
    Mood.STRESSED: Mood.SATISFIED,
    Mood.SATISFIED: Mood.STRESSED,
}
"""The mood of the friends that are recommended to a user of each mood."""

LABELS: Mapping[Mood, MoodLabel] = {
    Mood.CHEERFUL: MoodLabel.BRIGHT,
    Mood.SATISFIED: MoodLabel.BALANCED,
    Mood.STRESSED: MoodLabel.TENSE,
    Mood.DEPRESSED: MoodLabel.HEAVY,
}
"""The word that people read for each mood, in the order to show them: from light to heavy."""

SUMMARIES: Mapping[Mood, str] = {
    Mood.DEPRESSED: (
        "Your posts lean heavy: taken together, the heavier feelings in them set the tone, and fear"
        " and sadness weigh more than anger among those."
    ),
    Mood.STRESSED: (
        "Your posts lean tense: taken together, the heavier feelings in them set the tone, and"
        " anger weighs much among those."
    ),
    Mood.CHEERFUL: (
        "Your posts lean bright: taken together, the lighter feelings in them set the tone."
    ),
    Mood.SATISFIED: (
        "Your posts are balanced: the heavier feelings in them do not set the tone, and the lighter"
        " ones do not lead by enough to set it."
    ),
}
"""One sentence per mood, true wherever the rule gives the mood, though another bar be the tallest.

Without "lately": an archive may be years old.
"""


def labelled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return JSON values that have a `mood` with its `label` after it; both are None together."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found[name] = value
        if name == "mood":
            found["label"] = None if value is None else Mood(value).label.value
    return found


def leans_heavy(positive: float, negative: float, config: ScoringConfig) -> bool:
    """Return whether the side of a mood is heavy: negativity > heavy_factor * positivity.

    A tie is not heavy. Depressed and Stressed are the moods of the heavy side.
    """
    return negative - config.heavy_factor * positive > config.tie_tolerance


def mood_of(scores: Mapping[str, float], config: ScoringConfig) -> Mood:
    """Return the mood of emotion scores; see decided_mood for the rule."""
    return decided_mood(
        positivity(scores, config),
        negativity(scores, config),
        scores["anger"],
        scores["fear"] + scores["sadness"],
        config,
    )


def decided_mood(
    positive: float, negative: float, anger: float, fear_and_sadness: float, config: ScoringConfig
) -> Mood:
    """Return the mood by the four numbers that decide it.

    If negativity > heavy_factor * positivity: Stressed if anger_factor * anger > fear + sadness,
    else Depressed. Otherwise: Cheerful if positivity >= cheerful_factor * negativity, else
    Satisfied. A tie is Satisfied, unless both are zero (never so after a softmax): 0 >= 0 is
    Cheerful.

    Differences within config.tie_tolerance are ties, because 0.6 and 1.5 * 0.4 differ in floating
    point and rounding must not choose a mood.
    """
    tie = config.tie_tolerance
    if leans_heavy(positive, negative, config):
        tense = config.anger_factor * anger - fear_and_sadness > tie
        return Mood.STRESSED if tense else Mood.DEPRESSED
    bright = config.cheerful_factor * negative - positive <= tie
    return Mood.CHEERFUL if bright else Mood.SATISFIED
