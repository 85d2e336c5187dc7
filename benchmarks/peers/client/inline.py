"""The model without a server: the client's process runs it, under the same phases."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.adapters.wire import read_items
from benchmarks.peers.client.phases import Phase
from benchmarks.peers.client.recording import (
    OK,
    Done,
    Moment,
    PhaseResult,
    Window,
    prepare,
    summarise,
)
from benchmarks.peers.contract import Call
from benchmarks.peers.inputs import Inputs
from benchmarks.peers.processes import memory
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier

URL = "inline:"
_NO_REQUEST = Call("", b"", read_items)


def run(model_dir: Path, phases: Sequence[Phase], inputs: Inputs, offset: int) -> list[PhaseResult]:
    """Go through the phases, one call after the other.

    A call has as many texts as the phase has in one request, or as many connections as send
    one text each: what a server can have before it at a time.
    """
    with EmotionClassifier(open_model(model_dir)) as classifier:
        return [_run(classifier, phase, inputs, offset) for phase in phases]


def _run(classifier: EmotionClassifier, phase: Phase, inputs: Inputs, offset: int) -> PhaseResult:
    size = phase.texts if phase.texts > 1 else phase.connections
    calls = itertools.cycle(prepare(inputs.texts, lambda _: _NO_REQUEST, size, offset))
    done: list[Done] = []
    first: Moment | None = None
    start = time.perf_counter()
    while (began := time.perf_counter()) < start + phase.warm_seconds + phase.seconds:
        if first is None and began >= start + phase.warm_seconds:
            first = _moment()
            began = first.clock
        call = next(calls)
        classifier.classify([inputs.texts[place] for place in call.places])
        done.append(Done(call, began, began, time.perf_counter(), OK))
    # The last call counts in full, so the end is its end and not the planned one.
    window = Window(first or _moment(), _moment(), memory(os.getpid()))
    return summarise(phase, done, inputs.reference, window)


def _moment() -> Moment:
    """Return the time and what this process, which is server and client, has used as a server."""
    return Moment(time.perf_counter(), time.process_time(), 0.0)
