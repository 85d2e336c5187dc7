"""The reliability diagram: the share of right predictions against confidence."""

import subprocess
import sys
from pathlib import Path

import pytest

from export.errors import StorageError
from export.evaluation.calibration import Calibration, Results, calibrate
from export.evaluation.reliability_diagram import write_reliability
from export.labels import EMOTIONS
from export.training.examples import Example
from serving.schemas import Classification

pytestmark = pytest.mark.slow  # drawing, and the first import of matplotlib


def results(size: int) -> Results:
    """Return a set with confidences in every bin, labelled for irony too."""
    examples, said = [], []
    for index in range(size):
        joy = index / size
        scores = dict.fromkeys(EMOTIONS, 0.0) | {"joy": joy, "fear": 1 - joy}
        emotion = "joy" if index % 3 else "fear"
        examples.append(Example("", (emotion,), EMOTIONS, irony=index % 2 == 0))
        said.append(Classification("joy", scores, irony=joy, tokens=3, truncated=False))
    return examples, said


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return calibrate({name: results(600) for name in ("carer", "goemotions", "third", "fourth")})


def test_the_diagram_is_small_and_names_both_heads_and_every_set(
    calibration: Calibration, tmp_path: Path
) -> None:
    write_reliability(calibration, tmp_path / "one.svg")

    picture = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert len(picture) < 60_000
    for name, one in calibration.emotion.sets.items():
        assert f"{name}, ECE {one.error:.3f}" in picture
    assert ">emotions<" in picture
    assert ">irony<" in picture


def test_the_same_calibration_gives_the_same_bytes(
    calibration: Calibration, tmp_path: Path
) -> None:
    for name in ("one.svg", "other.svg"):
        write_reliability(calibration, tmp_path / name)

    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
    assert "dc:date" not in (tmp_path / "one.svg").read_text(encoding="utf-8")


def test_a_model_without_irony_sets_has_a_diagram_too(tmp_path: Path) -> None:
    examples, said = results(30)
    told = [Example("", one.emotions, one.known) for one in examples]

    write_reliability(calibrate({"carer": (told, said)}), tmp_path / "one.svg")

    assert (tmp_path / "one.svg").read_text(encoding="utf-8").count(", ECE ") == 1


def test_a_folder_that_is_not_there_is_named(calibration: Calibration, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        write_reliability(calibration, tmp_path / "nowhere" / "one.svg")


def test_commands_do_not_import_matplotlib() -> None:
    code = "import sys, export.build, export.evaluate; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
