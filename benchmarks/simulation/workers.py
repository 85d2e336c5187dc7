"""Simulated workers: the queue of analyses, leases, and the stages of a run.

As in `api/worker.py` and `api/jobs`: a free thread takes an analysis that has just been accepted;
each worker also polls the queue and then works on one more analysis at a time. The lease of a
worker that dies ends later, and a poll finds its analysis, whose saved chunks are not classified
again. A source that allows no more calls defers the analysis until its window ends.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import simpy

from benchmarks.simulation.inference import Cores, Inference
from benchmarks.simulation.inputs import Costs, Deployment
from benchmarks.simulation.usage import Usage


@dataclass(slots=True, eq=False)
class Analysis:
    """One analysis: what is left to do of it, and when it was where."""

    arrived: float
    posts: int
    stored: int
    left: int
    calls: int
    started: float | None = None
    ended: float | None = None
    runs: int = 0


@dataclass(slots=True, eq=False)
class Worker:
    """One worker process; its threads share one core, as those of any Python process do."""

    core: simpy.Resource
    idle: int
    runs: set[simpy.Process] = field(default_factory=set)
    alive: bool = True


@dataclass(slots=True)
class CallWindow:
    """Calls that a source allows per window of time, all workers together."""

    env: simpy.Environment
    usage: Usage
    limit: float
    seconds: float
    left: float = field(init=False)
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.ends = self.limit, self.env.now + self.seconds
        self.usage.change(available=1 if self.limit != float("inf") else 0)
        self.usage.used_up = False

    def wait(self) -> float:
        """Take a call and return 0, or return the seconds until the window ends."""
        if self.env.now >= self.ends:
            self.left, self.usage.used_up = self.limit, False
            self.ends += self.seconds * (1 + (self.env.now - self.ends) // self.seconds)
        if self.left < 1:
            self.usage.used_up = True
            return max(self.ends - self.env.now, 1.0)
        self.left -= 1
        # The part is used up by its share of the calls of a window.
        self.usage.busy_seconds += self.seconds / self.limit
        return 0.0


class Workers:
    """The queue of analyses and the workers on it."""

    def __init__(
        self,
        env: simpy.Environment,
        costs: Costs,
        deployment: Deployment,
        inference: Inference,
        cores: Cores,
        chance: random.Random,
    ) -> None:
        self._env = env
        self._costs = costs
        self._deployment = deployment
        self._inference = inference
        self._cores = cores
        self._chance = chance
        self.usage = Usage(env)
        self.store_usage = Usage(env)
        self.store_usage.change(available=deployment.store_writers)
        self._store = simpy.Resource(env, deployment.store_writers)
        self.source_usage = Usage(env)
        self._window = CallWindow(env, self.source_usage, deployment.calls, deployment.window)
        self.queue: deque[Analysis] = deque()
        self.orphans: deque[Analysis] = deque()
        self.waking = 0
        self.deferred = 0
        self.held_by_the_dead = 0
        self.running = 0
        self.ended: list[Analysis] = []
        self.workers: list[Worker] = []
        for _ in range(deployment.workers.fewest):
            self.add()

    def add(self) -> None:
        """Start a worker, which polls at once."""
        threads = self._deployment.threads
        worker = Worker(simpy.Resource(self._env, 1), threads)
        self.workers.append(worker)
        self.usage.change(available=threads + 1)
        self._env.process(self._poller(worker))
        if self._deployment.worker_life:
            self._env.process(self._death(worker))
        while worker.idle and self.queue:
            self._take(worker)

    def remove(self) -> None:
        """Stop a worker: it takes nothing new. What it runs is finished."""
        worker = self.workers.pop()
        worker.alive = False
        self.usage.change(available=-(self._deployment.threads + 1))

    def accept(self, analysis: Analysis) -> Iterator[simpy.Event]:
        """Queue an analysis once its wake-up has reached the workers; a simpy process."""
        self.waking += 1
        yield self._env.timeout(self._costs.wake)
        self.waking -= 1
        self._enqueue(analysis)

    @property
    def oldest_wait(self) -> float:
        """Seconds for which the oldest analysis of the queue has waited."""
        return self._env.now - self.queue[0].arrived if self.queue else 0.0

    def _enqueue(self, analysis: Analysis) -> None:
        self.queue.append(analysis)
        free = [worker for worker in self.workers if worker.idle]
        if free:
            self._take(self._chance.choice(free))

    def _take(self, worker: Worker) -> None:
        worker.idle -= 1
        self._start(worker, self._thread(worker, self.queue.popleft()))

    def _start(self, worker: Worker, run: Iterator[simpy.Event]) -> simpy.Process:
        process = self._env.process(run)
        worker.runs.add(process)
        process.callbacks.append(lambda _: worker.runs.discard(process))
        return process

    def _thread(self, worker: Worker, analysis: Analysis) -> Iterator[simpy.Event]:
        following: Analysis | None = analysis
        while following is not None:
            yield from self._run(worker, following)
            take = worker.alive and self.queue
            following = self.queue.popleft() if take else None
        worker.idle += 1

    def _poller(self, worker: Worker) -> Iterator[simpy.Event]:
        yield self._env.timeout(self._chance.uniform(0, self._deployment.poll))
        while worker.alive:
            while worker.alive and (self.orphans or self.queue):
                found = self.orphans.popleft() if self.orphans else self.queue.popleft()
                yield self._start(worker, self._run(worker, found))
            yield self._env.timeout(self._deployment.poll)

    def _death(self, worker: Worker) -> Iterator[simpy.Event]:
        yield self._env.timeout(self._chance.expovariate(1 / self._deployment.worker_life))
        if not worker.alive:
            return
        self.workers.remove(worker)
        worker.alive = False
        worker.idle = 0
        self.usage.change(available=-(self._deployment.threads + 1))
        for process in [one for one in worker.runs if one.is_alive]:
            process.interrupt()
        yield self._env.timeout(self._deployment.worker_restart)
        self.add()

    def _run(self, worker: Worker, analysis: Analysis) -> Iterator[simpy.Event]:
        """Run an analysis to its end, a deferral or the worker's death."""
        analysis.runs += 1
        if analysis.started is None:
            analysis.started = self._env.now
        self.running += 1
        self.usage.change(busy=1)
        wait = 0.0
        try:
            wait = yield from self._stages(worker, analysis)
        except simpy.Interrupt:
            self._env.process(self._lease_end(analysis))
            return
        finally:
            self.running -= 1
            self.usage.change(busy=-1)
        if wait:
            self._env.process(self._deferral(analysis, wait))
        else:
            analysis.ended = self._env.now
            self.ended.append(analysis)

    def _stages(self, worker: Worker, analysis: Analysis) -> Iterator[simpy.Event]:
        if analysis.runs == 1:
            # Beside it, clients ask the API how far it is.
            self._env.process(self._cores.used(self._env, self._costs.requests, by_model=False))
        yield from self._computed(worker, self._costs.analysis)
        while analysis.calls:
            if wait := self._window.wait():
                return wait
            yield self._env.timeout(self._costs.call)
            yield from self._saved()
            analysis.calls -= 1
        in_flight: deque[tuple[int, simpy.Process]] = deque()
        sent = 0
        try:
            while analysis.left:
                while len(in_flight) < self._deployment.in_flight and sent < analysis.left:
                    chunk = min(self._deployment.chunk_posts, analysis.left - sent)
                    answer = self._env.process(self._inference.classify(chunk))
                    in_flight.append((chunk, answer))
                    sent += chunk
                chunk, answer = in_flight[0]
                yield answer
                in_flight.popleft()
                yield from self._computed(worker, self._costs.classify * chunk)
                yield from self._saved()
                analysis.left -= chunk
                sent -= chunk
        except simpy.Interrupt:
            for _, answer in in_flight:
                if answer.is_alive:
                    answer.interrupt()
            raise
        yield from self._computed(worker, self._costs.decide * analysis.stored)
        yield from self._saved()
        return 0.0

    def _computed(self, worker: Worker, seconds: float) -> Iterator[simpy.Event]:
        """Use the worker's core for so long."""
        if not seconds:
            return
        with worker.core.request() as core:
            yield core
            yield from self._cores.used(self._env, seconds, by_model=False)

    def _saved(self) -> Iterator[simpy.Event]:
        if not self._costs.save:
            return
        with self._store.request() as writer:
            yield writer
            self.store_usage.change(busy=1)
            try:
                yield self._env.timeout(self._costs.save)
            finally:
                self.store_usage.change(busy=-1)

    def _lease_end(self, analysis: Analysis) -> Iterator[simpy.Event]:
        self.held_by_the_dead += 1
        yield self._env.timeout(self._deployment.lease)
        self.held_by_the_dead -= 1
        self.orphans.append(analysis)

    def _deferral(self, analysis: Analysis, seconds: float) -> Iterator[simpy.Event]:
        self.deferred += 1
        yield self._env.timeout(seconds)
        self.deferred -= 1
        self.orphans.append(analysis)
