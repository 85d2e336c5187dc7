"""How large a batch should be: `python -m benchmarks.batch_sizes`.

The shipped model with the server's scheduler and no HTTP, under closed loops of 64 single texts
and of 4 x 50 texts, for several token budgets and spreads of length. CPU time per text is what
counts: it hardly changes on a busy machine.
"""

import asyncio
import itertools
import os
import time
from pathlib import Path

import uvloop

from benchmarks.peers.inputs import gather_texts
from benchmarks.peers.processes import ROOT
from serving.classifier.artifact import open_model
from serving.classifier.batching import Sizing
from serving.classifier.classifier import EmotionClassifier
from serving.scheduling.queue import QueuedRequest
from serving.scheduling.scheduler import ContinuousScheduler, RunReport
from serving.settings import MODEL_DIR

CHOICES = ((512, 1.2), (512, 1.0), (512, 1.5), (256, 1.2), (1024, 1.5))
ROUNDS, SECONDS = 2, 2.0


class Reports:
    """Observer that keeps the reports of the scheduler's runs."""

    def __init__(self) -> None:
        self.runs: list[RunReport] = []
        self.ran = self.runs.append

    def first_run(self, queued_seconds: float) -> None:
        """Not measured here."""

    def encoded(self, failed: int, seconds: float) -> None:
        """Not measured here."""


async def cpu_per_text(
    scheduler: ContinuousScheduler, texts: list[str], connections: int, size: int
) -> float:
    """Return the CPU milliseconds per text under a closed loop."""
    coming = itertools.cycle(texts)
    ends = time.perf_counter() + SECONDS
    done: list[int] = []

    async def one_by_one() -> None:
        while time.perf_counter() < ends:
            request = QueuedRequest(list(itertools.islice(coming, size)), done.append)
            scheduler.submit(request)
            await request.finished

    began = time.process_time()
    await asyncio.gather(*(one_by_one() for _ in range(connections)))
    return (time.process_time() - began) / sum(done) * 1e3


async def main() -> None:
    _, texts = gather_texts(Path(os.environ.get("MOODLINE_DATA") or ROOT / "../shared/data"))
    with EmotionClassifier(open_model(MODEL_DIR)) as classifier:
        for budget, spread in CHOICES * ROUNDS:
            reports = Reports()
            scheduler = ContinuousScheduler(classifier, reports, Sizing(budget, spread))
            singles = await cpu_per_text(scheduler, texts, 64, 1)
            runs = list(reports.runs)
            shown = f"{sum(run.texts for run in runs) / len(runs):.1f} texts per run"
            waste = 1 - sum(run.tokens for run in runs) / sum(run.padded_tokens for run in runs)
            batches = await cpu_per_text(scheduler, texts, 4, 50)
            scheduler.close()
            print(
                f"budget {budget}, spread {spread}: 64 x 1 {singles:.2f} ms, 4 x 50"
                f" {batches:.2f} ms of CPU per text; {shown}, {waste:.0%} padding (64 x 1)"
            )


if __name__ == "__main__":
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
