"""Score the shipped model: `python -m export.evaluate FILE [LABELS_FILE] [--model FOLDER]`.

FILE has `text;label` lines, or is TweetEval's text file with LABELS_FILE beside it. Only the
labels that occur in the file compete; joy and optimism count as one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from export.errors import ExportError, run_command
from export.evaluation.confidence_intervals import LEVEL, RESAMPLES, Interval, Intervals
from export.evaluation.labelled_files import read_labelled
from export.evaluation.measure import classify_all, score_intervals, score_results
from export.evaluation.metrics import Figures
from export.packaging.model_folder import SHIPPED
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.errors import ModelError


@dataclass(frozen=True)
class Evaluation:
    """What a model scored on a file, how sure that is, and what was assumed to read it."""

    figures: Figures
    intervals: Intervals
    note: str = ""


def evaluate(texts: Path, labels: Path | None, model: Path) -> Evaluation:
    """Classify a labelled file with the model folder and score it.

    Raises DataError when the file does not read and ExportError when the folder is no
    model.
    """
    labelled = read_labelled(texts, labels)
    try:
        artifact = open_model(model)
        with EmotionClassifier(artifact) as classifier:
            results = classify_all(classifier, [example.text for example in labelled.examples])
    except ModelError as exc:
        raise ExportError(str(exc)) from exc
    return Evaluation(
        figures=score_results(labelled.examples, results),
        intervals=score_intervals(labelled.examples, results),
        note=labelled.note,
    )


def render(found: Evaluation) -> str:
    """Return the figures and their intervals as lines for a terminal."""
    figures, intervals = found.figures, found.intervals
    width = max(len("class"), *(len(one.label) for one in figures.classes))
    lines = [f"note: {found.note}"] if found.note else []
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
    parser = argparse.ArgumentParser(prog="python -m export.evaluate", description=main.__doc__)
    parser.add_argument("file", type=Path, help="`text;label` lines, or texts, one a line")
    parser.add_argument("labels", type=Path, nargs="?", help="labels of the texts, one a line")
    parser.add_argument("--model", type=Path, default=SHIPPED)
    options = parser.parse_args(arguments)

    def command() -> None:
        print(render(evaluate(options.file, options.labels, options.model)))

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
