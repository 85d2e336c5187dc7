"""Fetch what is new of an account at a source, page by page, into the store.

Each page is kept as it comes, and then the place where the fetch goes on: an analysis that is
deferred, or taken up by another worker, asks for no page again that was kept. Only a fetch that
came to its end leaves a mark from which the next one starts: so no post between two fetches is ever
missed. A page that cannot be had for a moment is asked for again; nothing waits in the thread for a
rate limit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from api.domain.analyses import IMPORTED, Analysis, AnalysisRequest, FetchPosition, SourceCost
from api.domain.posts import Post
from api.errors import (
    RetryableError,
    SourceNotConfiguredError,
    SourceRateLimitedError,
    SourceUnavailableError,
)
from api.jobs.lease import HeldLease
from api.jobs.patience import Patience
from api.jobs.pipeline import HandBack
from api.ports.clock import Clock
from api.ports.sources import PostSource, SourcePage, SourcePrices
from api.ports.store import Store

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)

Access = Callable[[AnalysisRequest], str | None]
"""Return the access token of the account's owner, None where they have not signed in."""


class FetchStage:
    """Fetch for analyses that name a source."""

    def __init__(
        self,
        store: Store,
        sources: Mapping[str, PostSource],
        access: Access,
        clock: Clock,
        stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._sources = sources
        self._access = access
        self._clock = clock
        self._stopping = stopping

    def run(self, analysis: Analysis, held: HeldLease, patience: Patience) -> None:
        """Fetch what is new; posts that were imported need no fetching.

        Raises HandBack at shutdown, LeaseLostError, SourceUnavailableError once patience is spent,
        SourceRateLimitedError at once, and what else PostSource raises.
        """
        request = analysis.request
        if request.source == IMPORTED:
            return
        source = self._sources.get(request.source)
        if source is None:
            raise SourceNotConfiguredError(f"The source {request.source} is no longer set up.")
        place = held.progress.place
        # Pages that an earlier attempt read were read all the same.
        cost = held.progress.source_cost or SourceCost(currency=source.prices.currency)
        fetched = held.progress.fetched if place else 0
        held.report(replace(held.progress, fetched=fetched, source_cost=cost))
        access = self._within(patience, held, lambda: self._access(request))
        account = source.account(request.account, signed_in=access is not None)
        newer_than = place.newer_than if place else self._mark(request, account, held)
        while place is None or place.next_at is not None:
            at = place.next_at if place else None
            wanted = request.max_posts and request.max_posts - held.progress.fetched
            asked = partial(source.page, account, at=at, newer_than=newer_than, wanted=wanted)
            page = self._within(patience, held, partial(asked, access=access))
            posts = [item for item in page.items if isinstance(item, Post)][:wanted]
            counted = _counted(page, posts, held, source.prices)
            self._store.save_posts(request.user_id, counted, self._clock())
            if page.next_at is not None and page.next_at == at:
                raise SourceUnavailableError("The source gave the same page again and again.")
            place = _place_after(page, place, newer_than, wanted)
            # Who dies before this has the page read again; its posts are known by their ids.
            fetched = held.progress.fetched + len(posts)
            held.report(replace(held.progress, fetched=fetched, place=place))
        if place.newest is not None:
            self._store.set_source_mark(held.lease, request.source, account, place.newest)

    def _mark(self, request: AnalysisRequest, account: str, held: HeldLease) -> str | None:
        """Return the mark that the last whole fetch left, None where all has to be read."""
        mark = self._store.source_mark(request.user_id, request.source, account)
        if mark is None or self._store.count_posts(request.user_id):
            return mark
        # What was fetched up to there was kept long enough, and deleted. The mark goes too: this
        # fetch may end early, and the next one would follow it past what was not read again.
        self._store.set_source_mark(held.lease, request.source, account, None)
        return None

    def _within(self, patience: Patience, held: HeldLease, call: Callable[[], Answer]) -> Answer:
        """Return what a call returns, tried again while patience lasts."""
        while True:
            if self._stopping():
                raise HandBack("the service is shutting down")
            try:
                answer = call()
            except SourceRateLimitedError:
                raise
            except RetryableError as error:
                _log.warning("fetching failed and is tried again: %s", type(error).__name__)
                patience.after(error)
                held.keep()
            else:
                patience.restore()
                return answer


def _counted(
    page: SourcePage, posts: Sequence[Post], held: HeldLease, prices: SourcePrices
) -> Iterator[Post]:
    """Count what a page holds and cost, then yield its posts; for save_posts.

    Counting presents the lease once it is settled whose the posts are: so a page that was asked for
    before its user was erased is not kept for them when they are back. Raises LeaseLostError.
    """
    so_far = held.progress.source_cost or SourceCost()
    posts_read = so_far.posts_read + page.posts_read
    users_read = so_far.users_read + page.users_read
    skipped = sum(not isinstance(item, Post) for item in page.items)
    cost = SourceCost(
        posts_read,
        users_read,
        so_far.skipped + skipped,
        prices.of(posts_read, users_read),
        prices.currency,
    )
    held.report(replace(held.progress, source_cost=cost))
    yield from posts


def _place_after(
    page: SourcePage, place: FetchPosition | None, newer_than: str | None, wanted: int | None
) -> FetchPosition:
    """Return where to go on after a page; wanted is how many posts were still asked for."""
    found = sum(isinstance(item, Post) for item in page.items)
    if wanted is not None and (found > wanted or (found == wanted and page.next_at is not None)):
        # Enough, and something was left out: the next fetch must not start from here.
        return FetchPosition(next_at=None, newer_than=newer_than, newest=None)
    newest = (place.newest if place else None) or page.newest
    return FetchPosition(page.next_at, newer_than, newest)
