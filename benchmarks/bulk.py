"""Bulk scoring against the model alone: `python -m benchmarks.bulk [TEXTS] [ROUNDS]`.

Both classify the same invented texts in turns, in one process: the model alone in calls of 64
texts, as `benchmarks.peers` measures it, and `serving.bulk` from a CSV file to a CSV file. Medians
of wall time, and of the processor's time, which a busy machine changes less.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from serving.bootstrap import open_classifier
from serving.bulk.formats import Wishes
from serving.bulk.run import run
from serving.bulk.scoring import LocalScoring
from serving.classifier.classifier import EmotionClassifier
from serving.settings import Settings
from tests.support.serving.bulk_texts import texts, write_csv

CALL = 64


def alone(classifier: EmotionClassifier, all_texts: list[str]) -> None:
    """Classify in calls of CALL texts."""
    for start in range(0, len(all_texts), CALL):
        classifier.classify(all_texts[start : start + CALL])


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and processor seconds."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


def main(count: int = 4_096, rounds: int = 5) -> None:
    """Print both rates and their ratio."""
    all_texts = list(texts(count))
    seconds: dict[str, list[tuple[float, float]]] = {"model alone": [], "bulk": []}
    settings = Settings.from_environment(os.environ)
    with tempfile.TemporaryDirectory() as folder, open_classifier(settings) as classifier:
        source, target = Path(folder, "in.csv"), Path(folder, "out.csv")
        with source.open("w", encoding="utf-8", newline="") as stream:
            write_csv(stream, count)
        scoring = LocalScoring(classifier)
        alone(classifier, all_texts[: 4 * CALL])
        for _ in range(rounds):
            seconds["model alone"].append(measured(lambda: alone(classifier, all_texts)))
            seconds["bulk"].append(
                measured(lambda: run(source, target, Wishes(), scoring, overwrite=True))
            )
    medians = {
        name: [statistics.median(column) for column in zip(*values, strict=True)]
        for name, values in seconds.items()
    }
    for name, (wall, used) in medians.items():
        print(
            f"{name}: {count / wall:,.0f} texts/s, {used / count * 1e3:.2f} ms of a core per text"
        )
    (wall, used), (bulk_wall, bulk_used) = medians["model alone"], medians["bulk"]
    print(
        f"bulk / model alone: {wall / bulk_wall:.2f} by wall, {used / bulk_used:.2f} by processor"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
