"""One peer's turn: start it, check its answers, load it, stop it."""

import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from benchmarks.peers.agreement import Agreement, compare
from benchmarks.peers.client.phases import Phase, PhaseResult, Task, overload, profiles
from benchmarks.peers.contract import (
    Answer,
    Peer,
    PeerError,
    PeerUnavailableError,
    Server,
    Setup,
)
from benchmarks.peers.inputs import Inputs
from benchmarks.peers.processes import ROOT, end, reason_in, signals_blocked
from benchmarks.peers.registry import OURS, OURS_BENTOML, Entry

READY_SECONDS = 180.0
POLL_SECONDS = 0.1
CLIENT_SECONDS = 300.0
SMOKE = (1, 1, 1, 4)
CHECK = (*[1] * 16, 16, 50, 50)
"""Number of texts of each request of a check."""

_JSON = {"content-type": "application/json"}


@dataclass(slots=True)
class Turn:
    """Result of a turn: the figures of its phases, or why there are none."""

    peer: str
    round: int
    failure: str | None = None
    ready_seconds: float | None = None
    agreement: Agreement | None = None
    phases: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients send: with `seconds` None, nothing after the check."""

    inputs: Inputs
    seconds: float | None
    offset: int


def take_turn(entry: Entry, setup: Setup, number: int, load: Load) -> Turn:
    """Run a peer's turn of round `number`; whatever happens, it is stopped afterwards."""
    turn = Turn(entry.name, number)
    setup.folder.mkdir(parents=True, exist_ok=True)
    try:
        server = entry.peer.start(setup)
        try:
            _measure(turn, entry, setup, server, load)
        finally:
            with signals_blocked():
                end(server)
    except PeerError as exc:
        turn.failure = str(exc)
        turn.phases.clear()
    return turn


def _measure(turn: Turn, entry: Entry, setup: Setup, server: Server, load: Load) -> None:
    sizes = SMOKE if load.seconds is None else CHECK
    if server.process is not None:
        turn.ready_seconds = await_ready(setup, entry.peer, server, load.inputs.texts[0])
        turn.agreement = check(setup, entry.peer, load.inputs, sizes)
        _demand(entry, turn.agreement, "before the load")
    if load.seconds is None:
        return
    for phases in profiles(load.seconds):
        turn.phases += run_client(entry, setup, server, load, phases)
    if entry.name in (OURS, OURS_BENTOML):
        peak = max(phase["texts_per_second"] for phase in turn.phases)
        turn.phases += run_client(entry, setup, server, load, (overload(load.seconds, peak),))


def await_ready(
    setup: Setup, peer: Peer, server: Server, text: str, longest: float = READY_SECONDS
) -> float:
    """Return the seconds until the server's first answer; PeerUnavailableError if none came."""
    began = time.monotonic()
    call = peer.call(setup, [text])
    seen = "no answer"
    with httpx.Client(base_url=setup.url, timeout=60.0, trust_env=False) as client:
        while time.monotonic() < began + longest:
            if server.process is not None and server.process.poll() is not None:
                code = server.process.returncode
                raise PeerUnavailableError(f"it exited with {code}: {reason_in(setup.log)}")
            try:
                response = client.post(call.path, content=call.body, headers=_JSON)
                if response.status_code == httpx.codes.OK:
                    return time.monotonic() - began
                seen = f"status {response.status_code} ({response.text[:200]})"
            except httpx.HTTPError as exc:
                seen = type(exc).__name__
            time.sleep(POLL_SECONDS)
    raise PeerUnavailableError(f"not ready after {longest:.0f} s, {seen}: {reason_in(setup.log)}")


def check(setup: Setup, peer: Peer, inputs: Inputs, sizes: Sequence[int]) -> Agreement:
    """Send requests of `sizes` texts, one after the other, and compare with the reference."""
    answers: list[Answer] = []
    with httpx.Client(base_url=setup.url, timeout=60.0, trust_env=False) as client:
        for size in sizes:
            call = peer.call(setup, inputs.texts[len(answers) : len(answers) + size])
            try:
                response = client.post(call.path, content=call.body, headers=_JSON)
                response.raise_for_status()
                answers += call.read(response.content)
            except (httpx.HTTPError, ValueError) as exc:
                raise PeerError(f"no answer to {size} texts: {exc}") from exc
    try:
        return compare(answers, inputs.reference[: sum(sizes)])
    except ValueError as exc:
        raise PeerError(str(exc)) from exc


def run_client(
    entry: Entry, setup: Setup, server: Server, load: Load, phases: tuple[Phase, ...]
) -> list[dict[str, Any]]:
    """Return the figures of phases, as one client process measured them."""
    pid = server.process.pid if server.process else None
    task = Task(entry.name, setup, pid, load.inputs, load.offset, phases)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "benchmarks.peers.client.load"],
            cwd=ROOT,
            input=pickle.dumps(task),
            capture_output=True,
            timeout=CLIENT_SECONDS,
        )
    except subprocess.TimeoutExpired as exc:
        raise PeerError(f"{phases[0].name}: the client did not come to an end") from exc
    if ended.returncode:
        last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PeerError(f"{phases[0].name}: the client broke off: {''.join(last)}")
    results: list[PhaseResult] = pickle.loads(ended.stdout)  # noqa: S301 -- our own client's
    for result in results:
        if result.agreement is not None:
            _demand(entry, result.agreement, f"under load ({result.name})")
    return [asdict(result) for result in results]


def _demand(entry: Entry, agreement: Agreement, when: str) -> None:
    if not agreement.within(entry.tolerance):
        raise PeerError(f"wrong answers {when}: {agreement.shown()}")
