"""The client: a separate process that loads one server and reports what it saw.

Reads a pickled Task from standard input and writes the pickled figures of its phases to standard
output. Requests are written before the clock starts and only one answer in SAMPLE is read, after
the clock has stopped, so that the client uses as little of the machine as it can.
"""

import asyncio
import functools
import itertools
import pickle
import sys
import time
from collections.abc import Sequence

import uvloop

from benchmarks.peers.client import in_process
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
from benchmarks.peers.processes import cpu_seconds, memory
from benchmarks.peers.registry import ENTRIES

SAMPLE = 16
MAX_OPEN = 4096


def main() -> None:
    """Run the task on standard input."""
    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 -- the parent process wrote it
    if task.pid is None:
        results = in_process.run(task)
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
        offer = self._by_the_clock if self._phase.rate else self._by_connections
        offering = asyncio.create_task(offer())
        await asyncio.sleep(self._phase.warm_seconds)
        first = moment(pid)
        await asyncio.sleep(self._phase.seconds)
        last = moment(pid)
        window = Window(first, last, memory(pid))
        self._ended = True
        await offering
        return window

    async def _by_connections(self) -> None:
        await asyncio.gather(*(self._one_by_one() for _ in range(self._phase.connections)))

    async def _one_by_one(self) -> None:
        while not self._ended:
            if await self._send(time.perf_counter()) != OK:
                await asyncio.sleep(0.01)  # a server that is down must not be hammered

    async def _by_the_clock(self) -> None:
        assert self._phase.rate is not None  # noqa: S101 -- `work` looked
        open_requests: set[asyncio.Task[str]] = set()
        start = time.perf_counter()
        for number in itertools.count():
            due = start + number / self._phase.rate
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


def moment(pid: int) -> Moment:
    """Return the time, and the CPU seconds of the server `pid` and of this process."""
    return Moment(time.perf_counter(), cpu_seconds(pid), time.process_time())


if __name__ == "__main__":
    main()
