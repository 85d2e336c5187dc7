"""`make clean` keeps people's data; `make distclean` asks before it deletes them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.deployment import SECONDS
from tests.support.serving.started import ROOT

pytestmark = pytest.mark.integration

if shutil.which("make") is None:
    pytest.skip("make is not installed: NOT TESTED", allow_module_level=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in (".data", ".venv", ".mypy_cache"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".data" / "moodline.db").write_bytes(b"posts")
    return tmp_path


def make(target: str, folder: Path, typed: str = "") -> int:
    done = subprocess.run(
        ["make", "--silent", target], cwd=folder, input=typed, text=True, timeout=SECONDS
    )
    return done.returncode


def test_clean_removes_what_can_be_made_again_and_keeps_the_store(checkout: Path) -> None:
    assert make("clean", checkout) == 0

    assert not (checkout / ".venv").exists()
    assert not (checkout / ".mypy_cache").exists()
    assert (checkout / ".data" / "moodline.db").read_bytes() == b"posts"


@pytest.mark.parametrize("typed", ["", "\n", "no\n", "y\n", "YES\n"])
def test_distclean_deletes_nothing_without_a_yes(checkout: Path, typed: str) -> None:
    assert make("distclean", checkout, typed) != 0

    assert (checkout / ".data" / "moodline.db").exists()
    assert (checkout / ".venv").exists()


def test_distclean_deletes_the_store_as_well_after_a_yes(checkout: Path) -> None:
    assert make("distclean", checkout, "yes\n") == 0

    assert {file.name for file in checkout.iterdir()} == {"Makefile"}
