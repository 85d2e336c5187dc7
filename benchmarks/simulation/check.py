"""The simulation compared with a real run: Redis, inference server, API and two workers.

A first run, one analysis at a time, measures what an analysis costs the cores: the model's runs by
the inference server's metrics, workers, API and this client by their CPU time. A second one has
Poisson arrivals. The simulation has the same arrivals and the costs of the first run.
"""

import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean, linear_regression, median
from typing import Any

import httpx
import psutil

from api.runtime.processes import LocalServersError, free_port, start, wait_ready
from benchmarks.figures import percentile
from benchmarks.peers.processes import family
from benchmarks.simulation.inputs import Costs, Deployment, Scaling
from benchmarks.simulation.run import Arrival, simulate
from serving.classifier.cores import usable_cores

TARGET = 0.15
"""Share by which throughput and mean time may differ from the real ones."""
WORKERS, THREADS = 2, 2
CALIBRATION_POSTS = (20, 60, 120, 240, 480)
LOAD_POSTS = (40, 80, 160, 320)
_END_SECONDS = 900.0
_REQUESTS = 2  # about an analysis: its start, and a look when it has mostly ended
_WORDS = (
    "rain", "hill", "again", "morning", "walk", "with", "old", "dog", "found", "letter", "from",
    "sister", "about", "harbour", "cannot", "sleep", "tonight", "everything", "feels", "slow",
    "yet", "kitchen", "smells", "of", "bread", "thank", "you", "all",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Throughput in analyses per second, and the times from acceptance to success in seconds."""

    per_second: float
    mean: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What so many analyses, one at a time, cost.

    Of a request, the API and the client each use so many seconds of a core; costs has none of that,
    since how often a client asks depends on the client. A run of the model has so many texts.
    """

    costs: Costs
    texts_per_run: float
    api_per_request: float
    client_per_request: float
    analyses: int


@dataclass(frozen=True, slots=True)
class Alone:
    """An analysis while there was no other: its document and the CPU seconds of the workers."""

    posts: int
    document: Mapping[str, Any]
    worker_seconds: float


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds used up to now."""

    workers: float
    api: float
    client: float


@contextmanager
def distributed_service() -> Iterator["Service"]:
    """Start `python -m api.distributed` on free ports with a store of its own, and stop it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="moodline-bench-"))
        ports = free_port(), free_port()
        env = {
            **os.environ,
            "DATA_DIR": folder,
            "STORE_URL": "",
            "QUEUE_URL": "",
            "API_HOST": "127.0.0.1",
            "API_PORT": str(ports[0]),
            "SERVING_HOST": "127.0.0.1",
            "SERVING_PORT": str(ports[1]),
            "SERVING_CACHE_TEXTS": "0",
            "ANALYSIS_WORKERS": str(THREADS),
            "RATE_LIMIT": "off",
            "WORK_RATE_LIMIT": "off",
            "LOG_LEVEL": "warning",
        }
        command = [sys.executable, "-m", "api.distributed", "--workers", str(WORKERS)]
        child = start(stack, command, env, quiet=True)
        api, serving = (f"http://127.0.0.1:{port}" for port in ports)
        wait_ready(serving, [child])
        wait_ready(api, [child])
        client = stack.enter_context(httpx.Client(base_url=api, timeout=60, trust_env=False))
        yield Service(client, serving, child.process.pid)


