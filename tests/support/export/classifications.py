"""Classifications as the classifier returns them, for tests without a model."""

from export.labels import EMOTIONS
from serving.schemas import Classification


def says(label: str = "joy", probability: float = 0.9, irony: float = 0.1) -> Classification:
    """Return `label` with that probability; the other emotions share the rest."""
    scores = dict.fromkeys(EMOTIONS, (1 - probability) / 6) | {label: probability}
    return Classification(label=label, scores=scores, irony=irony, tokens=3, truncated=False)


def scored(irony: float = 0.5, **scores: float) -> Classification:
    label = max(scores, key=lambda name: scores[name])
    full = dict.fromkeys(EMOTIONS, 0.0) | scores
    return Classification(label=label, scores=full, irony=irony, tokens=3, truncated=False)
