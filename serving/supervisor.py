"""The supervisor of the worker processes: starts them, replaces those that end, stops them.

`bentoml serve` has a supervisor of its own, but it keeps the listening socket open, and so takes
connections that nobody serves, until the last worker has ended; it starts workers that cannot
start over and over; and it listens on IP addresses alone. The workers are BentoML's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from serving.address import stop_listening
from serving.errors import ModelError
from serving.home import end_own_home
from serving.logs import configure_logs
from serving.settings import Settings

logger = logging.getLogger("serving")

SERVICE = "serving.service:service"
STOPPING = signal.SIGUSR1
"""Tells a worker that all of them will be stopped: it answers new connections with 503 until the
socket is closed, which can be done without a reset only when no connection waits there."""

GRACE_SECONDS = 5
"""Time that a worker has to stop after the deadline of its last request."""

QUICK_SECONDS = 10
"""A worker that ends within so many seconds of its start has failed, whatever its status."""

STARTUP_FAILED = 3
"""uvicorn's exit status when the application cannot start."""

FAILURES = 3
"""Workers in a row that fail before the supervisor gives up."""

GAVE_UP = 3
"""Exit status then: that of a model that cannot be served."""


_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def worker_command(settings: Settings, listener: int) -> list[str]:
    """Return the command of a BentoML worker on the file descriptor `listener`."""
    drain_seconds = int(settings.deadline_seconds) + GRACE_SECONDS
    return [
        sys.executable,
        *("-m", "_bentoml_impl.worker.service", SERVICE),
        *("--fd", str(listener)),
        *("--timeout-graceful-shutdown", str(drain_seconds)),
    ]


def _end_with(parent: int) -> None:
    """Have the kernel send SIGTERM to this process, a new worker, when its supervisor ends.

    A worker watches its supervisor itself once it has started, which takes seconds, and until then
    it would keep the port.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:  # it has ended already
        os.kill(os.getpid(), signal.SIGTERM)


@dataclass(slots=True)
class Supervisor:
    """Keeps `workers` processes of `command` running, which accept connections on `listener`.

    A stopped worker has `drain_seconds` to end before it is killed.
    """

    command: Sequence[str]
    workers: int
    listener: socket.socket
    drain_seconds: float
    _processes: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    _proven: set[int] = field(default_factory=set)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _gave_up: str = ""

    async def run(self) -> str:
        """Run until SIGTERM or SIGINT, or until workers cannot be started: then return why."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        keepers = [asyncio.create_task(self._keep(one)) for one in range(1, self.workers + 1)]
        await self._ending.wait()
        for process in self._processes.values():
            process.send_signal(STOPPING)
        stop_listening(self.listener)
        for process in self._processes.values():
            process.terminate()
        _, late = await asyncio.wait(keepers, timeout=self.drain_seconds)
        for process in self._processes.values():
            process.kill()
        if late:
            await asyncio.wait(late)
        return self._gave_up

    async def _keep(self, number: int) -> None:
        """Start worker `number`, and another one whenever it ends."""
        failures = 0
        while not self._ending.is_set():
            lasted = asyncio.get_running_loop().call_later(QUICK_SECONDS, self._proven.add, number)
            process = await asyncio.create_subprocess_exec(
                *self.command,
                *("--worker-id", str(number)),
                cwd=Path(__file__).parent.parent,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[self.listener.fileno()],
                start_new_session=True,  # Ctrl-C in a terminal goes to the supervisor alone
                preexec_fn=functools.partial(_end_with, os.getpid()),
            )
            self._processes[number] = process
            if self._ending.is_set():
                process.terminate()
            status = await process.wait()
            del self._processes[number]
            lasted.cancel()
            if self._ending.is_set():
                return
            quick = number not in self._proven or status == STARTUP_FAILED
            self._proven.discard(number)
            failures = failures + 1 if quick else 0
            how = f"signal {-status}" if status < 0 else f"status {status}"
            if failures >= FAILURES and not self._proven:
                self._gave_up = f"{failures} workers in a row ended as they started (last: {how})"
                self._ending.set()
                return
            logger.warning("worker %d ended with %s; another is started", number, how)
            await self._pause(failures - 1)

    async def _pause(self, seconds: float) -> None:
        """Wait before another start, unless everything ends meanwhile."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), max(0.0, seconds))


def main() -> NoReturn:
    """Supervise workers on the listening socket whose file descriptor is the first argument."""
    settings = Settings.from_environment(os.environ)
    configure_logs(settings.log_format)
    listener = socket.socket(fileno=int(sys.argv[1]))
    command = worker_command(settings, listener.fileno())
    drain_seconds = settings.deadline_seconds + 2 * GRACE_SECONDS
    supervisor = Supervisor(command, settings.workers, listener, drain_seconds)
    reason = asyncio.run(supervisor.run())
    end_own_home(os.environ)
    if reason:
        logger.error("gave up: %s: %s", reason, _cause(settings))
    raise SystemExit(GAVE_UP if reason else 0)


def _cause(settings: Settings) -> str:
    """Return what is wrong with the model, where that is why workers cannot start."""
    from serving.classifier.artifact import open_model  # not before it is needed: it is large

    try:
        open_model(settings.model_dir)
    except ModelError as error:
        return str(error)
    return "see what they wrote above"


if __name__ == "__main__":
    main()
