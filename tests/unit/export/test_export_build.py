"""What a build says about itself."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from export.build import remake_command
from export.config import DEFAULT_CONFIG


@pytest.mark.parametrize(
    ("config", "precision", "command"),
    [
        (DEFAULT_CONFIG, "int8", "make model"),
        (
            DEFAULT_CONFIG.with_name("free.yaml"),
            "int8",
            'make model BUILD_ARGS="--config export/configs/free.yaml"',
        ),
        (
            Path("/else/a.yaml"),
            "fp16",
            'make model BUILD_ARGS="--config /else/a.yaml --precision fp16"',
        ),
    ],
)
def test_the_command_makes_the_same_model_again(config: Path, precision: str, command: str) -> None:
    assert remake_command(Namespace(config=config, precision=precision)) == command
