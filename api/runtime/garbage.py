"""Have Python look for cyclic garbage less often, in processes that read posts by the thousand."""

from __future__ import annotations

import gc

_ALLOCATIONS = 50_000


def collect_less_often() -> None:
    """Leave out what lives as long as the process, and wait for more allocations between looks.

    Reading a long timeline makes ten thousands of objects without a cycle among them. At Python's
    default of 700 a third of that time went into looking through them again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 10, 10)
