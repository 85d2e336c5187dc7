"""The rule that decided a mood, in words and with its numbers."""

import math
from collections.abc import Mapping

from api.domain.mood.moods import Mood
from api.domain.mood.scoring import ScoringConfig, negativity, positivity

_LARGEST_RATIO = 100
_FINEST_DIGITS = 12
_HARDLY_ANY = 1e-6
_HEAVY = ("anger", "fear", "sadness")
_EMOTIONS = (*_HEAVY, "joy", "love", "surprise")
_TIMES = {2.0: "twice", 3.0: "three times"}


def why(mood: Mood, scores: Mapping[str, float], config: ScoringConfig) -> str:
    """Return the comparison that decided the mood, in one or two sentences.

    scores are those of the result, so its numbers are those of the bars. Each number has as many
    digits as it takes to be on the right side of what it is compared with.
    """
    positive, negative = positivity(scores, config), negativity(scores, config)
    if max(positive, negative) < _HARDLY_ANY:
        return "There is hardly any feeling in these posts, neither lighter nor heavier."
    weights = _unequal_valences(config)
    return f"{_comparison(mood, positive, negative, scores, config)}.{weights and f' {weights}.'}"


def _comparison(
    mood: Mood,
    positive: float,
    negative: float,
    scores: Mapping[str, float],
    config: ScoringConfig,
) -> str:

    heavy, bright = config.heavy_factor, config.cheerful_factor
    if mood in (Mood.STRESSED, Mood.DEPRESSED):
        first = _sides("Heavier", negative, "lighter", positive, heavy, config)
        limit = "" if heavy == 1 else f", and they lead above {heavy:g} to 1"
        return f"{first}{limit}; {_anger(mood, scores, config)}"
    if mood is Mood.SATISFIED and negative - positive > config.tie_tolerance:
        first = _sides("Heavier", negative, "lighter", positive, heavy, config)
        return f"{first}; only above {heavy:g} to 1 would they lead"
    first = _sides("Lighter", positive, "heavier", negative, bright, config)
    if mood is Mood.CHEERFUL:
        return f"{first}, and from {bright:g} to 1 on they lead"
    return f"{first}; they would lead from {bright:g} to 1 on"


def _sides(
    one: str, amount: float, other: str, against: float, limit: float, config: ScoringConfig
) -> str:

    ratio = _ratio(amount, against, limit)
    if abs(amount - against) <= config.tie_tolerance:
        return f"{one} and {other} feelings weigh the same, 1 to 1"
    if amount > against:
        return f"{one} feelings outweigh {other} ones {ratio}"
    return f"{one} feelings stand {ratio} against {other} ones"


def _anger(mood: Mood, scores: Mapping[str, float], config: ScoringConfig) -> str:

    anger, others, factor = scores["anger"], scores["fear"] + scores["sadness"], config.anger_factor
    counted = "" if factor == 1 else f", counted {_TIMES.get(factor, f'{factor:g} times')}"
    lead = factor * anger - others
    tie = abs(lead) <= config.tie_tolerance
    for digits in range(_FINEST_DIGITS):
        shown_anger, shown_others = round(100 * anger, digits), round(100 * others, digits)
        # Rounded numbers that are equal would not say which outweighs.
        if _side(factor * shown_anger, shown_others) == (0 if tie else math.copysign(1, lead)):
            break
    else:  # A tie that no rounding shows as one: it is not the side of anger.
        digits = 1
        shown_anger, shown_others = math.floor(1000 * anger) / 10, round(100 * others, digits)
    one, both = f"{shown_anger:.{digits}f} %", f"{shown_others:.{digits}f} %"
    if mood is Mood.STRESSED:
        return f"among the heavier ones anger ({one}{counted}) outweighs fear and sadness ({both})"
    verb = "weigh as much as" if tie else "outweigh"
    return f"among the heavier ones fear and sadness ({both}) {verb} anger ({one}{counted})"


def _ratio(amount: float, against: float, threshold: float) -> str:
    """Return "1.4 to 1", rounded so that it stays on its side of 1 and of the threshold."""
    if amount > _LARGEST_RATIO * max(against, threshold * against):
        return f"more than {_LARGEST_RATIO} to 1"
    ratio = amount / against
    for digits in range(1, _FINEST_DIGITS):
        shown = round(ratio, digits)
        if all(_side(shown, limit) == _side(ratio, limit) for limit in (1.0, threshold)):
            break
    return f"{shown:.{digits}f} to 1"


def _side(number: float, limit: float) -> int:
    """Return -1, 0 or 1: below the limit, the same but for rounding, or above it."""
    return 0 if abs(number - limit) < 10.0**-_FINEST_DIGITS else (1 if number > limit else -1)


def _unequal_valences(config: ScoringConfig) -> str:
    """Return which emotions do not count once on their usual side; "" if all do."""
    said = []
    for emotion in _EMOTIONS:
        valence: float = getattr(config, f"{emotion}_valence")
        size = abs(valence)
        usual = valence <= 0 if emotion in _HEAVY else valence >= 0
        side = "" if usual else " as heavy"
        if size == 0:
            said.append(f"{emotion} does not count")
        elif size != 1:
            said.append(f"{emotion} counts{side} {size:g} times")
        elif side:
            said.append(f"{emotion} counts{side}")
    return ", ".join(said).capitalize()
