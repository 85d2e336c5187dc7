"""How much of each part is used over time, and which part was the first without room."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import simpy

FULL = 0.95
"""Utilisation from which a part counts as saturated."""


@dataclass(slots=True)
class Usage:
    """Busy and available units of a part, and their integrals over time.

    Of a part that gives out rations (calls per window), used_up says whether the ration is.
    """

    env: simpy.Environment
    busy: float = 0.0
    available: float = 0.0
    busy_seconds: float = 0.0
    available_seconds: float = 0.0
    used_up: bool | None = None
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._at = self.env.now

    def change(self, *, busy: float = 0.0, available: float = 0.0) -> None:
        """Add to what is busy, and to what there is."""
        self.integrate()
        self.busy += busy
        self.available += available

    def integrate(self) -> None:
        """Bring the integrals up to now."""
        passed = self.env.now - self._at
        self._at = self.env.now
        self.busy_seconds += self.busy * passed
        self.available_seconds += self.available * passed

    def sums(self) -> tuple[float, float]:
        """Return the integrals of busy and of available units up to now."""
        self.integrate()
        return self.busy_seconds, self.available_seconds

    def share_since(self, before: tuple[float, float]) -> float:
        """Return the utilisation since the integrals were `before`, 0 where nothing was there."""
        busy, available = (now - then for now, then in zip(self.sums(), before, strict=True))
        return busy / available if available > 0 else 0.0


@dataclass(slots=True)
class Watch:
    """Samples of the parts every so many seconds, and the first part that had no room left.

    Of several that are full at once it is the one named first in parts: name what others wait for
    before what waits. What happens before `after` does not count: autoscalers begin with the fewest
    replicas.
    """

    env: simpy.Environment
    parts: Mapping[str, Usage]
    seconds: float
    after: float
    first_full: str | None = None
    first_full_at: float | None = None

    def run(self) -> Iterator[simpy.Event]:
        """Sample for ever; a simpy process."""
        before = dict.fromkeys(self.parts, (0.0, 0.0))
        while True:
            yield self.env.timeout(self.seconds)
            shares: dict[str, float] = {}
            for name, usage in self.parts.items():
                share, before[name] = usage.share_since(before[name]), usage.sums()
                shares[name] = share if usage.used_up is None else float(usage.used_up)
            full = [name for name, share in shares.items() if share >= FULL]
            if full and self.first_full is None and self.env.now > self.after:
                self.first_full, self.first_full_at = full[0], self.env.now
