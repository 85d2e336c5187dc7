"""Scenarios of the machine: its clock steps, its folder for temporary files is full."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from tests.faults.world import SECONDS, World
from tests.support.serving.started import wait_until

STEPS_FORWARD = ("+31d", "+366d")
STEPS_BACK = ("-10m", "-1h")
OF_WHICH_A_LANGUAGE_IS_DETECTED = "enough words to tell their language"
NO_ROOM = "cannot be unpacked in TMPDIR"


def clock_steps(world: World) -> None:
    """The clock steps a month, a year and an hour: analyses end, and nothing is deleted."""
    library = _faketime()
    steps = world.deployment.folder / "clock"
    steps.write_text("+0\n", encoding="utf-8")
    world.deployment.environment.update({
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(steps),
        # Steps last longer. To read the file at each look at the clock costs most of the CPU.
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    })  # fmt: skip
    world.deployment.inference.seconds = 0.02
    world.embedded()
    # Also a share of the scenario steps both ways.
    each = world.rounds(len(STEPS_BACK))
    steps_drawn = world.chance.sample(STEPS_FORWARD, each) + world.chance.sample(STEPS_BACK, each)
    world.chance.shuffle(steps_drawn)
    with world.under_load():
        for step in steps_drawn:
            world.pause(0.5, 1.0)
            steps.write_text(f"{step}\n", encoding="utf-8")
            world.fault(f"clock {step}")
            world.pause(1.5, 2.5)
            steps.write_text("+0\n", encoding="utf-8")


def _faketime() -> Path:
    found = importlib.util.find_spec("libfaketime")
    assert found is not None, "libfaketime is missing: make setup"
    assert found.origin is not None
    (library,) = Path(found.origin).parent.rglob("libfaketime.so.1")
    return library


def full_temporary_folder(world: World) -> None:
    """TMPDIR is full: an upload is told to come again, an analysis waits until there is room."""
    temporary = world.deployment.environment["TMPDIR"]
    filler = f"{temporary}/filler"
    # A little is left, for Python passes over a folder that takes nothing at all.
    fill = f"mount -t tmpfs -o size=128m tmpfs {temporary} && head -c 131040k /dev/zero > {filler}"
    in_own_mounts = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*in_own_mounts, "true"], capture_output=True).returncode:
        print("    NOT PLAYED: this machine lets no user mount a folder of their own (unshare)")
        world.embedded()
        return
    # Each try to unpack the model of languages takes about as long as the lease of other scenarios.
    world.deployment.environment.update({"QUEUE_URL": "", "LEASE_SECONDS": "10"})
    command = f"{fill} && exec {sys.executable} -m api"
    world.api = world.deployment.run([*in_own_mounts, "sh", "-c", command])
    world.fault("TMPDIR full")
    lines = b'{"id": "1", "text": "much", "created_at": "2026-01-01T00:00:00Z"}\n' * 40_000
    answer = world.client.http.post("/v1/users/large/posts", content=lines)
    assert answer.status_code == 503, f"{answer.status_code}: {answer.text[:200]}"
    world.client.import_posts("small", text=OF_WHICH_A_LANGUAGE_IS_DETECTED)
    waits = world.client.start("small")
    wait_until(lambda: NO_ROOM in world.deployment.log(), SECONDS, "the analysis finds no room")
    # The API's folder as it sees it: nobody else is in its mounts.
    Path(f"/proc/{world.api.pid}/root{filler}").unlink()
    world.succeeds(waits)
    assert world.client.http.post("/v1/users/large/posts", content=lines).is_success
