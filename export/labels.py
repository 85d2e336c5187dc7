"""The eight outputs of the model, and the mapping of other sets' labels to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from export.errors import DataError

EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
"""Softmax outputs, in the order of the head."""

IRONY = "irony"
"""Sigmoid output, the last of the head."""

LABELS = (*EMOTIONS, IRONY)

CARER_KNOWN = ("anger", "fear", "joy", "love", "sadness", "surprise")
"""CARER has no neutral posts."""

TWEETEVAL_KNOWN = ("anger", "joy", "sadness")
"""TweetEval's four, with optimism counted as joy."""

TWEETEVAL_TO_EMOTION: Mapping[str, str] = {
    "anger": "anger",
    "joy": "joy",
    "optimism": "joy",
    "sadness": "sadness",
}

CROWDFLOWER_TO_EMOTION: Mapping[str, str] = {
    "anger": "anger",
    "boredom": "neutral",
    "empty": "neutral",
    "enthusiasm": "joy",
    "fun": "joy",
    "happiness": "joy",
    "hate": "anger",
    "love": "love",
    "neutral": "neutral",
    "relief": "joy",
    "sadness": "sadness",
    "surprise": "surprise",
    "worry": "fear",
}
"""CrowdFlower's 13 labels of tweets."""

_GOEMOTIONS = {
    "anger": "anger annoyance disapproval disgust",
    "fear": "fear nervousness",
    "joy": "admiration amusement approval excitement gratitude joy optimism pride relief desire",
    "love": "love caring",
    "sadness": "sadness disappointment embarrassment grief remorse",
    "surprise": "surprise realization confusion curiosity",
    "neutral": "neutral",
}

GOEMOTIONS_TO_EMOTION: Mapping[str, str] = {
    fine: emotion for emotion, names in _GOEMOTIONS.items() for fine in names.split()
}
"""The 27 emotions and neutral of GoEmotions (Demszky et al. 2020), mapped to the seven."""


def map_labels(names: Iterable[str], mapping: Mapping[str, str], where: str) -> tuple[str, ...]:
    """Return the emotions of the labels `names`, without repeats, in the order of the head.

    Raises DataError naming `where` when a name is not in `mapping`.
    """
    found = set()
    for name in names:
        if name not in mapping:
            raise DataError(f"{where}: label {name!r} is none of {', '.join(sorted(mapping))}")
        found.add(mapping[name])
    return tuple(emotion for emotion in EMOTIONS if emotion in found)
