"""Fixtures of the fault tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deployment import Deployment


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment without processes; the ones that a test starts are ended."""
    with Deployment(tmp_path) as one:
        yield one
        print(one.log())
