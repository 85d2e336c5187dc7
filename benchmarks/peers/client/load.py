"""The client: a process of its own that loads one server and prints what it saw.

Reads a job as JSON from standard input and writes the figures of its phases to standard output.
Requests are written before the clock starts and only one answer in SAMPLE is read, and that
after it has stopped, so that the client takes as little of the machine as it can.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.peers.client import inline
from benchmarks.peers.client.connection import Pool, written
from benchmarks.peers.client.phases import Phase
from benchmarks.peers.client.recording import (
    OK,
    Done,
    Moment,
    PhaseResult,
    Prepared,
    Window,
    prepare,
    summarise,
)
from benchmarks.peers.contract import Place
from benchmarks.peers.inputs import Inputs
from benchmarks.peers.processes import cpu_seconds, memory
from benchmarks.peers.registry import load_peer

SAMPLE = 16
MAX_OPEN = 4096


def main() -> None:
    """Run the job on standard input."""
    job = json.load(sys.stdin)
    phases = [Phase(**phase) for phase in job["phases"]]
    inputs = Inputs.read(Path(job["inputs"]))
    if job["url"] == inline.URL:
        results = inline.run(Path(job["place"]["model_dir"]), phases, inputs, job["offset"])
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            results = runner.run(run(job, phases, inputs))
    json.dump([asdict(result) for result in results], sys.stdout)


async def run(job: dict[str, Any], phases: Sequence[Phase], inputs: Inputs) -> list[PhaseResult]:
    """Go through the phases over one set of connections, without a pause between them."""
    place = Place.from_job(job["place"])
    call = functools.partial(load_peer(job["peer"]).call, place)
    host = f"127.0.0.1:{place.port}"
    requests = {
        size: [
            (request, written(request.call, host))
            for request in prepare(inputs.texts, call, size, job["offset"])
        ]
        for size in {phase.texts for phase in phases}
    }
    seen: list[tuple[Phase, Client, Window]] = []
    pool = Pool("127.0.0.1", place.port)
    for phase in phases:
        client = Client(pool, phase, requests[phase.texts])
        seen.append((phase, client, await client.work(job["pid"])))
    pool.close()
    return [
        summarise(phase, client.done, inputs.reference, window) for phase, client, window in seen
    ]


class Client:
    """Send one phase's requests and remember how each of them ended."""

    def __init__(
        self, pool: Pool, phase: Phase, requests: Sequence[tuple[Prepared, bytes]]
    ) -> None:
        self.done: list[Done] = []
        self._pool = pool
        self._phase = phase
        self._requests = itertools.cycle(requests)
        self._ended = False

    async def work(self, pid: int) -> Window:
        """Load the server, and return when it counted."""
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
    """Return the time, and what the server `pid` and this process have used."""
    return Moment(time.perf_counter(), cpu_seconds(pid), time.process_time())


if __name__ == "__main__":
    main()
