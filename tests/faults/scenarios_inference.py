"""Scenarios in which the inference server refuses, stalls, answers nonsense, or dies."""

import json
import math

import psutil

from api.domain.posts import EMOTIONS
from tests.faults.world import SECONDS, World
from tests.support.faults.tcp_proxy import Fault
from tests.support.servers.loopback import CUT, Reply
from tests.support.serving.started import ROOT, command, end, free_port

MODEL_FOLDER = ROOT / "serving" / "model"
_SCORES = dict.fromkeys(EMOTIONS, 1 / len(EMOTIONS))
_ITEM = {"label": "joy", "scores": _SCORES, "irony": 0.1, "tokens": 3, "truncated": False}
REFUSALS = (
    Reply(500, {"title": "broken"}),
    Reply(429, {"title": "full"}, {"Retry-After": "1"}),
    Reply(502, b"<html>bad gateway"),
    Reply(503, {"title": "starting"}, {"Retry-After": "1"}),
    Reply(504, {"title": "late"}),
    CUT,
)
NONSENSE = {
    "NaN": [{**_ITEM, "scores": {**_SCORES, "joy": math.nan}}] * 10,
    "infinite": [{**_ITEM, "irony": math.inf}] * 10,
    "wrong length": [_ITEM] * 9,
    "too many tokens": [{**_ITEM, "tokens": 10**30}] * 10,
    "no scores": [{**_ITEM, "scores": {}}] * 10,
    "unknown label": [{**_ITEM, "label": "hunger"}] * 10,
    "not a list": {"scores": 1},
    "not JSON": b"<html>",
    "deep": b"[" * 100_000,
    "huge": b'["' + b"x" * 100_000_000 + b'"]',
}


def refusals(world: World) -> None:
    """The inference server refuses a call now and then, within the budget: all succeeds."""
    inference = world.deployment.inference
    world.embedded()
    for number, fault in enumerate(world.chance.sample(REFUSALS, world.rounds(len(REFUSALS)))):
        user = f"refused{number}"
        world.client.import_posts(user)
        inference.faults[:] = [None] * world.chance.randrange(3) + [fault]
        world.fault(f"inference {fault if isinstance(fault, str) else fault.status}")
        world.succeeds(world.client.start(user))
        inference.faults.clear()


def nonsense(world: World) -> None:
    """Nonsense of the inference server is never saved: the analysis ends, the next one is right.

    Whether such an answer is asked for again or fails the analysis is not judged.
    """
    inference = world.deployment.inference
    world.embedded(INFERENCE_RETRY_SECONDS="3")
    for number, name in enumerate(
        world.chance.sample(sorted(NONSENSE), world.rounds(len(NONSENSE)))
    ):
        user = f"nonsense{number}"
        world.client.import_posts(user)
        content = NONSENSE[name]
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        inference.bad_answer = Reply(body=raw)
        world.fault(f"inference {name}")
        state = world.ends(world.client.start(user))
        assert state == "failed", f"{name} was taken for an answer"
        inference.bad_answer = None


def inference_connection(world: World) -> None:
    """The connections to the inference server are delayed, reset, swallowed, cut, or drip."""
    proxy = world.proxy(int(world.deployment.inference.url.rsplit(":", 1)[1]))
    world.deployment.environment["INFERENCE_URL"] = f"http://127.0.0.1:{proxy.port}"
    world.deployment.inference.seconds = 0.02
    world.distributed(INFERENCE_TIMEOUT_SECONDS="1")
    faults = [Fault.DELAY, Fault.RESET, Fault.BLACK_HOLE, Fault.TRUNCATE, Fault.DRIP]
    with world.under_load(erasing=True):
        for fault in world.chance.sample(faults, world.rounds(len(faults))):
            proxy.begin(fault)
            world.fault(f"inference {fault.name}")
            world.pause(1.0, 2.0)
            proxy.end()
            world.pause(0.2, 0.5)


def killed_inference(world: World) -> None:
    """The real inference server, with the shipped model, is killed under load and started again."""
    port = free_port()
    world.deployment.environment["INFERENCE_URL"] = f"http://127.0.0.1:{port}"
    world.distributed()
    kills = world.rounds(4)
    for number in range(kills + 1):
        server = command(MODEL_FOLDER, port, world.deployment.folder / f"inference{number}")
        world.at_the_end.callback(end, server)
        with world.under_load(users=4):
            world.answers(f"http://127.0.0.1:{port}/readyz")
            world.pause(0.5, 1.5)
            if number < kills:
                world.kill_with_children(server)


def killed_supervisor(world: World) -> None:
    """The supervisor of the inference server is killed at any time; a new one has the port at once.

    Its processes have to end with it: they would go on holding the port.
    """
    port = free_port()
    world.deployment.environment["INFERENCE_URL"] = f"http://127.0.0.1:{port}"
    world.embedded()
    kills = world.rounds(4)
    for number in range(kills + 1):
        server = command(MODEL_FOLDER, port, world.deployment.folder / f"inference{number}")
        world.at_the_end.callback(end, server)
        if number == kills or number % 2:
            world.answers(f"http://127.0.0.1:{port}/readyz")
        assert server.poll() is None, f"it could not start after {number} kills"
        world.pause(0.0, 2.0)
        if number < kills:
            children = psutil.Process(server.pid).children(recursive=True)
            world.kill(server)
            _, left = psutil.wait_procs(children, timeout=SECONDS)
            assert left == [], "processes of the inference server outlive its supervisor"
    world.client.import_posts("supervised")
    world.client.start("supervised")
