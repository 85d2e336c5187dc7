"""A world to break: a deployment, clients that log, proxies, and a tally of what was done to it."""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

import httpx
import psutil

from tests.support.deployment import Deployment
from tests.support.faults.checker import TERMINAL, Findings, check, markers_and_erased
from tests.support.faults.client import LoggedClient
from tests.support.faults.history import History
from tests.support.faults.snapshot import TakeSnapshot, snapshot
from tests.support.faults.tcp_proxy import TcpProxy
from tests.support.serving.started import wait_until

Process = subprocess.Popen[bytes]
SECONDS = 60.0
LONGEST_WAIT_FOR_A_LEASE = 5.0


@dataclass
class Tally:
    """What a scenario did, and what the checker found of it."""

    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)

    def __str__(self) -> str:
        found = self.findings
        return (
            f"kills {self.kills}, faults {self.faults.total()}, accepted {found.accepted},"
            f" lost {len(found.lost)}, doubled {len(found.doubled)},"
            f" not terminal {len(found.not_terminal)}, erased back {len(found.erased_back)}"
        )


class World:
    """One deployment in a folder of its own; a context manager, which ends all of it.

    chance draws everything that is left to chance, so a seed repeats a run as far as the machine
    lets it. share is how much of each scenario's rounds is played. Settings are environment
    variables of every process that is started.
    """

    def __init__(self, folder: Path, seed: str, *, share: float = 1.0, **settings: str) -> None:
        folder.mkdir(parents=True)
        temporary = folder / "tmp"
        temporary.mkdir()
        base = {"TMPDIR": str(temporary), "API_THREADS": "16", "LOG_LEVEL": "warning"}
        self.deployment = Deployment(folder, **{**base, **settings})
        self.chance = random.Random(seed)
        self._share = share
        self.history = History(folder / "history.jsonl")
        self.stopping = threading.Event()
        self.tally = Tally()
        self.erasure_seconds = 30.0
        self.take_snapshot: TakeSnapshot = partial(snapshot, self.deployment.store_file)
        self.proxies: list[TcpProxy] = []
        self.at_the_end = ExitStack()
        self.redis: Process | None = None
        self.api: Process | None = None
        self.workers: list[Process] = []
        self.client = LoggedClient(str(self.deployment.http.base_url), self.history, self.stopping)

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: object, __: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.at_the_end.close()
        for process in self.deployment.processes:
            with_children = [process.pid]
            if process.poll() is None:
                children = psutil.Process(process.pid).children(recursive=True)
                with_children += [child.pid for child in children]
            for pid in reversed(with_children):
                _signal(pid, signal.SIGKILL)
        self.deployment.__exit__()
        for proxy in self.proxies:
            proxy.stop()
        self.client.close()
        self.history.close()

    # processes
    def embedded(self, **settings: str) -> None:
        """Start an API that runs the analyses itself."""
        self.deployment.environment["QUEUE_URL"] = ""
        self.api = self.deployment.start_api(**settings)

    def distributed(self, workers: int = 2, **settings: str) -> None:
        """Start Redis, an API and workers."""
        self.redis = self.deployment.start_redis()
        self.api = self.deployment.start_api(**settings)
        self.workers = [self.deployment.start_worker(**settings) for _ in range(workers)]

    def proxy(self, target_port: int) -> TcpProxy:
        proxy = TcpProxy(target_port)
        self.proxies.append(proxy)
        return proxy

    def kill(self, process: Process) -> None:
        """Kill a process as a crash or the kernel does."""
        process.kill()
        process.wait()
        self.tally.kills += 1

    def kill_with_children(self, process: Process) -> None:
        """Kill a process and all that it started."""
        children = psutil.Process(process.pid).children(recursive=True)
        self.kill(process)
        for child in children:
            _signal(child.pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=SECONDS)

    def answers(self, url: str) -> None:
        """Wait until a server answers with 200."""

        def is_there() -> bool:
            try:
                return httpx.get(url, timeout=2, trust_env=False).is_success
            except httpx.TransportError:
                return False

        wait_until(is_there, SECONDS, f"{url} answers")

    def restart_api(self) -> None:
        assert self.api is not None
        self.kill(self.api)
        self.api = self.deployment.start_api()

    def restart_worker(self) -> None:
        """Kill a worker that has a lease, or any where none has one for a while."""
        ends = time.monotonic() + LONGEST_WAIT_FOR_A_LEASE
        pids = [worker.pid for worker in self.workers]
        busy: list[int] = []
        while not busy and time.monotonic() < ends:
            owners = self.deployment.rows(
                "SELECT lease_owner FROM analyses WHERE state = 'running'"
            )
            owning = {int(owner.rsplit("-", 1)[1]) for (owner,) in owners if owner}
            busy = [place for place, pid in enumerate(pids) if pid in owning]
            self.stopping.wait(0.01)
        place = self.chance.choice(busy or range(len(pids)))
        self.kill(self.workers[place])
        self.workers[place] = self.deployment.start_worker()

    def killed_itself(self, process: Process, what: str) -> None:
        """Wait until a failpoint has killed the process, and count it."""
        wait_until(lambda: process.poll() is not None, SECONDS, f"{what} kills it")
        assert process.returncode == -signal.SIGKILL, f"{what}: it ended with {process.returncode}"
        self.tally.kills += 1

    def opened(self, process: Process, file: Path) -> None:
        """Wait until a process has opened a file."""

        def is_open() -> bool:
            return any(each.path == str(file) for each in psutil.Process(process.pid).open_files())

        wait_until(is_open, SECONDS, f"{file.name} is opened")

    def stopped(self, pid: int, what: str) -> None:
        """Wait until a process has been stopped by a failpoint."""
        wait_until(
            lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, SECONDS, f"{what} stops"
        )

    def succeeds(self, analysis_id: str | None) -> None:
        """Wait until an analysis has succeeded."""
        assert analysis_id is not None, "it was not accepted"
        self._waits(analysis_id, ("succeeded",))

    def ends(self, analysis_id: str | None) -> str | None:
        """Wait until an analysis has ended, and return its state, None if it is gone."""
        assert analysis_id is not None, "it was not accepted"
        return self._waits(analysis_id, (*TERMINAL, None))

    def _waits(self, analysis_id: str, states: tuple[str | None, ...]) -> str | None:
        said: list[str | None] = []

        def is_so() -> bool:
            said[:] = [self.client.state(analysis_id)]
            return said[0] in states

        wait_until(is_so, SECONDS, f"{analysis_id} becomes one of {states}")
        return said[0]

    def rounds(self, whole: int) -> int:
        """Return how many rounds to play of a scenario that has so many."""
        return max(1, round(whole * self._share))

    def fault(self, name: str) -> None:
        self.tally.faults[name] += 1

    def pause(self, shortest: float, longest: float) -> None:
        """Let the world run on for a time left to chance, before the next fault."""
        self.stopping.wait(self.chance.uniform(shortest, longest))

    # load
    @contextmanager
    def under_load(
        self, users: int = 6, erasing: bool = False, more: int = 20
    ) -> Iterator[Callable[[], int]]:
        """Have two clients import, analyse and, if so told, erase until the block ends."""
        ends = threading.Event()
        asked = Counter[str]()

        def ask(number: int) -> None:
            chance = random.Random(f"{self.chance.random()}")
            mine = [f"u{number}x{n}" for n in range(users // 2)]
            while not ends.is_set():
                user = chance.choice(mine)
                if erasing and chance.random() < 0.15:
                    self.client.erase(user, consent_only=chance.random() < 0.3)
                    continue
                self.client.import_posts(user, more if chance.random() < 0.5 else 1)
                started = self.client.start(user)
                asked["starts"] += 1
                if started and chance.random() < 0.1:
                    self.client.cancel(user, started)
                ends.wait(chance.uniform(0.0, 0.1))

        with ThreadPoolExecutor(2, "client") as threads:
            tasks = [threads.submit(ask, number) for number in range(2)]
            try:
                yield lambda: asked["starts"]
            finally:
                ends.set()
        for task in tasks:
            task.result()

    # the end
    def settle(self, *, may_fail: bool = False) -> Findings:
        """Wait until all that was accepted has ended, run a last analysis per user, and check.

        Everything that was killed has to be running again. With may_fail an analysis that failed
        is no finding, since the fault lasted longer than the retries.
        """
        self._all_ended()
        for user in sorted(self._living()):
            self.client.start(user)
        self._all_ended()
        events = self.history.events()
        markers, erased = markers_and_erased(events)
        states = {one: self.client.state(one) for one in sorted(self._accepted())}
        folder = self.deployment.folder
        files = [
            file for file in folder.rglob("*") if file.name != "history.jsonl" and file.is_file()
        ]
        ends = time.monotonic() + self.erasure_seconds
        while True:  # a reader of the store may hold an erasure up for a while
            shot = self.take_snapshot(files, markers=markers, users=erased, states=states)
            if not shot.left_texts or time.monotonic() > ends:
                break
            self.stopping.wait(0.2)
        self.tally.findings = found = check(events, shot)
        if not may_fail:
            found.lost += [f"{one} failed" for one in found.failed]
        return found

    def _accepted(self) -> set[str]:
        return {e.about["id"] for e in self.history.events() if e.what == "started"}

    def _living(self) -> set[str]:
        last = {e.user: e.what for e in self.history.events() if e.user}
        return {user for user, what in last.items() if what not in ("erase sent", "erased")}

    def _all_ended(self) -> None:
        for one in sorted(self._accepted()):
            self.ends(one)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
