from collections.abc import Callable
from pathlib import Path

import pytest

from serving.bulk.__main__ import main
from tests.support.serving.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def bulk(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command with the tiny model; returns its exit status."""
    monkeypatch.setenv("SERVING_MODEL_DIR", str(tiny_model))
    monkeypatch.setenv("SERVING_PROVIDERS", "cpu")

    def run(*arguments: object) -> int:
        try:
            return main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse
            return int(stop.code or 0)

    return run
