"""Inference server and API together on this machine: `python -m api.local`.

Both are child processes. This process waits until they are ready, prints their addresses, and
stops both when it is told to stop or when either ends.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
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
    """The running servers and their addresses."""

    inference_url: str
    api_url: str
    children: tuple[Child, ...]


def start_servers(stack: ExitStack, env: Mapping[str, str], *, quiet: bool = False) -> LocalServers:
    """Start both servers, which the stack stops, and return once both are ready.

    env is a whole environment with SERVING_HOST, SERVING_PORT, API_HOST and API_PORT set. With
    quiet, the servers' output is captured; the last line of one that ends too early is in the
    error. Raises ServerEndedError if one ends, LocalServersError after READY_SECONDS.
    """
    inference_url = f"http://{env['SERVING_HOST']}:{env['SERVING_PORT']}"
    api_url = f"http://{env['API_HOST']}:{env['API_PORT']}"
    child_env = {**env, "INFERENCE_URL": inference_url}
    children = tuple(
        start(stack, [sys.executable, "-m", module], child_env, quiet=quiet)
        for module in ("api", "serving")
    )
    wait_ready(inference_url, children)
    wait_ready(api_url, children)
    return LocalServers(inference_url, api_url, children)


@contextmanager
def local_servers(env: Mapping[str, str], *, quiet: bool = False) -> Iterator[LocalServers]:
    """Start both servers, whose API runs the analyses itself, and stop them at the end."""
    with ExitStack() as stack:
        yield start_servers(stack, {**env, "QUEUE_URL": ""}, quiet=quiet)


def server_environment() -> dict[str, str]:
    """Return this process's environment with both servers' hosts and ports filled in.

    Raises SettingsError if the API's settings are unusable.
    """
    settings = read_settings(os.environ)
    return {
        "SERVING_HOST": "127.0.0.1",
        "SERVING_PORT": "3000",
        **os.environ,
        "API_HOST": settings.api_host,
        "API_PORT": str(settings.api_port),
    }


def run_until_stopped(run: Callable[[dict[str, str]], int]) -> int:
    """Call run with the servers' environment until Ctrl-C, SIGTERM or SIGHUP.

    Returns the exit code: 0 if it was stopped, else what run returned, or 1 after an error.
    """
    raise_on_signal(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        return run(server_environment()) or 1
    except KeyboardInterrupt:
        print("\nMoodline has stopped.")
        return 0
    except ServerEndedError:
        return 1  # the server has printed why
    except (SettingsError, LocalServersError) as error:
        print(f"moodline: {error}", file=sys.stderr)
        return 1


def _run(environment: dict[str, str]) -> int:
    with local_servers(environment) as servers:
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
        return wait_for_any(servers.children)


if __name__ == "__main__":
    sys.exit(run_until_stopped(_run))
