"""Servers on loopback that stand in for sources of posts and for the inference server."""

from tests.support.servers.bluesky import BlueskyServer
from tests.support.servers.loopback import (
    CUT,
    DRIP,
    DRIP_HEAD,
    HANG,
    LoopbackServer,
    Reply,
    ScriptedServer,
)
from tests.support.servers.mastodon import MastodonServer
from tests.support.servers.x import XServer

__all__ = [
    "CUT",
    "DRIP",
    "DRIP_HEAD",
    "HANG",
    "BlueskyServer",
    "LoopbackServer",
    "MastodonServer",
    "Reply",
    "ScriptedServer",
    "XServer",
]
