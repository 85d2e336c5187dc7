"""What a client saw of one phase, and the figures that come of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.peers.client.phases import Phase
from benchmarks.peers.contract import Answer, Call
from benchmarks.peers.processes import Memory
from benchmarks.peers.report.agreement import Agreement, compare
from benchmarks.peers.report.figures import percentile

OK = "200"
BUSY = "429"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Hold a request that is written already, and the places of its texts among the inputs."""

    call: Call
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """Hold one request's end: clock readings in seconds, and its answer where it is a sample.

    `status` is the HTTP status, or the name of what broke the connection. `due` is when it
    should have been sent.
    """

    prepared: Prepared
    due: float
    began: float
    ended: float
    status: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Hold a clock reading, and the CPU seconds server and client had used by then."""

    clock: float
    server_cpu: float
    client_cpu: float


@dataclass(frozen=True, slots=True)
class Window:
    """Hold the moments between which requests count, and the server's memory at the end."""

    first: Moment
    last: Moment
    memory: Memory


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """Hold the figures of a phase, those of requests that ended while it was counted.

    Milliseconds run from sending to the whole answer, of answers of status 200, and `rejected_`
    of 429. `cpu_per_1000` is the server's seconds for 1,000 texts, `client_cores` how many cores
    the client kept busy. `late_p99_ms` is how late the client sent what it sends by the clock.
    """

    name: str
    seconds: float
    requests: int
    statuses: dict[str, int]
    texts_per_second: float
    p50_ms: float | None
    p99_ms: float | None
    cpu_per_1000: float
    client_cores: float
    rss_mib: float
    pss_mib: float
    offered_per_second: float
    rejected_p50_ms: float | None
    rejected_p99_ms: float | None
    late_p99_ms: float | None
    agreement: Agreement | None


def prepare(
    texts: Sequence[str], call: Callable[[Sequence[str]], Call], size: int, offset: int = 0
) -> list[Prepared]:
    """Write requests of `size` texts each, all texts in a row that begins at `offset`."""
    row = [(offset + step) % len(texts) for step in range(len(texts))]
    groups = [row[start : start + size] for start in range(0, len(row) - size + 1, size)]
    return [Prepared(call([texts[place] for place in group]), tuple(group)) for group in groups]


def summarise(
    phase: Phase, done: Sequence[Done], reference: Sequence[Answer], window: Window
) -> PhaseResult:
    """Return the figures of what ended in the window; ValueError if an answer is none."""
    first, last = window.first, window.last
    counted = [one for one in done if first.clock <= one.ended <= last.clock]
    good = [one for one in counted if one.status == OK]
    waits = [1000 * (one.ended - one.began) for one in good]
    rejected = [1000 * (one.ended - one.began) for one in counted if one.status == BUSY]
    seconds = last.clock - first.clock
    texts = sum(len(one.prepared.places) for one in good)
    return PhaseResult(
        name=phase.name,
        seconds=seconds,
        requests=len(counted),
        statuses=dict(Counter(one.status for one in counted)),
        texts_per_second=texts / seconds,
        p50_ms=percentile(waits, 0.50),
        p99_ms=percentile(waits, 0.99),
        cpu_per_1000=1000 * (last.server_cpu - first.server_cpu) / max(texts, 1),
        client_cores=(last.client_cpu - first.client_cpu) / seconds,
        rss_mib=window.memory.rss_mib,
        pss_mib=window.memory.pss_mib,
        offered_per_second=sum(len(one.prepared.places) for one in counted) / seconds,
        rejected_p50_ms=percentile(rejected, 0.50),
        rejected_p99_ms=percentile(rejected, 0.99),
        late_p99_ms=percentile([1000 * (one.began - one.due) for one in counted], 0.99),
        agreement=_agreement(done, reference),
    )


def _agreement(done: Sequence[Done], reference: Sequence[Answer]) -> Agreement | None:
    """Compare the sampled answers with the reference; None where there is no sample."""
    answers: list[Answer] = []
    wanted: list[Answer] = []
    for one in done:
        if one.status != OK or one.body is None:
            continue
        read = one.prepared.call.read(one.body)
        if len(read) != len(one.prepared.places):
            raise ValueError(f"{len(read)} answers to {len(one.prepared.places)} texts")
        answers += read
        wanted += [reference[place] for place in one.prepared.places]
    return compare(answers, wanted) if answers else None
