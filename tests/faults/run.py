"""Runs the table of scenarios in an order drawn by a seed, and prints what each did and found.

    python -m tests.faults.run                   every scenario once
    python -m tests.faults.run --minutes 60      again and again, without a pause
    python -m tests.faults.run --only "killed workers" --seed 7

Everything is on loopback and in a temporary folder, which stays where something was wrong. The exit
status is 1 where something was lost, done twice, not brought to an end, or came back.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.faults.table import SCENARIOS, Scenario
from tests.faults.world import Tally, World


def play(
    scenario: Scenario, folder: Path, seed: str, *, share: float = 1.0
) -> tuple[Tally, list[str]]:
    """Play a scenario in a new world; return its tally, and what was wrong, in words."""
    with World(folder, seed, share=share) as world:
        try:
            scenario.play(world)
            found = world.settle(may_fail=scenario.may_fail)
        except Exception as error:  # noqa: BLE001  the boundary of a scenario
            traceback.print_exc()
            return world.tally, [f"{type(error).__name__}: {error}"]
        return world.tally, found.wrong()


class Totals:
    """Sums over the scenarios of a run."""

    def __init__(self) -> None:
        self.numbers: Counter[str] = Counter()
        self.wrong: list[str] = []

    def add(self, scenario: Scenario, tally: Tally, wrong: list[str]) -> None:
        found = tally.findings
        self.numbers.update({
            "scenarios": 1,
            "kills": tally.kills,
            "faults": tally.faults.total(),
            "accepted": found.accepted,
            "lost": len(found.lost),
            "doubled": len(found.doubled),
            "not terminal": len(found.not_terminal),
            "erased back": len(found.erased_back),
            "wrong otherwise": len(wrong) - sum(map(len, (
                found.lost, found.doubled, found.not_terminal, found.erased_back,
            ))),
        })  # fmt: skip
        self.wrong += [f"{scenario.name}: {one}" for one in wrong]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--only", help="the name of one scenario")
    options = parser.parse_args()
    named = {one.name: one for one in SCENARIOS}
    if options.only and options.only not in named:
        parser.error(f"--only is one of: {', '.join(named)}")
    scenarios = [named[options.only]] if options.only else list(SCENARIOS)
    began = time.monotonic()
    chance = random.Random(options.seed)
    totals = Totals()
    folder = Path(tempfile.mkdtemp(prefix="moodline-faults-"))
    print(f"seed {options.seed}", flush=True)
    rounds = 0
    while rounds == 0 or time.monotonic() - began < 60 * options.minutes:
        rounds += 1
        for scenario in chance.sample(scenarios, len(scenarios)):
            place = folder / f"{rounds}-{scenario.name.replace(' ', '-')}"
            started = time.monotonic()
            tally, wrong = play(scenario, place, f"{options.seed} {rounds} {scenario.name}")
            totals.add(scenario, tally, wrong)
            seconds = time.monotonic() - started
            print(f"{scenario.name}: {tally} ({seconds:.0f} s)", flush=True)
            for one in wrong:
                print(f"    {one}", flush=True)
            if not wrong:
                shutil.rmtree(place)
    numbers = ", ".join(f"{name} {number}" for name, number in totals.numbers.items())
    print(f"seed {options.seed}: {numbers}; {time.monotonic() - began:.0f} s")
    if totals.wrong:
        print(f"{len(totals.wrong)} things were wrong; see above, and {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
