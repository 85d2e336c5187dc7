"""Fake source of posts."""

from collections.abc import Sequence
from typing import Any

from api.domain.posts import Post, RejectedPost
from api.ports.sources import SourcePage, SourcePrices


class FakeSource:
    """PostSource that answers each call with the next page, or raises the error in its place."""

    def __init__(
        self, *pages: SourcePage | BaseException, prices: SourcePrices | None = None
    ) -> None:
        self.prices = prices or SourcePrices(post=0.01, user=0.5, currency="EUR")
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []

    def account(self, name: str, *, signed_in: bool) -> str:
        return name

    def page(self, account: str, **asked: Any) -> SourcePage:
        self.asked.append({"account": account, **asked})
        page = self.pages.pop(0)
        if isinstance(page, BaseException):
            raise page
        return page


def page_of(
    posts: Sequence[Post | RejectedPost], *, next_at: str | None = None, newest: str | None = None
) -> SourcePage:
    return SourcePage(tuple(posts), next_at, newest, posts_read=len(posts))
