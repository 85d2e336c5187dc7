"""Score the shipped model: `python -m export.evaluate FILE [LABELS_FILE] [--model FOLDER]`.

FILE has `text;label` lines, or is TweetEval's text file, with LABELS_FILE as its labels. Only
the labels that occur in the file compete; joy and optimism count as one. Irony is read as if
half of the posts were ironic, as in TweetEval.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from export.command_line import command_parser, run_command
from export.evaluation.confidence_intervals import (
    LEVEL,
    RESAMPLES,
    Interval,
    confidence_intervals,
)
from export.evaluation.irony_base_rate import as_if_half_ironic, base_rate_of
from export.evaluation.labelled_files import read_labelled
from export.evaluation.metrics import Predictions, classify_all, predictions_of
from export.packaging.model_folder import SHIPPED
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier


def render(predictions: Predictions, note: str = "") -> str:
    """Return the figures and their confidence intervals as lines for a terminal."""
    figures, intervals = predictions.figures(), confidence_intervals(predictions)
    width = max(len("class"), *(len(one.label) for one in figures.classes))
    lines = [f"note: {note}"] if note else []
    lines += [
        f"examples  {figures.examples}",
        f"accuracy  {figures.accuracy:.4f} {_shown(intervals.accuracy)}",
        f"macro-F1  {figures.macro_f1:.4f} {_shown(intervals.macro_f1)}",
        "",
        f"{'class':<{width}}  precision  recall      f1  {'(f1 from-to)':<15}  examples",
    ]
    lines += [
        f"{one.label:<{width}}  {one.precision:>9.4f}  {one.recall:.4f}  {one.f1:.4f}"
        f"  {_shown(intervals.f1[one.label])}  {one.examples:>8}"
        for one in figures.classes
    ]
    return "\n".join(
        [*lines, "", f"in brackets: {LEVEL} % of {RESAMPLES:,} bootstrap resamples of the texts"]
    )


def _shown(interval: Interval) -> str:
    return f"({interval[0]:.4f}-{interval[1]:.4f})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print accuracy, macro-F1 and a table of classes; return the exit status."""
    parser = command_parser("evaluate", main.__doc__)
    parser.add_argument("file", type=Path, help="`text;label` lines, or texts, one per line")
    parser.add_argument("labels", type=Path, nargs="?", help="labels of the texts, one per line")
    parser.add_argument("--model", type=Path, default=SHIPPED)
    return run_command(_evaluate, parser, arguments)


def _evaluate(options: argparse.Namespace) -> None:
    labelled = read_labelled(options.file, options.labels)
    with EmotionClassifier(open_model(options.model)) as classifier:
        results = classify_all(classifier, [one.text for one in labelled.examples])
    results = as_if_half_ironic(results, base_rate_of(options.model))
    print(render(predictions_of(labelled.examples, results), labelled.note))


if __name__ == "__main__":
    sys.exit(main())
