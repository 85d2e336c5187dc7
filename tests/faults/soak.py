"""Soak test: start analyses while workers and Redis are killed, and check that none is lost.

    python -m tests.faults.soak --minutes 5

Every few seconds a worker or Redis is killed and started again, the queue is emptied, or an
analysis is cancelled. Everything is on loopback, and the inference server is a stand-in. The exit
status is 1 where something was lost or done twice.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.support.deployment import Deployment

USERS = [f"user{number}" for number in range(12)]
NEW_POSTS = 30
CHUNK_POSTS = 10
IN_FLIGHT = 2
SECONDS_BETWEEN_FAULTS = 4.0
MEGABYTE = 1_000_000


class Soak:
    """A running deployment, and the analyses and posts that were sent to it."""

    def __init__(self, deployment: Deployment, seed: int) -> None:
        self._deployment = deployment
        self._chance = random.Random(seed)
        self._redis = deployment.start_redis()
        self._api = deployment.start_api()
        self._workers = [deployment.start_worker() for _ in range(2)]
        self._posts: Counter[str] = Counter()
        self._accepted: set[str] = set()
        self._cancelled: set[str] = set()
        self.faults: Counter[str] = Counter()

    def run(self, seconds: float) -> None:
        """Start analyses and faults for so long, then let what was accepted come to its end."""
        ends = time.monotonic() + seconds
        next_fault = time.monotonic() + SECONDS_BETWEEN_FAULTS
        while time.monotonic() < ends:
            self._ask()
            if time.monotonic() > next_fault:
                self._break_something()
                next_fault = time.monotonic() + SECONDS_BETWEEN_FAULTS
            time.sleep(self._chance.uniform(0.05, 0.3))
        for user in USERS:  # so that posts imported after an analysis began are read too
            self._end(self._deployment.start_analysis(user))
            self._end(self._start(user))

    def losses(self) -> list[str]:
        """Return what should not be, in words; nothing where all is well."""
        ids = self._accepted - self._cancelled
        states = Counter(self._deployment.analysis(one)["state"] for one in ids)
        found = [f"{count} analyses are {state}" for state, count in states.items()
                 if state != "succeeded"]  # fmt: skip
        (moods,), (kept,), (read,) = (
            self._deployment.rows(f"SELECT count(*) FROM {what}")[0]  # noqa: S608
            for what in ("moods", "posts", "posts WHERE model IS NOT NULL")
        )
        ended = self._deployment.rows("SELECT count(*) FROM analyses WHERE state = 'succeeded'")[0][
            0
        ]
        if moods != ended:
            found.append(f"{ended} analyses succeeded, but there are {moods} moods")
        if not kept == read == sum(self._posts.values()):
            found.append(f"{sum(self._posts.values())} posts were sent, {kept} kept, {read} read")
        twice = sum(times - 1 for times in self._deployment.inference.texts.values())
        allowed = CHUNK_POSTS * IN_FLIGHT * (self.faults["worker"] * 3 + self.faults["cancel"])
        if twice > allowed:
            found.append(f"{twice} posts were read again, where faults explain {allowed}")
        return found

    def summary(self) -> str:
        resident = psutil.Process(self._api.pid).memory_info().rss / MEGABYTE
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"{len(self._accepted)} analyses of {sum(self._posts.values())} posts,"
            f" faults: {faults or 'none'}; the API holds {resident:.0f} MB"
        )

    def _ask(self) -> None:
        user = self._chance.choice(USERS)
        self._posts[user] += NEW_POSTS
        self._deployment.import_posts(user, self._posts[user])
        self._start(user)

    def _start(self, user: str) -> str:
        analysis_id = self._deployment.start_analysis(user)
        self._accepted.add(analysis_id)
        return analysis_id

    def _end(self, analysis_id: str) -> None:
        if analysis_id not in self._cancelled:
            self._deployment.wait_for(analysis_id)

    def _break_something(self) -> None:
        fault = self._chance.choice(["worker", "redis", "flush", "cancel"])
        self.faults[fault] += 1
        if fault == "worker":
            place = self._chance.randrange(len(self._workers))
            _kill(self._workers[place])
            self._workers[place] = self._deployment.start_worker()
        elif fault == "redis":
            _kill(self._redis)
            self._ask()
            self._redis = self._deployment.start_redis()
        elif fault == "flush":
            with self._deployment.redis() as client:
                client.flushall()
        else:
            analysis_id = self._start(self._chance.choice(USERS))
            if self._deployment.http.delete(f"/v1/analyses/{analysis_id}").is_success:
                self._cancelled.add(analysis_id)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    options = parser.parse_args()
    print(f"soaking for {options.minutes:g} minutes, seed {options.seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="moodline-soak-") as folder,
        Deployment(Path(folder), LEASE_SECONDS="2", CHUNK_POSTS=str(CHUNK_POSTS)) as deployment,
    ):
        deployment.inference.seconds = 0.02
        soak = Soak(deployment, options.seed)
        soak.run(60 * options.minutes)
        losses = soak.losses()
        print(soak.summary())
    for loss in losses:
        print(f"LOST: {loss}", file=sys.stderr)
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
