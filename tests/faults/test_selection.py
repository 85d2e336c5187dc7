"""Some scenarios of the table, drawn by a seed (SEED, else always the same)."""

import os
import random
from pathlib import Path

import pytest

from tests.faults.run import play
from tests.faults.table import SCENARIOS, Scenario

pytestmark = pytest.mark.integration

SEED = os.environ.get("SEED", "1")
DRAWN = 3
SHARE = 0.25  # of the rounds of each


def drawn() -> list[Scenario]:
    short = [scenario for scenario in SCENARIOS if not scenario.whole]
    return random.Random(SEED).sample(short, DRAWN)


@pytest.mark.parametrize("scenario", drawn(), ids=lambda scenario: f"{scenario.name}, seed {SEED}")
def test_nothing_is_lost_or_doubled_and_all_comes_to_an_end(
    scenario: Scenario, tmp_path: Path
) -> None:
    tally, wrong = play(scenario, tmp_path / "world", f"{SEED} {scenario.name}", share=SHARE)

    print(f"{scenario.name}: {tally}")
    assert wrong == []
