"""Start a process with its descendants, measure them, and end them."""

import contextlib
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.peers.contract import Server, Setup

ROOT = Path(__file__).parents[2]
GRACE_SECONDS = 15.0
_QUIET = {
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
    "LITSERVE_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
}
MARK = "PEER_MARK"
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
_EXCEPTION = re.compile(r"[\w.]*(?:Error|Exception): .")
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a process and its descendants: RSS, and PSS, which counts a shared page once."""

    rss_mib: float
    pss_mib: float


def launch(
    setup: Setup,
    command: Sequence[str | Path],
    extra: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> Server:
    """Start `command` in `folder` as its own process group, with its output in the log."""
    mark = uuid.uuid4().hex
    with setup.log.open("wb") as log:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={
                **os.environ,
                **_QUIET,
                "PATH": f"{setup.python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
                "PYTHONPATH": str(ROOT),
                "PEER_MODEL_DIR": str(setup.model_dir),
                "PEER_PORT": str(setup.port),
                MARK: mark,
                **(extra or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Server(process, mark)


def end(server: Server) -> None:
    """Stop the process and its descendants; kill what is left after GRACE_SECONDS."""
    if server.process is None:
        return
    members = {*family(server.process.pid), *_marked(server.mark)}
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(GRACE_SECONDS)
    # A psutil.Process is a pid and the time it began, so a pid used again is never hit.
    _, left = psutil.wait_procs(members, timeout=2.0)
    left = [*{*left, *_marked(server.mark)}]
    for member in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait(GRACE_SECONDS)
    psutil.wait_procs(left, timeout=GRACE_SECONDS)


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Postpone signals that end the run until the block is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def family(pid: int) -> list[psutil.Process]:
    """Return the process and those of its descendants that are still running."""
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _marked(mark: str) -> list[psutil.Process]:
    """Return the processes with the mark in their environment, orphans included."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark:
                found.append(process)
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that `pid` and its descendants have used, user's and system's."""
    seconds = 0.0
    for member in family(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            times = member.cpu_times()
            seconds += times.user + times.system
    return seconds


def memory(pid: int) -> Memory:
    """Return the memory of `pid` and its descendants; takes tens of milliseconds."""
    rss = pss = 0.0
    for member in family(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            used = member.memory_full_info()
            rss += used.rss / MEBIBYTE
            pss += used.pss / MEBIBYTE
    return Memory(rss, pss)


def reason_in(log: Path) -> str:
    """Return why a process failed according to its log, in one line.

    The first line that names an exception, as later ones are mostly its consequences, or the
    last lines where there is no such line.
    """
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    named = [line for line in lines if _EXCEPTION.match(line)]
    said = named[:1] or [line for line in lines if line.strip()][-2:]
    return " | ".join(line.strip()[:300] for line in said) or "its log is empty"
