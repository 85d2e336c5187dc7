"""A simulated HorizontalPodAutoscaler, by the rules of Kubernetes' autoscaling/v2."""

import math
from collections import deque
from collections.abc import Callable, Iterator

import simpy

from benchmarks.simulation.inputs import Scaling

SYNC_SECONDS = 15.0
STABLE_SECONDS = 300.0
_TOLERANCE = 0.1
_LEAST_STEP = 4


class Autoscaler:
    """Replicas of one part between two limits.

    wanted returns, for so many replicas, by how much the metrics are above their targets: 2.0 asks
    for twice as many. At a sync they at most double (or grow by four); they shrink to the largest
    number that was wanted within the last five minutes. A new replica takes its time to start.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scaling: Scaling,
        *,
        wanted: Callable[[int], float],
        add: Callable[[], None],
        remove: Callable[[], None],
        doubling_seconds: float = SYNC_SECONDS,
    ) -> None:
        self._env = env
        self._scaling = scaling
        self._wanted = wanted
        self._add = add
        self._remove = remove
        self._doubling_seconds = doubling_seconds
        self.replicas = scaling.fewest
        self.most = scaling.fewest
        self._ready = scaling.fewest
        self._grew_at = -math.inf
        self._recent: deque[tuple[float, int]] = deque()

    def run(self) -> Iterator[simpy.Event]:
        """Look at the metrics for ever; a simpy process."""
        while self._scaling.most > self._scaling.fewest:
            yield self._env.timeout(SYNC_SECONDS)
            self._sync()

    def _sync(self) -> None:
        ratio = self._wanted(self.replicas)
        desired = self.replicas
        if abs(ratio - 1) > _TOLERANCE:
            desired = math.ceil(self.replicas * ratio)
        desired = min(max(desired, self._scaling.fewest), self._scaling.most)
        self._recent.append((self._env.now, desired))
        while self._recent[0][0] < self._env.now - STABLE_SECONDS:
            self._recent.popleft()
        if desired > self.replicas and self._env.now - self._grew_at >= self._doubling_seconds:
            self._grew_at = self._env.now
            step = max(self.replicas, _LEAST_STEP)
            self._grow(min(desired, self.replicas + step))
        lasting = max(number for _, number in self._recent)
        while self.replicas > max(lasting, self._scaling.fewest) and self._ready == self.replicas:
            self.replicas -= 1
            self._ready -= 1
            self._remove()

    def _grow(self, replicas: int) -> None:
        for _ in range(replicas - self.replicas):
            self._env.process(self._start())
        self.replicas = replicas
        self.most = max(self.most, replicas)

    def _start(self) -> Iterator[simpy.Event]:
        yield self._env.timeout(self._scaling.starting)
        self._ready += 1
        self._add()
