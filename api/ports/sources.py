"""Name what fetching posts needs from the places where they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from api.domain.posts import Post, RejectedPost


@dataclass(frozen=True, slots=True)
class SourcePrices:
    """Say what a source asks for each post and each account that it gives out."""

    post: float = 0.0
    user: float = 0.0
    currency: str = "USD"

    def of(self, posts: int, users: int) -> float:
        """Return what so many posts and accounts cost, to a millionth."""
        return round(posts * self.post + users * self.user, 6)


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Hold one answer of a source.

    next_at names the next call, None where there is none; newest is the id of the newest post of
    the account, told by the first page that has posts.
    """

    items: tuple[Post | RejectedPost, ...] = ()
    next_at: str | None = None
    newest: str | None = None
    posts_read: int = 0
    users_read: int = 0


class PostSource(Protocol):
    """Read the posts of an account where they live, one call of the source at a time."""

    @property
    def prices(self) -> SourcePrices:
        """Return what the source asks for its answers."""
        ...

    def account(self, name: str, *, signed_in: bool) -> str:
        """Return the one spelling of an account's name, where its posts may be read here.

        signed_in tells whether the account's owner has signed in. Raises InvalidRequestError for
        what is no name at this source, NotOwnAccountError where nothing shows whose account it is.
        """
        ...

    def page(
        self,
        account: str,
        *,
        at: str | None,
        newer_than: str | None,
        wanted: int | None,
        access: str | None,
    ) -> SourcePage:
        """Make one call: the first where `at` is None, else the one that `at` of a page named.

        Pages and their posts come newest first and end before the post id `newer_than`; wanted
        posts are enough (None: all), and more may come. access is the owner's access token, where
        they signed in. A call ends within a timeout. Raises SourceUnavailableError where the source
        cannot be reached or gives no sound answer, SourceRateLimitedError, and the kind of
        SourceRefusedError that says why it refused: SourceAccountNotFoundError, a NotFoundError,
        for an unknown account.
        """
        ...
