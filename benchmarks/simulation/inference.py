"""Simulated inference servers: a queue of texts each, and runs of the model over a few at a time.

As in `serving/scheduling`: each core of a server takes the texts that have waited longest, of any
request, up to what one run reads; a full queue refuses a request, whose client tries again later.
"""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import simpy

from benchmarks.simulation.inputs import Costs, Deployment
from benchmarks.simulation.usage import Usage

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
_WORKER_FIRST, _MODEL_AFTER = 0, 1
"""Who gets a shared core first: Linux favours a thread that has just woken."""


@dataclass(slots=True)
class Texts:
    """Texts of one request: how many have not been taken by a run, and how many are not done."""

    waiting: int
    open: int
    done: simpy.Event


@dataclass(slots=True)
class Cores:
    """Cores that worker and model may share; without a resource there is always one."""

    resource: simpy.PriorityResource | None = None

    def used(
        self, env: simpy.Environment, seconds: float, *, by_model: bool
    ) -> Iterator[simpy.Event]:
        """Use a core for so long."""
        if self.resource is None:
            yield env.timeout(seconds)
            return
        with self.resource.request(_MODEL_AFTER if by_model else _WORKER_FIRST) as core:
            yield core
            yield env.timeout(seconds)


@dataclass(slots=True, eq=False)
class Server:
    """One inference server."""

    idle: int
    held: int = 0
    closing: bool = False
    requests: deque[Texts] = field(default_factory=deque)


class Inference:
    """All inference servers; a request goes to one of them at random, as through a Service."""

    def __init__(
        self,
        env: simpy.Environment,
        costs: Costs,
        deployment: Deployment,
        cores: Cores,
        chance: random.Random,
    ) -> None:
        self._env = env
        self._costs = costs
        self._deployment = deployment
        self._cores = cores
        self._chance = chance
        self.usage = Usage(env)
        self.servers: list[Server] = []
        self.refused = 0
        self.texts = 0
        for _ in range(deployment.inference.fewest):
            self.add()

    def add(self) -> None:
        """Add a server, which is ready at once."""
        self.servers.append(Server(self._deployment.cores))
        self.usage.change(available=self._deployment.cores)

    def remove(self) -> None:
        """Take a server out of the choice; it answers what it has taken."""
        server = self.servers.pop()
        server.closing = True
        self.usage.change(available=-self._deployment.cores)

    @property
    def held_per_server(self) -> float:
        """Texts that are queued or running, per server: what the autoscaler reads."""
        return sum(server.held for server in self.servers) / len(self.servers)

    def classify(self, texts: int) -> Iterator[simpy.Event]:
        """Have texts classified, after as many refusals as it takes, unless interrupted."""
        pause = _FIRST_PAUSE
        while True:
            server = self._chance.choice(self.servers)
            if server.held == 0 or server.held + texts <= self._deployment.queue_texts:
                break
            self.refused += 1
            try:
                yield self._env.timeout(pause)
            except simpy.Interrupt:
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
        request = Texts(texts, texts, self._env.event())
        server.held += texts
        server.requests.append(request)
        runs = -(-texts // self._deployment.batch_texts)
        while server.idle and runs:
            server.idle -= 1
            runs -= 1
            self._env.process(self._runner(server))
        try:
            yield request.done
        except simpy.Interrupt:
            # The client is gone: what no run has taken is dropped.
            server.held -= request.waiting
            request.open -= request.waiting
            request.waiting = 0

    def _runner(self, server: Server) -> Iterator[simpy.Event]:
        while taken := self._taken(server):
            texts = sum(count for _, count in taken)
            self.usage.change(busy=1)
            yield from self._cores.used(self._env, self._run_seconds(texts), by_model=True)
            self.usage.change(busy=-1)
            server.held -= texts
            self.texts += texts
            for request, count in taken:
                request.open -= count
                if not request.open and not request.done.triggered:
                    request.done.succeed()
        server.idle += 1

    def _taken(self, server: Server) -> list[tuple[Texts, int]]:
        room, taken = self._deployment.batch_texts, []
        while room and server.requests:
            request = server.requests[0]
            count = min(room, request.waiting)
            request.waiting -= count
            room -= count
            if count:
                taken.append((request, count))
            if not request.waiting:
                server.requests.popleft()
        return taken

    def _run_seconds(self, texts: int) -> float:
        mean = self._costs.run + self._costs.text * texts
        if not self._costs.variation:
            return mean
        shape = self._costs.variation**-2
        return self._chance.gammavariate(shape, mean / shape)
