"""Stand in for sources of posts: servers on loopback that speak their interfaces over HTTP."""

from tests.support.servers.bluesky import BlueskyServer
from tests.support.servers.loopback import CUT, DRIP, HANG, LoopbackServer, Reply
from tests.support.servers.mastodon import MastodonServer
from tests.support.servers.x import XServer

__all__ = [
    "CUT",
    "DRIP",
    "HANG",
    "BlueskyServer",
    "LoopbackServer",
    "MastodonServer",
    "Reply",
    "XServer",
]
