"""Fetching of an account's new posts from a source, page by page, into the store.

Each page is stored as it comes, and then the position at which the fetch continues: an analysis
that is deferred, or continued by another worker, requests no stored page again. Only a complete
fetch leaves a mark from which the next one starts, so no post between two fetches is missed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from api.domain.analyses import AnalysisRequest, FetchPosition, SourceCost
from api.domain.posts import Post
from api.errors import SourceNotConfiguredError, SourceUnavailableError
from api.failpoints import failpoint
from api.jobs.lease_and_retry import LeasedRun
from api.ports.clock import Clock
from api.ports.sources import PostSource, SourcePage, SourcePrices
from api.ports.store import Store

Access = Callable[[AnalysisRequest], str | None]
"""Returns the access token of the account's owner, None if they have not signed in."""


def fetch_new_posts(
    run: LeasedRun, store: Store, sources: Mapping[str, PostSource], access: Access, clock: Clock
) -> None:
    """Fetch and store the posts that are new at the source of the request.

    Raises HandBack at shutdown, LeaseLostError, SourceUnavailableError once the retry budget is
    spent, SourceRateLimitedError at once, and the other errors of PostSource.
    """
    request = run.analysis.request
    source = sources.get(request.source)
    if source is None:
        raise SourceNotConfiguredError(f"The source {request.source} is no longer set up.")
    position = run.progress.place
    # The pages that an earlier attempt read stay in the cost.
    cost = run.progress.source_cost or SourceCost(currency=source.prices.currency)
    fetched = run.progress.fetched if position else 0
    run.report(replace(run.progress, fetched=fetched, source_cost=cost))
    token = run.retried(lambda: access(request))
    account = source.account(request.account, signed_in=token is not None)
    newer_than = position.newer_than if position else _mark(run, store, account)
    while position is None or position.next_at is not None:
        at = position.next_at if position else None
        wanted = request.max_posts and request.max_posts - run.progress.fetched
        read = partial(
            source.page, account, at=at, newer_than=newer_than, wanted=wanted, access=token
        )
        page = run.retried(partial(run.beside, read))
        posts = [item for item in page.items if isinstance(item, Post)][:wanted]
        counted = _counted(page, posts, run, source.prices)
        store.save_posts(request.user_id, counted, clock())
        failpoint("after-page")
        if page.next_at is not None and page.next_at == at:
            raise SourceUnavailableError("The source gave the same page again and again.")
        position = _position_after(page, position, newer_than, wanted)
        # A worker that dies before this has the page read again; its posts are known by their ids.
        fetched = run.progress.fetched + len(posts)
        run.report(replace(run.progress, fetched=fetched, place=position))
    if position.newest is not None:
        store.set_source_mark(run.lease, request.source, account, position.newest)


def _mark(run: LeasedRun, store: Store, account: str) -> str | None:
    """Return the mark that the last complete fetch left, None if everything has to be read."""
    request = run.analysis.request
    mark = store.source_mark(request.user_id, request.source, account)
    if mark is None or store.count_posts(request.user_id):
        return mark
    # The posts up to the mark passed their retention and were deleted. The mark goes too: this
    # fetch may end early, and the next one would start after posts that were not read again.
    store.set_source_mark(run.lease, request.source, account, None)
    return None


def _counted(
    page: SourcePage, posts: Sequence[Post], run: LeasedRun, prices: SourcePrices
) -> Iterator[Post]:
    """Count what a page contains and costs, then yield its posts, for Store.save_posts.

    save_posts settles whose posts they are before it asks for the first; the lease is presented
    after that. So a page requested before its user was erased is not stored for them if they come
    back. Raises LeaseLostError.
    """
    so_far = run.progress.source_cost or SourceCost()
    posts_read = so_far.posts_read + page.posts_read
    users_read = so_far.users_read + page.users_read
    skipped = so_far.skipped + sum(not isinstance(item, Post) for item in page.items)
    price = prices.of(posts_read, users_read)
    cost = SourceCost(posts_read, users_read, skipped, price, prices.currency)
    run.report(replace(run.progress, source_cost=cost))
    yield from posts


def _position_after(
    page: SourcePage, position: FetchPosition | None, newer_than: str | None, wanted: int | None
) -> FetchPosition:
    """Return where to continue after a page; wanted is how many posts were still asked for."""
    found = sum(isinstance(item, Post) for item in page.items)
    if wanted is not None and (found > wanted or (found == wanted and page.next_at is not None)):
        # Enough, and something was left out: the next fetch must not start from here.
        return FetchPosition(next_at=None, newer_than=newer_than, newest=None)
    newest = (position.newest if position else None) or page.newest
    return FetchPosition(page.next_at, newer_than, newest)
