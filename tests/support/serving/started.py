"""Start a real server process on a free port, and end it after use."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
SECONDS_TO_READY = 90.0
SCHEDULERS = ("continuous", "bentoml")
PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Started:
    """A started server: its process, its port, and the file with its output."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    """Return a port that is free now, below those that the kernel gives to outgoing connections.

    One of the kernel's may be taken by any connection before the server of the test binds it.
    """
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"none of the ports {PORTS.start} to {PORTS.stop - 1} is free")


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until `condition` is true; AssertionError, naming `what`, when it does not in time."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {seconds:g} seconds: {what}")
        time.sleep(0.02)


def command(folder: Path, port: int, home: Path, **settings: str) -> subprocess.Popen[bytes]:
    """Run `python -m serving` in a process group of its own; its output goes to home/output."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SERVING_")},
        "BENTOML_HOME": str(home / "bentoml"),
        "SERVING_MODEL_DIR": str(folder),
        "SERVING_PORT": str(port),
        **settings,
    }
    with (home / "output").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "serving"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def started_server(folder: Path, home: Path, **settings: str) -> Iterator[Started]:
    """Start a server on the model in `folder`, wait until it is ready, and end it after use."""
    port = free_port()
    process = command(folder, port, home, **settings)
    server = Started(process, port, home / "output")
    try:
        wait_until(lambda: is_ready(server), SECONDS_TO_READY, "the server is ready")
        yield server
    finally:
        end(process)


def is_ready(server: Started) -> bool:
    if server.process.poll() is not None:
        raise AssertionError(f"the server ended: {server.said()}")
    try:
        return httpx.get(f"{server.url}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process as an operator would, and its whole group if that does not help."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
