"""What an operator watches and renews in a running service: the queue, old moods, sealed tokens."""

import sys
import time
import uuid
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NoReturn

from tqdm import tqdm

from api.adapters.fernet_sealer import FernetSealer
from api.bootstrap.adapters import Ports, adapters
from api.cli.terminal import say
from api.errors import ConflictError
from api.services.reanalysis import Reanalysed, Reanalysis
from api.settings import Settings

_FAILURES_OF = timedelta(days=1)
_MOST_FAILURES = 1_000
_SHOWN_FAILURES = 10


def reanalyse(settings: Settings, options: Namespace) -> None:
    """Queue an analysis of everybody whose newest mood another model has read.

    Raises StoreUnavailableError, InferenceUnavailableError, InferenceRejectedError.
    """
    with _opened(settings) as ports:
        reanalysis = Reanalysis(
            ports.store,
            ports.emotions,
            ports.clock,
            ports.wake or (lambda _analysis_id: None),  # threads of the API look by themselves
            lambda: uuid.uuid4().hex,
            time.sleep,
        )
        done = Reanalysed()
        # disable=None: nothing is shown unless standard error is a terminal.
        bar: tqdm[NoReturn] = tqdm(
            total=reanalysis.count_users(), unit=" users", disable=None, file=sys.stderr
        )
        try:
            for done in reanalysis.run(
                per_minute=options.per_minute, most_waiting=options.most_waiting
            ):
                bar.set_postfix(queued=done.queued, refresh=False)
                bar.update(done.users - bar.n)
        finally:
            bar.close()
            _tell_reanalysed(done)


def reseal(settings: Settings, _options: Namespace) -> None:
    """Seal all tokens with the first key of SIGN_IN_KEY.

    Raises StoreUnavailableError, and ConflictError without a key or where a token needs another.
    """
    if not settings.sign_in_key:
        raise ConflictError("SIGN_IN_KEY is not set, so there is nothing to seal with")
    sealer = FernetSealer(settings.sign_in_key)
    with _opened(settings) as ports:
        done = ports.store.reseal_sign_ins(sealer.reseal)
    say(f"{done.sealed:,} sign-ins are sealed with the first key of SIGN_IN_KEY.")
    if done.unreadable:
        raise ConflictError(
            f"{done.unreadable:,} sign-ins were sealed with a key that is not in SIGN_IN_KEY: these"
            " people have to sign in again, unless you add that key and run this once more"
        )


def queue(settings: Settings, _options: Namespace) -> None:
    """Print what waits, what runs where, and what failed of late. Raises StoreUnavailableError."""
    with _opened(settings) as ports:
        for line in _queue_lines(ports):
            say(line)


def _queue_lines(ports: Ports) -> Iterator[str]:
    now = ports.clock()
    waiting, running = ports.store.waiting(), ports.store.running()
    oldest = f", the oldest for {_time_since(waiting.oldest, now)}" if waiting.oldest else ""
    yield f"waiting   {waiting.analyses:,}{oldest}"
    deferred = sum(hold.deferred for hold in ports.store.holds())
    yield f"deferred  {deferred:,} until a source's rate limit is over"
    yield f"running   {len(running):,}"
    for each in sorted(running, key=lambda one: (one.owner, one.started_at)):
        lease = "" if each.until > now else ", LEASE EXPIRED: another worker takes it over"
        tries = "" if each.attempt < 2 else f", attempt {each.attempt}"
        yield (
            f"  {each.analysis_id}  since {_time_since(each.started_at, now)}"
            f" by worker {each.owner}{tries}{lease}"
        )
    yield f"workers   {len({each.owner for each in running}):,} that run something now"
    failed = ports.store.failures(since=now - _FAILURES_OF, limit=_MOST_FAILURES)
    more = "or more " if len(failed) == _MOST_FAILURES else ""
    yield f"failed    {len(failed):,} {more}in the last 24 hours"
    for kind, count in Counter(each.problem.type for each in failed).most_common():
        yield f"  {count:,} x {kind}"
    for failure in failed[:_SHOWN_FAILURES]:
        when = f"{failure.at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"  {when}  {failure.analysis_id}  {failure.problem.title}: {failure.problem.detail}"


def _tell_reanalysed(done: Reanalysed) -> None:
    say(
        f"{done.users:,} users with a mood looked at: {done.queued:,} analyses queued,"
        f" {done.under_way:,} under way already, {done.renewed:,} moods are of the present model."
    )
    if done.without_posts:
        say(
            f"{done.without_posts:,} have no posts any more (POSTS_RETENTION_DAYS): their mood"
            " stays, and says which model has read it."
        )


def _time_since(then: datetime, now: datetime) -> str:
    return str(timedelta(seconds=max(0, round((now - then).total_seconds()))))


@contextmanager
def _opened(settings: Settings) -> Iterator[Ports]:
    ports = adapters(settings)
    try:
        yield ports
    finally:
        ports.close()
