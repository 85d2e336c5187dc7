"""Score the shipped model: `python -m export.evaluate FILE [LABELS_FILE] [--model FOLDER]`.

FILE has `text;label` lines, or is TweetEval's text file with LABELS_FILE beside it. Only the
labels that occur in the file compete; joy and optimism count as one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from export.errors import ExportError, run_command
from export.folder import SHIPPED
from export.labelled import read_labelled
from export.measure import classify_all, score_results
from export.metrics import Figures
from serving.artifact import open_model
from serving.classifier import EmotionClassifier
from serving.errors import ModelError


def evaluate(texts: Path, labels: Path | None, model: Path) -> tuple[Figures, str]:
    """Classify a labelled file with the model folder; return its figures and a note.

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
    return score_results(labelled.examples, results), labelled.note


def render(figures: Figures, note: str = "") -> str:
    """Return the figures as lines for a terminal."""
    width = max(len("class"), *(len(one.label) for one in figures.classes))
    lines = [f"note: {note}"] if note else []
    lines += [
        f"examples  {figures.examples}",
        f"accuracy  {figures.accuracy:.4f}",
        f"macro-F1  {figures.macro_f1:.4f}",
        "",
        f"{'class':<{width}}  precision  recall      f1  examples",
    ]
    lines += [
        f"{one.label:<{width}}  {one.precision:>9.4f}  {one.recall:.4f}  {one.f1:.4f}"
        f"  {one.examples:>8}"
        for one in figures.classes
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print accuracy, macro-F1 and a table of classes; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.evaluate", description=main.__doc__)
    parser.add_argument("file", type=Path, help="`text;label` lines, or texts, one a line")
    parser.add_argument("labels", type=Path, nargs="?", help="labels of the texts, one a line")
    parser.add_argument("--model", type=Path, default=SHIPPED)
    options = parser.parse_args(arguments)

    def command() -> None:
        figures, note = evaluate(options.file, options.labels, options.model)
        print(render(figures, note))

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
