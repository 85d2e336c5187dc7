"""The eight outputs of the model, and mapping of other labels to them."""

from collections.abc import Iterable, Mapping

from export.errors import DataError

EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
"""Softmax outputs, in the order of the head."""

IRONY = "irony"
"""Sigmoid output, the last of the head."""

LABELS = (*EMOTIONS, IRONY)


def map_labels(names: Iterable[str], mapping: Mapping[str, str], where: str) -> tuple[str, ...]:
    """Return the emotions of `names`, each once, in head order; DataError if one is unknown."""
    found = set()
    for name in names:
        if name not in mapping:
            raise DataError(f"{where}: label {name!r} is none of {', '.join(sorted(mapping))}")
        found.add(mapping[name])
    return tuple(emotion for emotion in EMOTIONS if emotion in found)
