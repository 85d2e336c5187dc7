"""SCORING names a preset, or a file with constants of one's own."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from api.bootstrap.use_cases import scoring_config
from api.domain.mood.scoring import CLASSIC, DEFAULT
from api.settings import SettingsError


def test_a_preset_is_taken_by_its_name() -> None:
    assert (scoring_config("default"), scoring_config("classic")) == (DEFAULT, CLASSIC)


def test_a_file_holds_constants_of_ones_own(tmp_path: Path) -> None:
    ours = replace(DEFAULT, name="ours", surprise_valence=-0.5)
    file = tmp_path / "ours.json"
    file.write_text(json.dumps(ours.to_dict()), encoding="utf-8")

    assert scoring_config(str(file)) == ours


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"name: ours", "is not JSON"),
        (b"\xff\xfe{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "must be an object"),
        (b'{"name": "ours", "joy_valence": "much"}', "joy_valence must be a number"),
        (b'{"name": "ours", "joy_valence": NaN}', "joy_valence must be a number"),
        (b'{"name": "ours", "seed": 1, "seed": 2}', "seed stands in it twice"),
        (
            b'{"name": "ours", "resamples": 1000000000}',
            "resamples must be a number from 0 to 100000",
        ),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_with_its_path_and_the_fault(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "ours.json"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=rf"^SCORING: .*ours\.json.*{says}"):
        scoring_config(str(file))
