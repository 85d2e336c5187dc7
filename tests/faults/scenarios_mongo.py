"""Scenarios with MongoDB as the store, or its stand-in: it commits, and its answer is lost."""

import tempfile
from functools import partial
from pathlib import Path

from tests.faults.world import SECONDS, World
from tests.support.faults.snapshot import mongo_snapshot
from tests.support.faults.tcp_proxy import Fault
from tests.support.mongo.servers import server
from tests.support.serving.started import wait_until

# As each stands at the beginning of a command in BSON: its type, its name and an end.
WRITES = {
    name: b"\x02" + name.encode() + b"\x00"
    for name in ("insert", "update", "findAndModify", "delete")
}
KILLS = 2


def mongo_loses_replies(world: World) -> None:
    """MongoDB has written, and the answer to the API or a worker is lost; both are killed too."""
    folder = world.at_the_end.enter_context(tempfile.TemporaryDirectory())
    found = world.at_the_end.enter_context(server(Path(folder)))
    if found is None:
        print("    NOT PLAYED: there is no MongoDB and no stand-in of it (make test makes one)")
        world.embedded()
        return
    database = f"moodline_faults_{world.chance.randrange(10**9)}"
    direct = found.url_of(database)
    host, _, port = direct.split("/")[2].rpartition("@")[2].rpartition(":")
    proxy = world.proxy(int(port))
    behind = direct.replace(f"{host}:{port}", f"127.0.0.1:{proxy.port}")
    # Else the driver asks a replica set where it is, and goes round the proxy.
    world.deployment.environment["STORE_URL"] = f"{behind}&directConnection=true"
    world.take_snapshot = partial(mongo_snapshot, direct)
    # What the stand-in does in a second, SQLite does in some milliseconds.
    world.deployment.environment["LEASE_SECONDS"] = "5"
    world.distributed(workers=1)
    writes = list(WRITES.items())
    with world.under_load(users=4, erasing=True, more=3):
        for number in range(world.rounds(8)):
            name, command = writes[number % len(writes)]
            proxy.begin(Fault.LOSE_REPLY, lost_for=(command,))
            before = proxy.hits
            wait_until(lambda before=before: proxy.hits > before, SECONDS, f"{name} is lost")  # type: ignore[misc]
            proxy.end()
            world.fault(f"MongoDB's answer to {name} lost")
            world.pause(0.5, 1.5)
        for _ in range(world.rounds(KILLS)):
            world.pause(0.5, 1.5)
            world.kill(world.workers[0])
            world.workers[0] = world.deployment.start_worker()
            world.pause(0.5, 1.5)
            world.restart_api()
