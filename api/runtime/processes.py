"""Child processes of the commands (start, wait, stop), signals, and garbage collector settings."""

import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import IO

import httpx

READY_SECONDS = 60.0
STOP_SECONDS = 15.0

_GC_ALLOCATIONS = 50_000
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class LocalServersError(Exception):
    """The servers did not start."""


class ServerEndedError(LocalServersError):
    """A server ended before it was ready; the message is its last line of output."""


def free_port() -> int:
    """Return a free loopback TCP port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Child:
    """A child process, and its captured output if it was started with quiet."""

    process: subprocess.Popen[bytes]
    output: IO[bytes] | None

    def last_line(self) -> str:
        """Return the last line of the captured output, or an empty text."""
        if self.output is None:
            return ""
        self.output.seek(0)
        lines = self.output.read().decode(errors="replace").splitlines()
        return lines[-1] if lines else ""


def start(
    stack: ExitStack, command: Sequence[str], env: Mapping[str, str], *, quiet: bool = False
) -> Child:
    """Start a command that the stack stops; with quiet, its output is captured, not shown.

    On Linux the child is told to stop when this process ends without stopping it (SIGKILL, out of
    memory): it would go on holding its port, and no later start could have it.
    """
    output = stack.enter_context(tempfile.TemporaryFile()) if quiet else None  # noqa: SIM115 - the stack closes it
    # A session of its own keeps the terminal's Ctrl-C from reaching the child twice.
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command,
        env=env,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=partial(_end_with, os.getpid()),  # this process has no other thread yet
    )
    stack.callback(_stop, process)
    return Child(process, output)


def _end_with(parent: int) -> None:
    """Have the kernel send SIGTERM to this process, a new child, when its parent ends."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:  # it has ended already
        os.kill(os.getpid(), signal.SIGTERM)


def wait_ready(url: str, children: Sequence[Child]) -> None:
    """Wait until the server at url is ready.

    Raises ServerEndedError if one of the children ends, LocalServersError after READY_SECONDS.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        for child in children:
            if child.process.poll() is not None:
                raise ServerEndedError(child.last_line() or "a server ended before it was ready")
        try:
            if httpx.get(f"{url}/readyz", timeout=2.0, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise LocalServersError(f"{url} was not ready within {READY_SECONDS:.0f} seconds")


def wait_for_any(children: Sequence[Child]) -> int:
    """Return the exit code of the first child to end."""
    while True:
        for child in children:
            code = child.process.poll()
            if code is not None:
                return code
        time.sleep(0.2)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def raise_on_signal(*numbers: signal.Signals) -> None:
    """Turn these signals into KeyboardInterrupt, so that `finally` blocks run."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, interrupt)


def collect_garbage_less_often() -> None:
    """Exempt the objects alive now from garbage collection, and collect less often.

    Reading a long timeline makes tens of thousands of objects without a cycle among them. With
    Python's default threshold of 700 allocations, a third of that time went into the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_ALLOCATIONS, 10, 10)
