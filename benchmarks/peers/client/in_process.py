"""The model without a server: the client's process runs it, in the same phases."""

import itertools
import os
import time

from benchmarks.peers.client.phases import (
    OK,
    Done,
    Moment,
    Phase,
    PhaseResult,
    Task,
    Window,
    prepare,
    summarise,
)
from benchmarks.peers.contract import Call, read_items
from benchmarks.peers.processes import memory
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier

_NO_REQUEST = Call("", b"", read_items)


def run(task: Task) -> list[PhaseResult]:
    """Go through the phases, one call after the other.

    A call has as many texts as the phase has in one request, or as many as it has connections
    that send one text each: what a server can have queued at a time.
    """
    with EmotionClassifier(open_model(task.setup.model_dir)) as classifier:
        return [_run(classifier, phase, task) for phase in task.phases]


def _run(classifier: EmotionClassifier, phase: Phase, task: Task) -> PhaseResult:
    size = phase.texts if phase.texts > 1 else phase.connections
    texts = task.inputs.texts
    calls = itertools.cycle(prepare(texts, lambda _: _NO_REQUEST, size, task.offset))
    done: list[Done] = []
    first: Moment | None = None
    start = time.perf_counter()
    while (began := time.perf_counter()) < start + phase.warm_seconds + phase.seconds:
        if first is None and began >= start + phase.warm_seconds:
            first = _moment()
            began = first.clock
        call = next(calls)
        classifier.classify([texts[index] for index in call.indices])
        done.append(Done(call, began, began, time.perf_counter(), OK))
    # The last call counts in full, so the window ends with it and not at the planned end.
    window = Window(first or _moment(), _moment(), memory(os.getpid()))
    return summarise(phase, done, task.inputs.reference, window)


def _moment() -> Moment:
    """Return the time and the CPU seconds of this process, counted as a server's."""
    return Moment(time.perf_counter(), time.process_time(), 0.0)
