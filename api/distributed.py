"""The distributed service on this machine, as in production: `python -m api.distributed`.

Redis, the inference server, the API and workers are child processes, on the store that STORE_URL
names. All are stopped when this process is told to stop, or when any of them ends.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack

from api.local import run_until_stopped, start_servers
from api.runtime.processes import LocalServersError, free_port, start, wait_for_any

WORKERS = 2


def run(environment: dict[str, str], workers: int) -> int:
    """Start everything, print the addresses, and return the exit code of the first to end."""
    with ExitStack() as stack:
        children = []
        queue_url = environment.get("QUEUE_URL", "").strip()
        if not queue_url:
            port = free_port()
            queue_url = f"redis://127.0.0.1:{port}/0"
            children.append(start(stack, redis_command(port), environment))
        env = {
            **environment,
            "QUEUE_URL": queue_url,
            # So that the API's /metrics includes the workers.
            "PROMETHEUS_MULTIPROC_DIR": stack.enter_context(tempfile.TemporaryDirectory()),
        }
        servers = start_servers(stack, env)
        children += servers.children
        worker_env = {**env, "INFERENCE_URL": servers.inference_url}
        for number in range(1, workers + 1):
            command = [sys.executable, "-m", "api.worker", "--name", f"worker-{number}"]
            children.append(start(stack, command, worker_env))
        print(
            f"\nMoodline is running with {workers} workers. Ctrl-C stops all of it.\n\n"
            f"  dashboard   {servers.api_url}/\n  API docs    {servers.api_url}/docs\n",
            flush=True,
        )
        return wait_for_any(children)


def redis_command(port: int) -> list[str]:
    """Return the command of a Redis on loopback without persistence: it only has wake-ups.

    Raises LocalServersError if redis-server is not installed.
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m api.distributed", description=__doc__)
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N")
    chosen = parser.parse_args().workers
    sys.exit(run_until_stopped(lambda environment: run(environment, chosen)))
