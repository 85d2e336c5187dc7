"""Port for fetching posts from the networks where people write them."""

from dataclasses import dataclass
from typing import Protocol

from api.domain.posts import Post, RejectedPost


@dataclass(frozen=True, slots=True)
class SourcePrices:
    """Price of a source per post and per account that it gives out."""

    post: float = 0.0
    user: float = 0.0
    currency: str = "USD"

    def of(self, posts: int, users: int) -> float:
        """Return the cost of so many posts and accounts, rounded to a millionth."""
        return round(posts * self.post + users * self.user, 6)


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One answer of a source.

    next_at identifies the next call, None where there is none; newest is the id of the account's
    newest post, set by the first page that has posts.
    """

    items: tuple[Post | RejectedPost, ...] = ()
    next_at: str | None = None
    newest: str | None = None
    posts_read: int = 0
    users_read: int = 0


class PostSource(Protocol):
    """Source of an account's posts, read one call at a time."""

    @property
    def prices(self) -> SourcePrices:
        """Prices of the source's answers."""
        ...

    def account(self, name: str, *, signed_in: bool) -> str:
        """Return the canonical spelling of an account's name, if its posts may be read here.

        signed_in says whether the account's owner has signed in. Raises InvalidRequestError for
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
        """Make one call: the first where `at` is None, else the one that a page's next_at names.

        Pages and their posts come newest first and end before the post id `newer_than`; wanted
        posts are enough (None: all), and more may come. access is the owner's access token, where
        they signed in. A call ends within a timeout. Raises SourceUnavailableError where the source
        cannot be reached or gives no sound answer, SourceRateLimitedError, and the kind of
        SourceRefusedError that says why it refused: SourceAccountNotFoundError, a NotFoundError,
        for an unknown account.
        """
        ...
