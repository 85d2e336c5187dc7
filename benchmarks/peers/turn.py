"""One peer's turn: start it, check its answers, load it, stop it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.peers.client.phases import Phase, batches, latency, overload, singles
from benchmarks.peers.contract import (
    Answer,
    AnswersDifferError,
    LoadFailedError,
    Peer,
    PeerError,
    PeerUnavailableError,
    Place,
    Server,
)
from benchmarks.peers.inputs import Inputs
from benchmarks.peers.processes import ROOT, reason_in, undisturbed
from benchmarks.peers.registry import OURS, Entry, load_peer
from benchmarks.peers.report.agreement import Agreement, compare

READY_SECONDS = 180.0
POLL_SECONDS = 0.1
CLIENT_SECONDS = 300.0
SMOKE = (1, 1, 1, 4)
CHECK = (*[1] * 16, 16, 50, 50)
"""How many texts the requests of a check have."""


@dataclass(slots=True)
class Turn:
    """Hold what came of a turn: phases as JSON objects, or why there are none."""

    peer: str
    round: int
    failure: str | None = None
    ready_seconds: float | None = None
    agreement: dict[str, Any] | None = None
    phases: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Load:
    """Say what the clients do: with `seconds` None, nothing after the check."""

    inputs: Inputs
    file: Path
    seconds: float | None
    offset: int


def take_turn(entry: Entry, place: Place, number: int, load: Load) -> Turn:
    """Give a peer its turn of round `number`; whatever happens, it is stopped afterwards."""
    turn = Turn(entry.name, number)
    peer = load_peer(entry.name)
    place.folder.mkdir(parents=True, exist_ok=True)
    try:
        server = peer.start(place)
        try:
            _measure(turn, entry, place, peer, server, load)
        finally:
            with undisturbed():
                peer.stop(server)
    except PeerError as exc:
        turn.failure = str(exc)
        turn.phases.clear()
    return turn


def _measure(
    turn: Turn, entry: Entry, place: Place, peer: Peer, server: Server, load: Load
) -> None:
    sizes = SMOKE if load.seconds is None else CHECK
    if server.process is not None:
        turn.ready_seconds = await_ready(place, peer, server, load.inputs.texts[0])
        agreement = check(place, peer, load.inputs, sizes)
        turn.agreement = asdict(agreement)
        _demand(entry, agreement, "before the load")
    if load.seconds is None:
        return
    for phases in (singles(load.seconds), batches(load.seconds), latency(load.seconds)):
        turn.phases += run_client(entry, place, server, load, phases)
    if entry.name == OURS:
        peak = max(phase["texts_per_second"] for phase in turn.phases)
        turn.phases += run_client(entry, place, server, load, overload(load.seconds, peak))


def await_ready(place: Place, peer: Peer, server: Server, text: str) -> float:
    """Return after how many seconds the server first answered; PeerUnavailableError if never."""
    began = time.monotonic()
    call = peer.call(place, [text])
    seen = "no answer"
    with httpx.Client(base_url=place.url, timeout=60.0, trust_env=False) as client:
        while time.monotonic() < began + READY_SECONDS:
            if server.process is not None and server.process.poll() is not None:
                code = server.process.returncode
                raise PeerUnavailableError(f"it exited with {code}: {reason_in(server.log)}")
            try:
                response = client.post(call.path, content=call.body, headers=_JSON)
                if response.status_code == httpx.codes.OK:
                    return time.monotonic() - began
                seen = f"status {response.status_code} ({response.text[:200]})"
            except httpx.HTTPError as exc:
                seen = type(exc).__name__
            time.sleep(POLL_SECONDS)
    raise PeerUnavailableError(
        f"not ready after {READY_SECONDS:.0f} s, {seen}: {reason_in(server.log)}"
    )


def check(place: Place, peer: Peer, inputs: Inputs, sizes: Sequence[int]) -> Agreement:
    """Ask for requests of `sizes` texts, one after the other, and compare with the reference."""
    answers: list[Answer] = []
    with httpx.Client(base_url=place.url, timeout=60.0, trust_env=False) as client:
        for size in sizes:
            texts = inputs.texts[len(answers) : len(answers) + size]
            call = peer.call(place, texts)
            try:
                response = client.post(call.path, content=call.body, headers=_JSON)
                response.raise_for_status()
                answers += call.read(response.content)
            except (httpx.HTTPError, ValueError) as exc:
                raise AnswersDifferError(f"no answer to {size} texts: {exc}") from exc
    try:
        return compare(answers, inputs.reference[: sum(sizes)])
    except ValueError as exc:
        raise AnswersDifferError(str(exc)) from exc


def run_client(
    entry: Entry, place: Place, server: Server, load: Load, phases: Sequence[Phase]
) -> list[dict[str, Any]]:
    """Return the figures of phases, as one client process measured them."""
    job = {
        "peer": entry.name,
        "place": place.to_job(),
        "url": server.url,
        "pid": server.process.pid if server.process else None,
        "inputs": str(load.file),
        "offset": load.offset,
        "phases": [asdict(phase) for phase in phases],
    }
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "benchmarks.peers.client.load"],
            cwd=ROOT,
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=CLIENT_SECONDS,
        )
    except subprocess.TimeoutExpired as exc:
        raise LoadFailedError(f"{phases[0].name}: the client did not come to an end") from exc
    if ended.returncode:
        last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise LoadFailedError(f"{phases[0].name}: the client broke off: {''.join(last)}")
    results: list[dict[str, Any]] = json.loads(ended.stdout)
    for result in results:
        if result["agreement"] is not None:
            _demand(entry, Agreement(**result["agreement"]), f"under load ({result['name']})")
    return results


def _demand(entry: Entry, agreement: Agreement, when: str) -> None:
    if not agreement.within(entry.tolerance):
        raise AnswersDifferError(f"wrong answers {when}: {agreement.shown()}")


_JSON = {"content-type": "application/json"}
