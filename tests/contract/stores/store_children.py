"""Parts of tests that run in a process of their own and report their progress by a pipe."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from api.domain.analyses import Progress
from api.domain.posts import Engagement, Post
from api.ports.store import Store
from tests.contract.stores.store_examples import ALICE, MODEL, NOW, a_classification, a_post, taken
from tests.contract.stores.stores import StoreBackend

DEADLINE = 30  # seconds that a child may take to its next message
BATCH = 8  # posts that are classified at once


@dataclass(frozen=True, slots=True)
class Child:
    """A process and our end of the pipe to it."""

    process: Any
    pipe: Any

    def next_word(self) -> Any:
        assert self.pipe.poll(DEADLINE), "the child said nothing in time"
        return self.pipe.recv()

    def go_on(self) -> None:
        self.pipe.send("go on")

    def kill(self) -> None:
        self.process.kill()
        self.process.join(DEADLINE)


@contextmanager
def child(work: Callable[[Store, Connection, int], None], backend: StoreBackend) -> Iterator[Child]:
    """Run work in a process of its own, killed on leaving the block."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(work, backend, theirs), daemon=True)
    process.start()
    theirs.close()

    running = Child(process, ours)
    try:
        yield running
    finally:
        running.kill()
        process.close()
        ours.close()


def _run(
    work: Callable[[Store, Connection, int], None], backend: StoreBackend, say: Connection
) -> None:
    store = backend.open()
    work(store, say, backend.many)
    store.close()


def claim_all(store: Store, say: Connection, many: int) -> None:
    """Claim until the queue is empty, then report what was claimed."""
    say.send("ready")
    say.recv()  # so that all start together
    claimed = []
    until = NOW + timedelta(hours=1)
    while claim := store.claim(None, owner="child", now=NOW, until=until):
        claimed.append((claim[0].analysis_id, claim[1].token))
    say.send(claimed)


def open_only(store: Store, say: Connection, many: int) -> None:
    store.ping()
    say.send("opened")


def stop_while_reading_posts(store: Store, say: Connection, many: int) -> None:
    """Stop in the middle of a save."""

    def posts() -> Iterator[Post]:
        for number in range(5 * many):
            yield a_post(number)
        say.send("reading")
        say.recv()

    store.save_posts(ALICE, posts(), NOW)


def save_again_and_again(store: Store, say: Connection, many: int) -> None:
    """Save the same posts over and over, all with the number of the round as their likes."""
    for number in count():
        say.send(number)
        likes = Engagement(likes=number)
        store.save_posts(
            ALICE, [a_post(one, engagement=likes, text=f"{number}") for one in range(many)], NOW
        )


def classify_in_batches(store: Store, say: Connection, many: int) -> None:
    """Classify the posts of one analysis, from where an earlier run stopped."""
    lease = taken(store, "a1", now=NOW + timedelta(days=1))
    done = 0
    while batch := store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=BATCH):
        store.save_classifications(
            lease, MODEL, [(post.post_id, a_classification()) for post in batch]
        )
        done += len(batch)
        store.renew(lease, until=lease.until, progress=Progress(classified=done))
        say.send(done)
