"""The client: a separate process that loads one server, or runs the model itself.

Reads a pickled Task from standard input and writes the pickled figures of its phases to standard
output. Requests are written before the clock starts and only one answer in SAMPLE is read, after
the clock has stopped, so that the client uses as little of the machine as it can.
"""

import asyncio
import functools
import itertools
import os
import pickle
import sys
import time
from collections.abc import Sequence

import uvloop

from benchmarks.peers.client.connection import Pool, written
from benchmarks.peers.client.phases import (
    OK,
    Done,
    Moment,
    Phase,
    PhaseResult,
    Prepared,
    Task,
    Window,
    prepare,
    summarise,
)
from benchmarks.peers.contract import Call, read_items
from benchmarks.peers.processes import cpu_seconds, memory
from benchmarks.peers.registry import ENTRIES
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier

SAMPLE = 16
MAX_OPEN = 4096


def main() -> None:
    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 -- the parent process wrote it
    if task.pid is None:
        results = run_model(task)
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            results = runner.run(run(task, task.pid))
    pickle.dump(results, sys.stdout.buffer)


async def run(task: Task, pid: int) -> list[PhaseResult]:
    """Go through the phases over one set of connections, without a pause between them."""
    texts, setup = task.inputs.texts, task.setup
    call = functools.partial(ENTRIES[task.peer].peer.call, setup)
    host = f"127.0.0.1:{setup.port}"
    requests = {
        size: [
            (request, written(request.call, host))
            for request in prepare(texts, call, size, task.offset)
        ]
        for size in {phase.texts for phase in task.phases}
    }
    seen: list[tuple[Phase, Client, Window]] = []
    pool = Pool("127.0.0.1", setup.port)
    for phase in task.phases:
        client = Client(pool, phase, requests[phase.texts])
        seen.append((phase, client, await client.work(pid)))
    pool.close()
    reference = task.inputs.reference
    return [summarise(phase, client.done, reference, window) for phase, client, window in seen]


def run_model(task: Task) -> list[PhaseResult]:
    """Go through the phases without a server: this process runs the model, one call at a time.

    A call has as many texts as the phase has in one request, or as many as it has connections
    that send one text each: what a server can have queued at a time.
    """
    with EmotionClassifier(open_model(task.setup.model_dir)) as classifier:
        return [_run_phase(classifier, phase, task) for phase in task.phases]


def _run_phase(classifier: EmotionClassifier, phase: Phase, task: Task) -> PhaseResult:
    def moment() -> Moment:  # the CPU seconds of this process count as a server's
        return Moment(time.perf_counter(), time.process_time(), 0.0)

    size = phase.texts if phase.texts > 1 else phase.connections
    texts, no_request = task.inputs.texts, Call("", b"", read_items)
    calls = itertools.cycle(prepare(texts, lambda _: no_request, size, task.offset))
    done: list[Done] = []
    first: Moment | None = None
    start = time.perf_counter()
    while (began := time.perf_counter()) < start + phase.warm_seconds + phase.seconds:
        if first is None and began >= start + phase.warm_seconds:
            first = moment()
            began = first.clock
        call = next(calls)
        classifier.classify([texts[index] for index in call.indices])
        done.append(Done(call, began, began, time.perf_counter(), OK))
    # The last call counts in full, so the window ends with it and not at the planned end.
    window = Window(first or moment(), moment(), memory(os.getpid()))
    return summarise(phase, done, task.inputs.reference, window)


class Client:
    """Sends one phase's requests and records how each of them ended."""

    def __init__(
        self, pool: Pool, phase: Phase, requests: Sequence[tuple[Prepared, bytes]]
    ) -> None:
        self.done: list[Done] = []
        self._pool = pool
        self._phase = phase
        self._requests = itertools.cycle(requests)
        self._ended = False

    async def work(self, pid: int) -> Window:
        """Load the server, and return the window that counts."""
        rate = self._phase.rate
        offering = asyncio.create_task(self._by_the_clock(rate) if rate else self._by_connections())
        await asyncio.sleep(self._phase.warm_seconds)
        first = _moment(pid)
        await asyncio.sleep(self._phase.seconds)
        window = Window(first, _moment(pid), memory(pid))
        self._ended = True
        await offering
        return window

    async def _by_connections(self) -> None:
        await asyncio.gather(*(self._one_by_one() for _ in range(self._phase.connections)))

    async def _one_by_one(self) -> None:
        while not self._ended:
            if await self._send(time.perf_counter()) != OK:
                await asyncio.sleep(0.01)  # a server that is down must not be hammered

    async def _by_the_clock(self, rate: float) -> None:
        open_requests: set[asyncio.Task[str]] = set()
        start = time.perf_counter()
        for number in itertools.count():
            due = start + number / rate
            await asyncio.sleep(due - time.perf_counter())
            if self._ended:
                break
            if len(open_requests) < MAX_OPEN:
                task = asyncio.create_task(self._send(due))
                open_requests.add(task)
                task.add_done_callback(open_requests.discard)
        await asyncio.gather(*open_requests)

    async def _send(self, due: float) -> str:
        prepared, data = next(self._requests)
        began = time.perf_counter()
        body: bytes | None = None
        try:
            reply = await self._pool.ask(data)
            status, body = str(reply.status), reply.body
        except (OSError, TimeoutError) as exc:
            status = type(exc).__name__
        sample = body if len(self.done) % SAMPLE == 0 else None
        self.done.append(Done(prepared, due, began, time.perf_counter(), status, sample))
        return status


def _moment(pid: int) -> Moment:
    return Moment(time.perf_counter(), cpu_seconds(pid), time.process_time())


if __name__ == "__main__":
    main()
