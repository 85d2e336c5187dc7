"""Scenarios in which X refuses, limits, repeats itself, or no longer knows the account."""

import time
from typing import Any

from tests.faults.world import World
from tests.support.servers.loopback import CUT, Reply
from tests.support.servers.x import BEARER, Account, XServer, a_tweet

POSTS = 250  # three pages
ACCOUNTS = [f"xuser{number}" for number in range(14)]


def _refused(status: int, **headers: str) -> Reply:
    return Reply(status, {"title": "no", "type": "about:blank", "detail": "no"}, headers)


def _limited(reset: str | None) -> Reply:
    return _refused(429, **({} if reset is None else {"x-rate-limit-reset": reset}))


def x_faults(world: World) -> None:
    """X fails at page 2 in each way; a later analysis has every post of the account, each once."""
    x = XServer()
    world.at_the_end.callback(x.stop)
    world.embedded(
        X_API_URL=x.url,
        X_BEARER_TOKEN=BEARER,
        X_OWN_ACCOUNTS=",".join(ACCOUNTS),
        SOURCE_WAIT_SECONDS="1",
        INFERENCE_RETRY_SECONDS="3",
    )
    faults: list[tuple[str, Any]] = [
        *((str(status), _refused(status)) for status in (401, 402, 403, 404, 500, 503)),
        ("429 reset past", _limited("1000000000")),
        ("429 reset far", _limited(f"{time.time() + 10**6:.0f}")),
        ("429 reset missing", _limited(None)),
        ("429 reset garbage", _limited("soon")),
        ("cut", CUT),
        ("token repeats", None),
        ("user deleted", None),
        ("not JSON", Reply(200, b"<html>")),
    ]
    chosen = world.chance.sample(faults, world.rounds(len(faults)))
    for user, (name, reply) in zip(ACCOUNTS, chosen, strict=False):
        _one(world, x, user, name, reply)


def _one(world: World, x: XServer, user: str, name: str, reply: Any) -> None:
    marker = world.client.marker(user)
    tweets = [a_tweet(n, f"{marker} post {n}") for n in reversed(range(POSTS))]
    number = str(1000 + ACCOUNTS.index(user))
    x.accounts[user] = account = Account(number, user, tweets=tweets)
    posts = {tweet["id"]: tweet["text"] for tweet in tweets}
    world.fault(f"X {name}")
    if reply is not None:
        x.faults[:] = [None, None, reply]
    elif name == "token repeats":
        again = {"data": [tweets[0]], "meta": {"result_count": 1, "next_token": "t100"}}
        x.faults[:] = [None, None, Reply(200, again), Reply(200, again)]
    else:
        x.faults[:] = [None, None, _refused(404)]
        account.suspended = True
    world.ends(world.client.start(user, source="x"))
    x.faults.clear()
    account.suspended = False
    sent = world.history.note("import sent", user, marker=marker, posts=posts)
    world.succeeds(world.client.start(user, source="x"))
    world.history.note("imported", user, sent)
