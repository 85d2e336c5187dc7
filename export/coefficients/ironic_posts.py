"""What the irony shift does to single posts: those of the behavioural list about sarcasm.

Each sarcastic post of the list has a sincere counterpart in similar words. A sarcastic one should
lean heavy and a sincere one light; the shift can only make a post heavier.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from api.domain.mood.scoring import ScoringConfig, adjusted, negativity, positivity
from api.domain.posts import Classification
from export.coefficients.fitting import IRONY_SHARES
from export.evaluation.behaviour_cases import IRONIC, load_capabilities
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier

_CAPABILITY = "sarcasm"


@dataclass(frozen=True)
class IronyRow:
    """Posts of one kind under one irony share: mean positivity and negativity, and the sides.

    right counts the posts that lean as a reader would say: heavy if sarcastic, light if sincere.
    """

    share: float
    sarcastic: bool
    posts: int
    positivity: float
    negativity: float
    right: int


def classified_sarcasm(model: Path) -> tuple[list[Classification], list[Classification]]:
    """Return how the model reads the sarcastic posts of the list, and the sincere ones."""
    (sarcasm,) = (one for one in load_capabilities() if one.name == _CAPABILITY)
    kinds = []
    with EmotionClassifier(open_model(model)) as classifier:
        for ironic in (True, False):
            texts = [
                text
                for case in sarcasm.cases
                if (case.expected == IRONIC) is ironic
                for text in case.texts
            ]
            kinds.append(
                [
                    Classification(one.label, one.scores, one.irony, one.tokens, one.truncated)
                    for one in classifier.classify(texts)
                ]
            )
    sarcastic, sincere = kinds
    return sarcastic, sincere


def irony_rows(
    sarcastic: Sequence[Classification],
    sincere: Sequence[Classification],
    config: ScoringConfig,
) -> list[IronyRow]:
    """Return a row per irony share and kind of post, with the other constants as given."""
    rows = []
    for share in IRONY_SHARES:
        shifted = replace(config, irony_share=share)
        for is_sarcastic, posts in ((True, sarcastic), (False, sincere)):
            felt = [adjusted(one, shifted) for one in posts]
            light = np.array([positivity(one, shifted) for one in felt])
            heavy = np.array([negativity(one, shifted) for one in felt])
            right = heavy > light if is_sarcastic else light > heavy
            rows.append(
                IronyRow(
                    share,
                    is_sarcastic,
                    len(posts),
                    float(light.mean()),
                    float(heavy.mean()),
                    int(right.sum()),
                )
            )
    return rows
