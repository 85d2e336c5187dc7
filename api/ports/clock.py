"""Name the clock: what use cases and adapters ask for the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Tell the time, as an aware UTC datetime."""
