"""Run the inference server and the API side by side on this machine (`python -m api.local`).

Both are child processes; this one waits until they answer, says where, and stops them both when
it is told to stop or when either of them ends.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import IO

import httpx

from api.settings import SettingsError, read_settings

READY_SECONDS = 60.0
STOP_SECONDS = 15.0


class LocalServersError(Exception):
    """Say that the servers did not come up."""


class ServerEndedError(LocalServersError):
    """Say that a server ended before it was ready; its last line says why."""


@dataclass(frozen=True, slots=True)
class LocalServers:
    """Say where the two servers answer."""

    inference_url: str
    api_url: str
    processes: tuple[subprocess.Popen[bytes], ...]

    def wait(self) -> int:
        """Return the exit code of the first server to end."""
        while True:
            for process in self.processes:
                code = process.poll()
                if code is not None:
                    return code
            time.sleep(0.2)


def free_port() -> int:
    """Return a loopback TCP port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def local_servers(env: Mapping[str, str], *, quiet: bool = False) -> Iterator[LocalServers]:
    """Start both servers with `env`, yield once both are ready, and stop them at the end.

    env is a whole environment with SERVING_HOST, SERVING_PORT, API_HOST and API_PORT set. Where
    quiet, what the servers print is kept back, but for the last line of one that ends too early.
    Raises ServerEndedError where one ends and LocalServersError where one is not ready within
    READY_SECONDS.
    """
    inference_url = f"http://{env['SERVING_HOST']}:{env['SERVING_PORT']}"
    api_url = f"http://{env['API_HOST']}:{env['API_PORT']}"
    child_env = {**env, "INFERENCE_URL": inference_url}
    with ExitStack() as stack:
        servers = [_start(stack, module, child_env, quiet) for module in ("api", "serving")]
        _wait_ready(inference_url, servers)
        _wait_ready(api_url, servers)
        yield LocalServers(inference_url, api_url, tuple(each.process for each in servers))


@dataclass(frozen=True, slots=True)
class _Server:
    process: subprocess.Popen[bytes]
    kept_back: IO[bytes] | None

    def last_line(self) -> str:
        if self.kept_back is None:
            return ""
        self.kept_back.seek(0)
        lines = self.kept_back.read().decode(errors="replace").splitlines()
        return lines[-1] if lines else ""


def _start(stack: ExitStack, module: str, env: Mapping[str, str], quiet: bool) -> _Server:
    kept_back = stack.enter_context(tempfile.TemporaryFile()) if quiet else None  # noqa: SIM115 - the stack closes it
    # A session of its own keeps the terminal's Ctrl-C from reaching the child twice.
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-m", module],
        env=env,
        stdout=kept_back,
        stderr=kept_back,
        start_new_session=True,
    )
    stack.callback(_stop, process)
    return _Server(process, kept_back)


def _wait_ready(url: str, servers: Sequence[_Server]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        for server in servers:
            if server.process.poll() is not None:
                raise ServerEndedError(server.last_line() or "a server ended before it was ready")
        try:
            if (
                httpx.get(f"{url}/readyz", timeout=2.0, trust_env=False).status_code
                == httpx.codes.OK
            ):
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise LocalServersError(f"{url} was not ready within {READY_SECONDS:.0f} seconds")


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


def server_environment() -> dict[str, str]:
    """Return this process's environment with both servers' addresses filled in.

    Raises SettingsError where the API's settings cannot be used.
    """
    settings = read_settings(os.environ)
    return {
        "SERVING_HOST": "127.0.0.1",
        "SERVING_PORT": "3000",
        **os.environ,
        "API_HOST": settings.api_host,
        "API_PORT": str(settings.api_port),
    }


def main() -> int:
    """Run both servers until Ctrl-C, SIGTERM or the end of either; return the exit code."""
    raise_on_signal(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        with local_servers(server_environment()) as servers:
            _greet(servers)
            return servers.wait() or 1
    except KeyboardInterrupt:
        print("\nMoodline has stopped.")
        return 0
    except ServerEndedError:
        return 1  # the server has said why
    except (SettingsError, LocalServersError) as error:
        print(f"moodline: {error}", file=sys.stderr)
        return 1


def _greet(servers: LocalServers) -> None:
    print(
        f"""
Moodline is running. Ctrl-C stops it.

  dashboard   {servers.api_url}/
  API docs    {servers.api_url}/docs
  inference   {servers.inference_url}/v1/classify

A first call to try:

  curl -s {servers.inference_url}/v1/classify -H 'Content-Type: application/json' \\
       -d '{{"texts": ["Best day of the year, thank you all!"]}}'
""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