class Service:
    """The running service, as a client sees it."""

    def __init__(self, api: httpx.Client, serving_url: str, launcher: int) -> None:
        self._api = api
        self._serving_url = serving_url
        self._launcher = launcher
        self.polls = 0

    def import_posts(self, user: str, texts: Sequence[str]) -> None:
        """Import posts of these texts, an hour apart."""
        now = datetime.now(UTC)
        lines = "\n".join(
            json.dumps(
                {"id": str(n), "text": text, "created_at": str(now - timedelta(hours=n + 1))}
            )
            for n, text in enumerate(texts)
        )
        self._api.post(f"/v1/users/{user}/posts", content=lines).raise_for_status()

    def begin(self, user: str) -> str:
        """Start an analysis and return its id."""
        asked = {"user_name": user, "consent": True}
        answer = self._api.post("/v1/analyses", json=asked).raise_for_status()
        return str(answer.json()["analysis_id"])

    def ended(self, analysis_id: str, *, pause: float) -> dict[str, Any]:
        """Return an analysis once it has succeeded. Raises LocalServersError."""
        deadline = time.monotonic() + _END_SECONDS
        while time.monotonic() < deadline:
            self.polls += 1
            answer = self._api.get(f"/v1/analyses/{analysis_id}").raise_for_status()
            document: dict[str, Any] = answer.json()
            if document["state"] == "succeeded":
                return document
            if document["state"] not in ("queued", "running"):
                raise LocalServersError(f"an analysis has {document['state']}: {document}")
            time.sleep(pause)
        raise LocalServersError(f"an analysis has not ended within {_END_SECONDS:.0f} seconds")

    def used(self) -> Used:
        """Return what workers, API and this process have used up to now."""
        seconds: dict[str, float] = {}
        for process in family(self._launcher):
            with suppress(psutil.Error):
                module, times = " ".join(process.cmdline()[1:3]), process.cpu_times()
                seconds[module] = seconds.get(module, 0.0) + times.user + times.system
        try:
            return Used(seconds["-m api.worker"], seconds["-m api"], time.process_time())
        except KeyError as error:
            raise LocalServersError(f"no process of {error} is found") from error

    def inference_counts(self) -> dict[str, float]:
        """Return the sums of the inference server's metrics by name."""
        page = httpx.get(f"{self._serving_url}/metrics", trust_env=False).raise_for_status().text
        found: dict[str, float] = {}
        for name, value in re.findall(r"^moodline_serving_(\w+)(?:{[^}]*})? (\S+)$", page, re.M):
            found[name] = found.get(name, 0.0) + float(value)
        return found


def texts(count: int, chance: random.Random) -> list[str]:
    """Return so many invented texts of 5 to 25 words."""
    return [" ".join(chance.choices(_WORDS, k=chance.randint(5, 25))) for _ in range(count)]


def calibrate(service: Service, *, rounds: int, seed: int) -> Calibration:
    """Measure the costs, with one analysis at a time."""
    chance = random.Random(seed)
    for number in range(2):  # workers may still be starting, and the first analysis is slower
        service.import_posts(f"warm{number}", texts(50, chance))
        service.ended(service.begin(f"warm{number}"), pause=0.2)
    found: list[Alone] = []
    before, polls = service.inference_counts(), service.polls
    api = client = 0.0
    for turn in range(rounds):
        for posts in CALIBRATION_POSTS:
            user = f"one{turn}x{posts}"
            service.import_posts(user, texts(posts, chance))
            start = service.used()
            document = service.ended(service.begin(user), pause=0.2)
            end = service.used()
            found.append(Alone(posts, document, end.workers - start.workers))
            api, client = api + end.api - start.api, client + end.client - start.client
    requests = service.polls - polls + len(found)
    costs, texts_per_run = costs_of(found, before, service.inference_counts())
    return Calibration(costs, texts_per_run, api / requests, client / requests, len(found))


def costs_of(
    found: Sequence[Alone], before: Mapping[str, float], after: Mapping[str, float]
) -> tuple[Costs, float]:
    """Return the costs of analyses made one at a time, and the mean number of texts of a run.

    before and after are sums of the inference server's metrics. A worker's costs are its CPU time,
    of which deciding takes its stage's time: what a worker computes while the model runs makes a
    stage of its own analysis hardly longer, and those of others all the more. Of analyses of the
    same size the median counts.
    """

    def counted(name: str) -> float:
        return after[name] - before[name]

    sizes = sorted({one.posts for one in found})
    all_posts = sum(one.posts for one in found)
    used = [median(one.worker_seconds for one in found if one.posts == posts) for posts in sizes]
    deciding = [
        median(one.document["progress"]["seconds"]["decide"] for one in found if one.posts == posts)
        for posts in sizes
    ]
    worker, decide = linear_regression(sizes, used), linear_regression(sizes, deciding)
    costs = Costs(
        wake=median(one.document["progress"]["seconds"]["queue"] for one in found),
        analysis=max(0.0, worker.intercept),
        classify=max(0.0, worker.slope - decide.slope),
        decide=max(0.0, decide.slope),
        text=(counted("infer_seconds_sum") + counted("tokenise_seconds_sum")) / all_posts,
        run=0,
        save=0,
        call=0,
    )
    return costs, all_posts / counted("groups_total")


