"""Run the inference server and the API side by side on this machine (`python -m api.local`).

Both are child processes; this one waits until they answer, says where, and stops them both when
it is told to stop or when either of them ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from api.runtime.processes import (
    Child,
    LocalServersError,
    ServerEndedError,
    raise_on_signal,
    start,
    wait_for_any,
    wait_ready,
)
from api.settings import SettingsError, read_settings


@dataclass(frozen=True, slots=True)
class LocalServers:
    """Say where the two servers answer."""

    inference_url: str
    api_url: str
    children: tuple[Child, ...]

    def wait(self) -> int:
        """Return the exit code of the first server to end."""
        return wait_for_any(self.children)


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
    # Whatever the settings say of workers, here is none but the API itself.
    child_env = {**env, "INFERENCE_URL": inference_url, "QUEUE_URL": ""}
    with ExitStack() as stack:
        children = tuple(
            start(stack, [sys.executable, "-m", module], child_env, quiet=quiet)
            for module in ("api", "serving")
        )
        wait_ready(inference_url, children)
        wait_ready(api_url, children)
        yield LocalServers(inference_url, api_url, children)


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
