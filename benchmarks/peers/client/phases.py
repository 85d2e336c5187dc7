"""Phases of load: what a client sends, what it saw, and the figures computed from that. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.figures import percentile
from benchmarks.peers.agreement import Agreement, compare
from benchmarks.peers.contract import Answer, Call, Setup
from benchmarks.peers.inputs import Inputs
from benchmarks.peers.processes import Memory

MANY_CONNECTIONS = 64
FEW_CONNECTIONS = 4
BATCH_TEXTS = 50
OVERLOAD = 10
WARM_SECONDS = 2.0
OK = "200"
BUSY = "429"


@dataclass(frozen=True, slots=True)
class Phase:
    """How texts are sent for a while; requests that end in `warm_seconds` are not counted.

    Each connection sends its next request when the last is answered, unless `rate` (requests per
    second) is given: then requests are sent by the clock, answered or not.
    """

    name: str
    connections: int
    texts: int
    seconds: float
    warm_seconds: float = 0.0
    rate: float | None = None


def profiles(seconds: float) -> tuple[tuple[Phase, ...], ...]:
    """Return the phases of every load but the overload; each tuple is for one client process.

    Single texts on many connections; many texts per request on few connections; and one text on
    one connection, before and right after a burst.
    """
    half = seconds / 2
    return (
        (Phase("singles", MANY_CONNECTIONS, 1, seconds, WARM_SECONDS),),
        (Phase("batches", FEW_CONNECTIONS, BATCH_TEXTS, seconds, WARM_SECONDS),),
        (
            Phase("lone_before", 1, 1, half, WARM_SECONDS / 2),
            Phase("burst", MANY_CONNECTIONS, 1, half),
            Phase("lone_after", 1, 1, half),
        ),
    )


def overload(seconds: float, peak_texts: float) -> Phase:
    """Return a phase of OVERLOAD times `peak_texts`, the server's measured texts per second."""
    rate = OVERLOAD * peak_texts / BATCH_TEXTS
    return Phase("overload", 0, BATCH_TEXTS, seconds, WARM_SECONDS, rate)


@dataclass(frozen=True, slots=True)
class Task:
    """The task of one client process; `pid` is None where it runs the model itself."""

    peer: str
    setup: Setup
    pid: int | None
    inputs: Inputs
    offset: int
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is written already, and the indices of its texts among the inputs."""

    call: Call
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The end of one request: clock readings in seconds, and its answer where it is a sample.

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
    """A clock reading, and the CPU seconds that server and client had used by then."""

    clock: float
    server_cpu: float
    client_cpu: float


@dataclass(frozen=True, slots=True)
class Window:
    """The moments between which requests count, and the server's memory at the end."""

    first: Moment
    last: Moment
    memory: Memory


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """Figures of the requests that ended while a phase was counted.

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
    """Write requests of `size` texts each, for all texts from `offset` on, wrapping around."""
    order = [(offset + step) % len(texts) for step in range(len(texts))]
    parts = [order[start : start + size] for start in range(0, len(order) - size + 1, size)]
    return [Prepared(call([texts[index] for index in part]), tuple(part)) for part in parts]


def summarise(
    phase: Phase, done: Sequence[Done], reference: Sequence[Answer], window: Window
) -> PhaseResult:
    """Return the figures of what ended in the window; ValueError for a malformed answer."""
    first, last = window.first, window.last
    counted = [one for one in done if first.clock <= one.ended <= last.clock]
    good = [one for one in counted if one.status == OK]
    waits = [1000 * (one.ended - one.began) for one in good]
    rejected = [1000 * (one.ended - one.began) for one in counted if one.status == BUSY]
    seconds = last.clock - first.clock
    texts = sum(len(one.prepared.indices) for one in good)
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
        offered_per_second=sum(len(one.prepared.indices) for one in counted) / seconds,
        rejected_p50_ms=percentile(rejected, 0.50),
        rejected_p99_ms=percentile(rejected, 0.99),
        late_p99_ms=percentile([1000 * (one.began - one.due) for one in counted], 0.99),
        agreement=_agreement(done, reference),
    )


def _agreement(done: Sequence[Done], reference: Sequence[Answer]) -> Agreement | None:
    answers: list[Answer] = []
    wanted: list[Answer] = []
    for one in done:
        if one.status != OK or one.body is None:
            continue
        read = one.prepared.call.read(one.body)
        if len(read) != len(one.prepared.indices):
            raise ValueError(f"{len(read)} answers to {len(one.prepared.indices)} texts")
        answers += read
        wanted += [reference[index] for index in one.prepared.indices]
    return compare(answers, wanted) if answers else None
