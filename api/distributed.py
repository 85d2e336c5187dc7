"""Run the service as in production on this machine (`python -m api.distributed`).

Redis, the inference server, the API and workers are child processes, on the store that STORE_URL
names; all are stopped when this one is told to stop, or when any of them ends.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack

from api.local import server_environment
from api.runtime.processes import (
    LocalServersError,
    ServerEndedError,
    free_port,
    raise_on_signal,
    start,
    wait_for_any,
    wait_ready,
)
from api.settings import SettingsError

WORKERS = 2


def main(arguments: list[str] | None = None) -> int:
    """Run all of it until Ctrl-C, SIGTERM or the end of any; return the exit code."""
    workers = _parser().parse_args(arguments).workers
    raise_on_signal(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        return run(server_environment(), workers) or 1
    except KeyboardInterrupt:
        print("\nMoodline has stopped.")
        return 0
    except ServerEndedError:
        return 1  # the process has said why
    except (SettingsError, LocalServersError) as error:
        print(f"moodline: {error}", file=sys.stderr)
        return 1


def run(environment: dict[str, str], workers: int) -> int:
    """Start everything, say where it answers, and return the exit code of the first to end."""
    inference_url = f"http://{environment['SERVING_HOST']}:{environment['SERVING_PORT']}"
    api_url = f"http://{environment['API_HOST']}:{environment['API_PORT']}"
    with ExitStack() as stack:
        children = []
        queue_url = environment.get("QUEUE_URL", "").strip()
        if not queue_url:
            port = free_port()
            queue_url = f"redis://127.0.0.1:{port}/0"
            children.append(start(stack, redis_command(port), environment))
        env = {
            **environment,
            "INFERENCE_URL": inference_url,
            "QUEUE_URL": queue_url,
            # So that the API's /metrics counts what the workers do as well.
            "PROMETHEUS_MULTIPROC_DIR": stack.enter_context(tempfile.TemporaryDirectory()),
        }
        for module in ("serving", "api"):
            children.append(start(stack, [sys.executable, "-m", module], env))
        wait_ready(inference_url, children)
        wait_ready(api_url, children)
        for number in range(1, workers + 1):
            command = [sys.executable, "-m", "api.worker", "--name", f"worker-{number}"]
            children.append(start(stack, command, env))
        print(
            f"\nMoodline is running with {workers} workers. Ctrl-C stops all of it.\n\n"
            f"  dashboard   {api_url}/\n  API docs    {api_url}/docs\n",
            flush=True,
        )
        return wait_for_any(children)


def redis_command(port: int) -> list[str]:
    """Return the command of a Redis on loopback that keeps nothing: it holds wake-ups only.

    Raises LocalServersError where redis-server is not installed.
    """
    redis = shutil.which("redis-server")
    if redis is None:
        raise LocalServersError(
            "redis-server is not installed. Install it (Debian: apt-get install redis-server), or"
            " set QUEUE_URL to a Redis that runs."
        )
    return [
        *(redis, "--bind", "127.0.0.1", "--port", str(port)),
        *("--save", "", "--appendonly", "no", "--loglevel", "warning"),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.distributed", description=__doc__)
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N")
    return parser


if __name__ == "__main__":
    sys.exit(main())
