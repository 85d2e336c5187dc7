"""Give each fault test a site of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site without processes; those a test starts are ended."""
    with Site(tmp_path) as one:
        yield one
