"""The tiny model that the tests of the classifier share."""

from pathlib import Path

import pytest

from serving.classifier.artifact import MODEL_FILE
from tests.support.serving.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def model(tiny_folder: Path) -> Path:
    return tiny_folder / MODEL_FILE
