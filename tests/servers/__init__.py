"""Stand in for sources of posts: servers on loopback that speak their interfaces over HTTP."""

from tests.servers.bluesky import BlueskyServer
from tests.servers.loopback import CUT, DRIP, HANG, LoopbackServer, Reply
from tests.servers.mastodon import MastodonServer
from tests.servers.x import XServer

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
