"""What SIGTERM does to a loaded inference server: `python -m benchmarks.stopping --rounds 20`.

Starts the server with the shipped model, loads it with 64 connections, sends SIGTERM, and says how
many requests were answered, refused and lost, how long any of them waited, and when it ended.
"""

import argparse
import collections
import signal
import sys
import tempfile
import time
from pathlib import Path

from serving.settings import Settings
from tests.support.serving.load import REFUSED, Load
from tests.support.serving.started import started_server, wait_until

CONNECTIONS = 64
ANSWERS_FIRST = 1000
SECONDS = 60.0


def one_round(home: Path) -> tuple[bool, str]:
    """Return whether a stop lost nothing, and what happened in one line."""
    with started_server(Settings().model_dir, home) as server:
        load = Load(server, CONNECTIONS)
        load.start()
        wait_until(lambda: len(load.sent) > ANSWERS_FIRST, SECONDS, "every client is at work")
        stopped = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        load.join(SECONDS)
        status = server.process.wait(SECONDS)
        ended = time.monotonic() - stopped
    after = collections.Counter(one.came_to for one in load.sent if one.ended > stopped)
    lost = load.lost
    return status == 0 and not lost, (
        f"after SIGTERM {after[200]} answered, {after[503]} told to come back, {after[REFUSED]}"
        f" refused a connection, {len(lost)} lost {lost or ''}; longest wait"
        f" {load.longest_after(stopped):.3f} s; ended after {ended:.2f} s with status {status}"
    )


def main() -> int:
    """Run the rounds; return 1 if one lost a request."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stopping", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds: int = parser.parse_args().rounds
    failed = 0
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory() as home:
            good, line = one_round(Path(home))
        failed += not good
        print(f"{number:3}: {line}", flush=True)
    print(f"{rounds - failed} of {rounds} stops lost nothing")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
