"""Verification of a converted model: PyTorch, fp32 ONNX and the shipped graph must agree.

They are compared on real validation texts, the ONNX graphs through the classifier that serves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.data import LoadedSet
from export.errors import VerificationError
from export.evaluation.metrics import Figures, classify_all, named_figures, predictions_of
from export.labels import EMOTIONS
from export.training.torch_models import load_model, load_tokenizer
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.preprocess import normalise
from serving.schemas import Classification

MAX_ONNX_DIFFERENCE = 1e-4
"""Largest allowed difference of a probability between PyTorch and fp32 ONNX."""

MAX_PADDING_DIFFERENCE = 5e-3
"""Largest allowed effect of padding on a probability of the shipped model."""

MIN_LABEL_AGREEMENT = 0.985
"""Smallest allowed share of texts with the same label in fp32 and as shipped."""

MIN_HALF_AGREEMENT = 0.995
"""The same for fp16, which is more precise than int8."""

MAX_LOSS = 0.005
"""Largest allowed loss of accuracy or macro-F1 on a set, as a share: half a point."""

_FEW_EXAMPLES = 1_000
# One label in a hundred changes either way, so that of a few hundred texts four more may by chance.
_FEW_TEXTS = 4
_ROUNDING = 1e-9
_TORCH_TEXTS = 400
_PADDING_TEXTS = 200
_NO_LIMIT = 1_000_000

Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class SetCost:
    """Scores of the fp32 graph and of the one to be shipped on the same texts of one set."""

    name: str
    fp32: Figures
    shipped: Figures


@dataclass(frozen=True)
class Verification:
    """Results of the comparison: differences of probabilities, and the share of equal labels.

    `onnx_max_abs_diff` is between PyTorch and fp32 ONNX; `label_agreement` and `mean_abs_diff`
    between fp32 and the shipped model; the two `..padding_..` between single and padded texts.
    """

    onnx_max_abs_diff: float
    label_agreement: float
    mean_abs_diff: float
    padding_max_abs_diff: float
    shipped_padding_max_abs_diff: float
    texts: int
    costs: tuple[SetCost, ...] = ()


def verify(
    trained: Path,
    exported: Path,
    shipped: Path,
    sets: Sequence[LoadedSet],
    least_agreement: float = MIN_LABEL_AGREEMENT,
) -> Verification:
    """Compare the folders of the PyTorch, fp32 and shipped model on the examples of `sets`.

    Raises VerificationError when fp32 ONNX differs from PyTorch, or depends on padding, by
    `MAX_ONNX_DIFFERENCE` or more, the shipped model depends on padding by
    `MAX_PADDING_DIFFERENCE` or more, labels agree with fp32 on less than
    `least_agreement` of the texts, or a set lost more than
    `check_costs` allows.
    """
    texts = [example.text for one in sets for example in one.examples]
    if not texts:
        raise VerificationError("there are no texts to verify on")
    full_results, plain, padded = _classify(exported, texts)
    small_results, small_plain, small_padded = _classify(shipped, texts)
    full, small = _matrix(full_results), _matrix(small_results)
    sample = spread_sample(texts, _TORCH_TEXTS)
    limit = open_model(exported).max_tokens
    reference = torch_probabilities(trained, [texts[index] for index in sample], limit)
    found = Verification(
        onnx_max_abs_diff=float(np.abs(full[sample] - reference).max()),
        label_agreement=_agreement(full, small),
        mean_abs_diff=float(np.abs(full - small).mean()),
        padding_max_abs_diff=float(np.abs(plain - padded).max()),
        shipped_padding_max_abs_diff=float(np.abs(small_plain - small_padded).max()),
        texts=len(texts),
        costs=measure_costs(sets, full_results, small_results),
    )
    check(found, least_agreement)
    return found


def check(found: Verification, least_agreement: float = MIN_LABEL_AGREEMENT) -> None:
    """Raise VerificationError when `found` is outside the limits."""
    for what, difference, limit in (
        ("fp32 ONNX differs from PyTorch", found.onnx_max_abs_diff, MAX_ONNX_DIFFERENCE),
        ("padding changes fp32 ONNX", found.padding_max_abs_diff, MAX_ONNX_DIFFERENCE),
        (
            "padding changes the shipped model",
            found.shipped_padding_max_abs_diff,
            MAX_PADDING_DIFFERENCE,
        ),
    ):
        if not difference < limit:  # NaN does not pass
            raise VerificationError(
                f"{what} by {difference:.1e} in a probability; below {limit:.0e} is needed"
            )
    if not found.label_agreement >= least_agreement:
        raise VerificationError(
            f"labels of the shipped model and fp32 agree on {found.label_agreement:.2%} of "
            f"{found.texts} texts; {least_agreement:.1%} is needed"
        )
    check_costs(found.costs)


def measure_costs(
    sets: Sequence[LoadedSet], fp32: Sequence[Classification], shipped: Sequence[Classification]
) -> tuple[SetCost, ...]:
    """Score two models on `sets`; their results cover the texts of one set after another."""
    costs = []
    start = 0
    for one in sets:
        part = slice(start, start + len(one.examples))
        start = part.stop
        full, small = (
            predictions_of(one.examples, results[part]).figures() for results in (fp32, shipped)
        )
        costs.append(SetCost(one.source.name, full, small))
    return tuple(costs)


def check_costs(costs: Sequence[SetCost]) -> None:
    """Raise VerificationError with the first set and figure that lost more than allowed."""
    for cost in costs:
        full, small = cost.fp32, cost.shipped
        for what, before, after, allowed in (
            ("accuracy", full.accuracy, small.accuracy, allowed_accuracy(full)),
            ("macro-F1", full.macro_f1, small.macro_f1, allowed_macro_f1(full)),
        ):
            if not before - after <= allowed + _ROUNDING:  # NaN does not pass
                raise VerificationError(
                    f"{cost.name}: {what} is {after:.4f} as shipped and {before:.4f} in fp32; "
                    f"at most {allowed:.4f} less is allowed"
                )


def allowed_accuracy(figures: Figures) -> float:
    """Return `MAX_LOSS`; for fewer than 1,000 examples at least the share of four of them.

    Of 374 examples one is 0.27 points of accuracy, so half a point would be less than two.
    """
    return max(MAX_LOSS, _few_texts(figures) / figures.examples)


def allowed_macro_f1(figures: Figures) -> float:
    """Return `MAX_LOSS`; for fewer than 1,000 examples at least four of the rarest class.

    One right prediction adds 1 / (examples of its class) to that class's recall, about as much
    to its F1, and 1 / (number of classes) of that to macro-F1.
    """
    rarest = min(one.examples for one in figures.classes if one.examples)
    return max(MAX_LOSS, _few_texts(figures) / (rarest * len(figures.classes)))


def _few_texts(figures: Figures) -> int:
    return _FEW_TEXTS if figures.examples < _FEW_EXAMPLES else 0


def cost_table(costs: Sequence[SetCost], precision: str) -> dict[str, dict[str, Any]]:
    """Return each figure of each set in fp32 and in `precision`, and the difference."""
    table: dict[str, dict[str, Any]] = {}
    for cost in costs:
        full, small = named_figures({"": cost.fp32}), named_figures({"": cost.shipped})
        table[cost.name] = {
            name.removeprefix("/"): {
                "fp32": round(value, 4),
                precision: round(small[name], 4),
                "difference": round(round(small[name], 4) - round(value, 4), 4),
            }
            for name, value in full.items()
        }
    return table


def torch_probabilities(trained: Path, texts: Sequence[str], max_tokens: int) -> Probabilities:
    """Return [texts, 8] probabilities of the PyTorch model, one text per run."""
    import torch

    model, tokenizer = load_model(str(trained)), load_tokenizer(str(trained))
    rows = []
    with torch.inference_mode():
        for text in texts:
            encoded = tokenizer(
                normalise(text), truncation=True, max_length=max_tokens, return_tensors="pt"
            )
            logits = model(**encoded).logits[0].double()
            rows.append(torch.cat([logits[:-1].softmax(0), logits[-1:].sigmoid()]).numpy())
    return np.stack(rows)


def spread_sample(texts: Sequence[str], size: int) -> list[int]:
    """Return the indices of about `size` texts, evenly spread over all lengths."""
    by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    return by_length[:: max(1, len(texts) // size)]


def _classify(
    folder: Path, texts: Sequence[str]
) -> tuple[list[Classification], Probabilities, Probabilities]:
    """Return results of all texts, and probabilities of a sample unpadded and padded."""
    artifact = open_model(folder)
    sample = [texts[index] for index in spread_sample(texts, _PADDING_TEXTS)]
    with EmotionClassifier(artifact) as classifier:
        everything = classify_all(classifier, texts)
        unpadded = _matrix([classifier.classify([text])[0] for text in sample])
    with EmotionClassifier(artifact, token_budget=_NO_LIMIT, spread=_NO_LIMIT) as classifier:
        padded = _matrix(classifier.classify(sample))
    return everything, unpadded, padded


def _matrix(results: Sequence[Classification]) -> Probabilities:
    rows = [[*(one.scores[label] for label in EMOTIONS), one.irony] for one in results]
    return np.array(rows, dtype=np.float64)


def _agreement(one: Probabilities, other: Probabilities) -> float:
    count = len(EMOTIONS)
    same = one[:, :count].argmax(axis=1) == other[:, :count].argmax(axis=1)
    return float(same.mean())