def this_machine(texts_per_run: float, *, cores: int) -> Deployment:
    """Return what distributed_service runs, for the simulation."""
    return Deployment(
        inference=Scaling(1, 1),
        workers=Scaling(WORKERS, WORKERS),
        cores=cores,
        threads=THREADS,
        shared=True,
        batch_texts=max(1, round(texts_per_run)),
    )


def seconds(document: Mapping[str, Any]) -> float:
    """Return the seconds from acceptance to the end of an analysis."""
    began, ended = (datetime.fromisoformat(document[key]) for key in ("created_at", "finished_at"))
    return (ended - began).total_seconds()


def planned(
    calibrated: Calibration, *, analyses: int, utilisation: float, seed: int
) -> list[Arrival]:
    """Return Poisson arrivals at which the cores of this machine are used to that share."""
    chance = random.Random(seed)
    sizes = [chance.choice(LOAD_POSTS) for _ in range(analyses)]
    costs = calibrated.costs
    requests = _REQUESTS * (calibrated.api_per_request + calibrated.client_per_request)
    per_post = costs.text + costs.classify + costs.decide
    rate = utilisation * usable_cores() / (costs.analysis + requests + per_post * fmean(sizes))
    found, at = [], 0.0
    for posts in sizes:
        at += chance.expovariate(rate)
        found.append(Arrival(at, posts, posts))
    return found


def run_for_real(
    service: Service, arriving: Sequence[Arrival], *, seed: int
) -> tuple[Measured, list[Arrival], float]:
    """Send the arrivals.

    Return what was measured, when each was accepted in truth, and the requests per analysis.
    """
    chance = random.Random(seed)
    for number, one in enumerate(arriving):
        service.import_posts(f"load{number}", texts(one.posts, chance))
    began, polls = time.monotonic(), service.polls
    with ThreadPoolExecutor(4) as senders:
        sent = []
        for number, one in enumerate(arriving):
            time.sleep(max(0.0, began + one.at - time.monotonic()))
            sent.append(senders.submit(service.begin, f"load{number}"))
        documents = [service.ended(one.result(), pause=1.0) for one in sent]
    accepted = [datetime.fromisoformat(one["created_at"]).timestamp() for one in documents]
    first = min(accepted)
    last = max(datetime.fromisoformat(one["finished_at"]).timestamp() for one in documents)
    arrived = [
        Arrival(at - first, one.posts, one.stored)
        for at, one in zip(accepted, arriving, strict=True)
    ]
    times = [seconds(one) for one in documents]
    requests = 1 + (service.polls - polls) / len(arriving)
    return _measured(times, last - first), sorted(arrived, key=lambda one: one.at), requests


def simulated(
    calibrated: Calibration, arrived: Sequence[Arrival], *, requests: float, seed: int
) -> Measured:
    """Simulate the same arrivals on the same machine, with so many requests per analysis."""
    per_request = calibrated.api_per_request + calibrated.client_per_request
    costs = replace(calibrated.costs, requests=requests * per_request)
    deployment = this_machine(calibrated.texts_per_run, cores=usable_cores())
    horizon = arrived[-1].at + _END_SECONDS
    outcome = simulate(costs, deployment, arrived, seconds=horizon, seed=seed)
    if outcome.ended < len(arrived):
        raise LocalServersError("not all simulated analyses have ended")
    return _measured(outcome.totals, outcome.last_end - arrived[0].at)


def _measured(times: Sequence[float], took: float) -> Measured:
    return Measured(
        len(times) / took,
        fmean(times),
        percentile(times, 0.5) or 0.0,
        percentile(times, 0.95) or 0.0,
    )


def comparison(real: Measured, model: Measured) -> tuple[str, bool]:
    """Return both as a Markdown table, and whether the target holds."""
    lines = ["| figure | real run | simulation | difference |", "| --- | ---: | ---: | ---: |"]
    close = True
    for title, name, asked in (
        ("analyses per second", "per_second", True),
        ("mean seconds from acceptance to success", "mean", True),
        ("p50", "p50", False),
        ("p95", "p95", False),
    ):
        measured, found = getattr(real, name), getattr(model, name)
        difference = found / measured - 1
        close = close and (not asked or abs(difference) <= TARGET)
        lines.append(f"| {title} | {measured:.3f} | {found:.3f} | {difference:+.1%} |")
    return "\n".join(lines), close
