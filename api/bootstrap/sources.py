"""Wire the sources of posts that the settings ask for.

A source's library is imported only where the source is set up: the three together add some 40 MB
to what an idle process holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.ports.clock import Clock
from api.ports.sign_ins import Sealer, SignInProvider
from api.ports.sources import PostSource, SourcePrices
from api.settings import Settings
from api.sources.http_client import Outgoing
from api.sources.own_accounts import OwnAccounts


@dataclass(frozen=True, slots=True)
class WiredSources:
    """Hold the sources by name, and what signing in at X needs where that is set up."""

    by_name: Mapping[str, PostSource] = field(default_factory=dict)
    sign_in: SignInProvider | None = None
    sealer: Sealer | None = None
    outgoing: tuple[Outgoing, ...] = ()

    def close(self) -> None:
        """Let go of connections."""
        for each in self.outgoing:
            each.close()


def wire_sources(settings: Settings, clock: Clock) -> WiredSources:
    """Return the sources that are set up."""
    outgoing: list[Outgoing] = []

    def way_out(name: str) -> Outgoing:
        outgoing.append(Outgoing(name, timeout_seconds=settings.source_timeout_seconds))
        return outgoing[-1]

    by_name: dict[str, PostSource] = {}
    sign_in: SignInProvider | None = None
    sealer: Sealer | None = None
    if settings.x_sign_in_set or (settings.x_bearer_token and settings.x_own_accounts):
        from api.sources.x import XSignIn, XSource

        to_x = way_out("X")
        by_name["x"] = XSource(
            to_x,
            settings.x_api_url,
            clock,
            bearer_token=settings.x_bearer_token,
            own_accounts=OwnAccounts(settings.x_own_accounts),
            prices=SourcePrices(settings.x_post_price, settings.x_user_price),
            liked_posts=settings.x_liked_posts,
        )
        if settings.x_sign_in_set:
            from api.adapters.fernet_sealer import FernetSealer

            sealer = FernetSealer(settings.sign_in_key)
            sign_in = XSignIn(
                to_x,
                settings.x_api_url,
                clock,
                client_id=settings.x_client_id or "",
                client_secret=settings.x_client_secret,
                redirect_uri=settings.x_redirect_uri or "",
            )
    if settings.bluesky_own_accounts:
        from api.sources.bluesky import BlueskySource

        by_name["bluesky"] = BlueskySource(
            way_out("Bluesky"),
            settings.bluesky_url,
            clock,
            own_accounts=OwnAccounts(settings.bluesky_own_accounts),
        )
    if settings.mastodon_url and settings.mastodon_own_accounts:
        from api.sources.mastodon import MastodonSource

        by_name["mastodon"] = MastodonSource(
            way_out("the Mastodon server"),
            settings.mastodon_url,
            clock,
            own_accounts=OwnAccounts(settings.mastodon_own_accounts),
        )
    return WiredSources(by_name, sign_in, sealer, tuple(outgoing))
