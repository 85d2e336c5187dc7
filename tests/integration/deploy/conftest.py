"""A project folder with its secrets, as an operator has it before the first start."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.compose import PROFILES, Project
from tests.support.serving.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("deployment") / "moodline")
    made.make_secrets()
    return made


@pytest.fixture(scope="session")
def services(project: Project) -> dict[str, Any]:
    return project.services(*PROFILES)


@pytest.fixture
def own_project(tmp_path: Path) -> Project:
    return Project(tmp_path / "moodline")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))
