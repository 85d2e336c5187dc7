"""Numbers that the simulation and the capacity model start from, read from `measured.json`.

Each number there has a value, a unit and where it comes from: the command that measured it, or the
reason for which it is assumed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("measured.json")
KINDS = ("measured", "assumed")


class InputsError(ValueError):
    """The file of numbers cannot be used; the message names the number and what is wrong."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number: kind is "measured" or "assumed", source its command or its reason."""

    name: str
    kind: str
    value: float
    unit: str
    source: str


def read_numbers(file: Path = FILE) -> dict[str, Number]:
    """Return the numbers of the file by name. Raises InputsError."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputsError(f"{file} cannot be read: {error}") from error
    if not isinstance(document, dict) or set(document) != set(KINDS):
        raise InputsError(f"{file} must have the two parts {' and '.join(KINDS)}.")
    numbers: dict[str, Number] = {}
    for kind in KINDS:
        for name, fields in document[kind].items():
            if name in numbers:
                raise InputsError(f"{file}: {name} is there twice.")
            numbers[name] = _number(file, kind, name, fields)
    return numbers


def _number(file: Path, kind: str, name: str, fields: Any) -> Number:
    if not isinstance(fields, dict) or set(fields) != {"value", "unit", "source"}:
        raise InputsError(f"{file}: {name} must have value, unit and source.")
    value = fields["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise InputsError(f"{file}: {name} has the value {value!r}, which must be a number from 0.")
    return Number(name, kind, float(value), str(fields["unit"]), str(fields["source"]))


@dataclass(frozen=True, slots=True)
class Costs:
    """How long the parts of one analysis take, in seconds, on an idle machine.

    wake is from acceptance to its start where a worker is free. Of a core, a worker needs analysis
    per analysis, classify per classified post and decide per stored post; an inference server text
    per text and run per run of the model; the API requests for all requests about an analysis. The
    store needs save per chunk of posts; a source call per call.
    variation is the coefficient of variation of a run's time: 0 constant, 1 as of an exponential
    distribution.
    """

    wake: float
    analysis: float
    classify: float
    decide: float
    text: float
    run: float
    save: float
    call: float
    requests: float = 0.0
    variation: float = 0.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """Replicas of a part, and the autoscaler between them; starting is a replica's start, in s."""

    fewest: int
    most: int
    starting: float = 0.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs. Inference servers have cores each, workers threads for analyses each.

    With shared, worker and inference servers run on the same cores, those of one machine.
    store_writers is how many chunks the store saves at once. calls is how many calls sources allow
    per window of seconds; worker_life is the mean time until a worker dies, 0 for never.
    """

    inference: Scaling
    workers: Scaling
    cores: int
    threads: int
    shared: bool = False
    store_writers: int = 1
    batch_texts: int = 8
    queue_texts: int = 2048
    chunk_posts: int = 256
    in_flight: int = 2
    poll: float = 5.0
    lease: float = 60.0
    calls: float = float("inf")
    window: float = 900.0
    worker_life: float = 0.0
    worker_restart: float = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """Analyses that arrive: rate is per second, over so many seconds.

    A burst, in the middle of the time, is of so many analyses at once. A share of first analyses
    has first_posts posts to classify, the others again_posts. fetched is the share whose posts come
    from a source with call limits, by pages of page_posts and other_calls beside them.
    """

    rate: float
    seconds: float
    burst: int = 0
    first: float = 0.0
    first_posts: int = 0
    again_posts: int = 1
    stored_posts: int = 0
    fetched: float = 0.0
    page_posts: int = 100
    other_calls: int = 1

    def times(self, factor: float) -> "Load":
        """Return the same load with `factor` times the analyses."""
        return replace(self, rate=self.rate * factor, burst=round(self.burst * factor))

    @property
    def posts_per_analysis(self) -> float:
        """Mean number of posts to classify per analysis."""
        return self.first * self.first_posts + (1 - self.first) * self.again_posts


def values_of(numbers: Mapping[str, Number]) -> Callable[[str], float]:
    """Return a function that gives the value of a number by its name."""
    return lambda name: numbers[name].value


def costs(numbers: Mapping[str, Number]) -> Costs:
    """Return the costs that the numbers state."""

    value = values_of(numbers)
    return Costs(
        wake=value("wake_seconds"),
        analysis=value("analysis_seconds"),
        classify=value("classify_seconds_per_post"),
        decide=value("decide_seconds_per_post"),
        text=value("inference_seconds_per_text"),
        run=value("inference_seconds_per_run"),
        save=value("store_seconds_per_chunk"),
        call=value("source_call_seconds"),
        requests=value("api_requests_per_analysis") * value("api_seconds_per_request"),
        variation=value("inference_run_variation"),
    )


def one_machine(numbers: Mapping[str, Number]) -> Deployment:
    """Return one machine of the measured kind: `make run-distributed`."""
    return Deployment(
        inference=Scaling(1, 1),
        workers=Scaling(2, 2),
        cores=int(numbers["machine_cores"].value),
        threads=int(numbers["worker_threads"].value),
        shared=True,
        batch_texts=int(numbers["inference_texts_per_run"].value),
        calls=numbers["source_calls_per_window"].value,
    )


def cluster(numbers: Mapping[str, Number], *, most: int | None = None) -> Deployment:
    """Return the cluster of `deploy/kubernetes/base`, with another limit of replicas if named."""

    def whole(name: str) -> int:
        return int(numbers[name].value)

    return Deployment(
        inference=Scaling(
            whole("inference_replicas_fewest"),
            most or whole("inference_replicas_most"),
            numbers["inference_start_seconds"].value,
        ),
        workers=Scaling(
            whole("worker_replicas_fewest"),
            most or whole("worker_replicas_most"),
            numbers["worker_start_seconds"].value,
        ),
        cores=whole("inference_cores"),
        threads=whole("worker_threads"),
        store_writers=whole("store_writers"),
        batch_texts=whole("inference_texts_per_run"),
        calls=numbers["source_calls_per_window"].value,
        worker_life=numbers["worker_life_seconds"].value,
    )


def usual_load(numbers: Mapping[str, Number], seconds: float) -> Load:
    """Return the load of 1 x: so many users, each of whom has so many analyses a day."""

    value = values_of(numbers)
    return Load(
        rate=value("users_at_1x") * value("analyses_per_user_and_day") / 86_400,
        seconds=seconds,
        burst=int(value("burst_analyses_at_1x")),
        first=value("first_analyses"),
        first_posts=int(value("first_analysis_posts")),
        again_posts=int(value("again_analysis_posts")),
        stored_posts=int(value("stored_posts_per_user")),
        fetched=value("fetched_analyses"),
        page_posts=int(value("source_page_posts")),
        other_calls=int(value("source_calls_beside_pages")),
    )


def replace_measured(values: Mapping[str, float], source: str, file: Path = FILE) -> None:
    """Write new values of measured numbers, and what measured them. Raises InputsError."""
    read_numbers(file)
    document = json.loads(file.read_text(encoding="utf-8"))
    for name, value in values.items():
        if name not in document["measured"]:
            raise InputsError(f"{file} has no measured number {name}.")
        document["measured"][name] |= {"value": float(f"{value:.4g}"), "source": source}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
