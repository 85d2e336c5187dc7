"""One simulation: arrivals, the parts, and what came out. The same seed gives the same outcome."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import simpy

from benchmarks.figures import percentile
from benchmarks.simulation.autoscaler import Autoscaler
from benchmarks.simulation.inference import Cores, Inference
from benchmarks.simulation.inputs import Costs, Deployment, Load
from benchmarks.simulation.usage import Usage, Watch
from benchmarks.simulation.workers import Analysis, Workers

_SAMPLE_SECONDS = 30.0
_WARM_UP_SECONDS = 300.0

TARGETS = {
    "cpu": 0.85,
    "moodline_serving_held_texts": 512.0,
    "moodline_running_analyses": 1.4,
    "moodline_queue_analyses": 4.0,
    "moodline_queue_oldest_seconds": 30.0,
}
"""Targets of the autoscalers in deploy/kubernetes/base, by metric."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One analysis that arrives: when, its posts to classify, its stored posts, its calls."""

    at: float
    posts: int
    stored: int
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulation of so many seconds did; times are in seconds.

    queued, running, deferred and held_by_the_dead are the analyses that have not ended.

    waits are from arrival to the first start, totals from arrival to the end, and last_end is when
    the last one ended. use is each part's mean utilisation, and full the part that first had no
    room left after the autoscalers had time to settle, None if all had.
    """

    seconds: float
    arrived: int
    ended: int
    queued: int
    running: int
    deferred: int
    held_by_the_dead: int
    waits: Sequence[float]
    totals: Sequence[float]
    last_end: float
    texts: int
    refused: int
    use: Mapping[str, float]
    full: str | None
    full_at: float | None
    most_replicas: Mapping[str, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Analyses that ended per second."""
        return self.ended / self.seconds

    @property
    def texts_per_second(self) -> float:
        """Texts classified per second."""
        return self.texts / self.seconds

    def wait(self, share: float) -> float:
        """Return a percentile of the waits; those that wait still count with their wait so far."""
        return percentile(self.waits, share) or 0.0

    def total(self, share: float) -> float:
        """Return a percentile of the times from arrival to end, of those that ended."""
        return percentile(self.totals, share) or 0.0

    @property
    def mean_total(self) -> float:
        """Return the mean time from arrival to end, of those that ended."""
        return sum(self.totals) / len(self.totals) if self.totals else 0.0


def arrivals(load: Load, seed: int) -> list[Arrival]:
    """Return the arrivals of a load in the order of time: Poisson, and its burst."""
    chance = random.Random(seed)
    times, at = [], 0.0
    while load.rate and (at := at + chance.expovariate(load.rate)) < load.seconds:
        times.append(at)
    times += [load.seconds / 2] * load.burst
    found = []
    for at in sorted(times):
        posts = load.first_posts if chance.random() < load.first else load.again_posts
        pages = -(-posts // load.page_posts)
        calls = load.other_calls + pages if chance.random() < load.fetched else 0
        found.append(Arrival(at, posts, max(load.stored_posts, posts), calls))
    return found


def simulate(
    costs: Costs,
    deployment: Deployment,
    arriving: Sequence[Arrival],
    *,
    seconds: float,
    seed: int = 1,
) -> Outcome:
    """Simulate so many seconds of these arrivals."""
    env = simpy.Environment()
    chance = random.Random(seed)
    cores = Cores(simpy.PriorityResource(env, deployment.cores) if deployment.shared else None)
    inference = Inference(env, costs, deployment, cores, chance)
    workers = Workers(env, costs, deployment, inference, cores, chance)
    scalers = _autoscalers(env, deployment, inference, workers)
    parts = {
        "source": workers.source_usage,
        "inference": inference.usage,
        "store": workers.store_usage,
        "workers": workers.usage,
    }
    watch = Watch(env, parts, _SAMPLE_SECONDS, after=min(_WARM_UP_SECONDS, seconds / 3))
    env.process(watch.run())
    accepted: list[Analysis] = []
    env.process(_arrive(env, arriving, workers, accepted))
    env.run(seconds)
    return _outcome(seconds, accepted, workers, inference, watch, scalers)


def _arrive(
    env: simpy.Environment, arriving: Sequence[Arrival], workers: Workers, accepted: list[Analysis]
) -> Iterator[simpy.Event]:
    for one in arriving:
        yield env.timeout(max(0.0, one.at - env.now))
        analysis = Analysis(env.now, one.posts, one.stored, left=one.posts, calls=one.calls)
        accepted.append(analysis)
        env.process(workers.accept(analysis))


def _autoscalers(
    env: simpy.Environment, deployment: Deployment, inference: Inference, workers: Workers
) -> dict[str, Autoscaler]:
    busy = _Busy(inference.usage)

    def inference_wanted(replicas: int) -> float:
        held = inference.held_per_server * len(inference.servers) / replicas
        return max(held / TARGETS["moodline_serving_held_texts"], busy.share() / TARGETS["cpu"])

    def workers_wanted(replicas: int) -> float:
        running = workers.running / replicas / TARGETS["moodline_running_analyses"]
        queued = len(workers.queue) / replicas / TARGETS["moodline_queue_analyses"]
        return max(running, queued, workers.oldest_wait / TARGETS["moodline_queue_oldest_seconds"])

    scalers = {
        "inference": Autoscaler(
            env,
            deployment.inference,
            wanted=inference_wanted,
            add=inference.add,
            remove=inference.remove,
            doubling_seconds=30.0,
        ),
        "workers": Autoscaler(
            env,
            deployment.workers,
            wanted=workers_wanted,
            add=workers.add,
            remove=workers.remove,
        ),
    }
    for scaler in scalers.values():
        env.process(scaler.run())
    return scalers


class _Busy:
    """Utilisation since the last time it was asked for, as metrics-server shows CPU."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._before = (0.0, 0.0)

    def share(self) -> float:
        share, self._before = self._usage.share_since(self._before), self._usage.sums()
        return share


def _outcome(
    seconds: float,
    accepted: Sequence[Analysis],
    workers: Workers,
    inference: Inference,
    watch: Watch,
    scalers: Mapping[str, Autoscaler],
) -> Outcome:
    waits = [(seconds if one.started is None else one.started) - one.arrived for one in accepted]
    return Outcome(
        seconds=seconds,
        arrived=len(accepted),
        ended=len(workers.ended),
        queued=workers.waking + len(workers.queue) + len(workers.orphans),
        running=workers.running,
        deferred=workers.deferred,
        held_by_the_dead=workers.held_by_the_dead,
        waits=waits,
        totals=[one.ended - one.arrived for one in workers.ended if one.ended is not None],
        last_end=max((one.ended or 0.0 for one in workers.ended), default=0.0),
        texts=inference.texts,
        refused=inference.refused,
        use={name: usage.share_since((0.0, 0.0)) for name, usage in watch.parts.items()},
        full=watch.first_full,
        full_at=watch.first_full_at,
        most_replicas={name: scaler.most for name, scaler in scalers.items()},
    )
