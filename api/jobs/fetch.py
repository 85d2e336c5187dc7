"""Fetch what is new of an account at a source, page by page, into the store.

What a fetch reads is kept whole or not at all, and only a fetch that came to its end leaves a mark
from which the next one starts: so no post between two fetches is ever missed. A page that cannot
be had for a moment is asked for again; nothing waits in the thread for a rate limit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from api.domain.analyses import IMPORTED, Analysis, AnalysisRequest, SourceCost
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
        # Pages that an earlier attempt read were read all the same.
        spent = analysis.progress.source_cost or SourceCost(currency=source.prices.currency)
        held.report(replace(held.progress, source_cost=spent))
        access = self._within(patience, held, lambda: self._access(request))
        account = source.account(request.account, signed_in=access is not None)
        mark = self._store.source_mark(request.user_id, request.source, account)
        if not self._store.count_posts(request.user_id):
            mark = None  # what was fetched up to there was kept long enough, and deleted
        reading = _Reading(source.prices, held, request.max_posts)

        def page(at: str | None) -> SourcePage:
            wanted = reading.wanted
            return self._within(
                patience,
                held,
                lambda: source.page(account, at=at, newer_than=mark, wanted=wanted, access=access),
            )

        self._store.save_posts(request.user_id, reading.posts(page), self._clock())
        if reading.whole and reading.newest is not None:
            self._store.set_source_mark(held.lease, request.source, account, reading.newest)

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


class _Reading:
    """Go through the pages of one account, and count what they hold and cost.

    wanted is how many posts are still asked for, None for all; whole tells at the end whether
    nothing was left out.
    """

    def __init__(self, prices: SourcePrices, held: HeldLease, wanted: int | None) -> None:
        self._prices = prices
        self._held = held
        self.wanted = wanted
        self.newest: str | None = None
        self.whole = False

    def posts(self, page_at: Callable[[str | None], SourcePage]) -> Iterator[Post]:
        at: str | None = None
        while not self.whole and self.wanted != 0:
            page = page_at(at)
            found = [item for item in page.items if isinstance(item, Post)]
            posts = found[: self.wanted]
            if self.wanted is not None:
                self.wanted -= len(posts)
            if page.next_at is not None and page.next_at == at:
                raise SourceUnavailableError("The source gave the same page again and again.")
            at = page.next_at
            self.newest = self.newest or page.newest
            self.whole = at is None and len(posts) == len(found)
            self._count(page, len(posts), skipped=len(page.items) - len(found))
            yield from posts

    def _count(self, page: SourcePage, posts: int, *, skipped: int) -> None:
        progress, prices = self._held.progress, self._prices
        so_far = progress.source_cost or SourceCost()
        posts_read = so_far.posts_read + page.posts_read
        users_read = so_far.users_read + page.users_read
        cost = SourceCost(
            posts_read,
            users_read,
            so_far.skipped + skipped,
            prices.of(posts_read, users_read),
            prices.currency,
        )
        self._held.report(replace(progress, fetched=progress.fetched + posts, source_cost=cost))
