"""The load profiles, each a row of phases that one client process goes through without a pause."""

from __future__ import annotations

from dataclasses import dataclass

MANY_CONNECTIONS = 64
FEW_CONNECTIONS = 4
BATCH_TEXTS = 50
OVERLOAD = 10
WARM_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Phase:
    """Say how texts are offered for a while; what comes in `warm_seconds` is not counted.

    Each connection sends its next request when the last is answered, unless `rate` (requests a
    second) is given: then requests go out by the clock, answered or not.
    """

    name: str
    connections: int
    texts: int
    seconds: float
    warm_seconds: float = 0.0
    rate: float | None = None


def singles(seconds: float) -> tuple[Phase, ...]:
    """One text a request, many connections."""
    return (Phase("singles", MANY_CONNECTIONS, 1, seconds, WARM_SECONDS),)


def batches(seconds: float) -> tuple[Phase, ...]:
    """Many texts a request, few connections."""
    return (Phase("batches", FEW_CONNECTIONS, BATCH_TEXTS, seconds, WARM_SECONDS),)


def latency(seconds: float) -> tuple[Phase, ...]:
    """One text, one connection, before and right after a burst."""
    lone = seconds / 2
    return (
        Phase("lone_before", 1, 1, lone, WARM_SECONDS / 2),
        Phase("burst", MANY_CONNECTIONS, 1, lone),
        Phase("lone_after", 1, 1, lone),
    )


def overload(seconds: float, peak_texts: float) -> tuple[Phase, ...]:
    """OVERLOAD times the `peak_texts` a second that the server was just measured to do."""
    rate = OVERLOAD * peak_texts / BATCH_TEXTS
    return (Phase("overload", 0, BATCH_TEXTS, seconds, WARM_SECONDS, rate),)
