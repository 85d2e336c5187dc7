"""Give each fault test a site of its own, and say loudly where Redis is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.site import REDIS, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site without processes; those a test starts are ended."""
    if REDIS is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server): NOT TESTED")
    with Site(tmp_path) as one:
        yield one
