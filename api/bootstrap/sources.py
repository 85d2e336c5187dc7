"""Wire the sources of posts that the settings ask for.

A source's library is imported only where the source is set up: the three together add some 40 MB
to what an idle process uses.
"""

from dataclasses import dataclass, field

from api.ports.clock import Clock
from api.ports.sign_ins import Sealer, SignInProvider
from api.ports.sources import PostSource, SourcePrices
from api.settings import Settings
from api.sources.http_client import BoundedHttpClient
from api.sources.own_accounts import OwnAccounts


@dataclass(slots=True)
class WiredSources:
    """Sources by name, and what signing in at X needs where that is set up."""

    by_name: dict[str, PostSource] = field(default_factory=dict)
    sign_in: SignInProvider | None = None
    sealer: Sealer | None = None


def wire_sources(settings: Settings, clock: Clock) -> WiredSources:
    """Return the sources that are set up."""
    wired = WiredSources()

    def client_of(name: str) -> BoundedHttpClient:
        return BoundedHttpClient(name, timeout_seconds=settings.source_timeout_seconds)

    if settings.x_sign_in_set or (settings.x_bearer_token and settings.x_own_accounts):
        from api.sources.x import XSignIn, XSource

        x_client = client_of("X")
        wired.by_name["x"] = XSource(
            x_client,
            settings.x_api_url,
            clock,
            bearer_token=settings.x_bearer_token,
            own_accounts=OwnAccounts(settings.x_own_accounts),
            prices=SourcePrices(settings.x_post_price, settings.x_user_price),
            liked_posts=settings.x_liked_posts,
        )
        if settings.x_sign_in_set:
            from api.adapters.fernet_sealer import FernetSealer

            wired.sealer = FernetSealer(settings.sign_in_key)
            wired.sign_in = XSignIn(
                x_client,
                settings.x_api_url,
                clock,
                client_id=settings.x_client_id or "",
                client_secret=settings.x_client_secret,
                redirect_uri=settings.x_redirect_uri or "",
            )
    if settings.bluesky_own_accounts:
        from api.sources.bluesky import BlueskySource

        wired.by_name["bluesky"] = BlueskySource(
            client_of("Bluesky"),
            settings.bluesky_url,
            clock,
            own_accounts=OwnAccounts(settings.bluesky_own_accounts),
        )
    if settings.mastodon_url and settings.mastodon_own_accounts:
        from api.sources.mastodon import MastodonSource

        wired.by_name["mastodon"] = MastodonSource(
            client_of("the Mastodon server"),
            settings.mastodon_url,
            clock,
            own_accounts=OwnAccounts(settings.mastodon_own_accounts),
        )
    return wired
