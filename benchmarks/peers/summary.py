"""Medians and spreads of the turns of all rounds, and ratios of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from benchmarks.figures import Spread, spread
from benchmarks.peers.client.phases import PhaseResult
from benchmarks.peers.registry import LIMIT, NOT_PEERS, OURS
from benchmarks.peers.turn import Turn

_NOT_FIGURES = {"name", "seconds", "requests", "statuses", "agreement"}
FIGURES = [one.name for one in fields(PhaseResult) if one.name not in _NOT_FIGURES]
Figures = Mapping[str, Mapping[str, Spread]]
"""Spreads by figure, by phase."""


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of all turns of a peer; `failures` are the reasons of turns without figures.

    `other_statuses` counts answers, in all phases but the overload, that were not 200.
    """

    peer: str
    turns: int
    failures: tuple[str, ...]
    ready_seconds: Spread | None
    other_statuses: int
    figures: Figures

    def get(self, phase: str, figure: str) -> Spread | None:
        """Return one figure of one phase, if there is one."""
        return self.figures.get(phase, {}).get(figure)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure with a target: `value` is to be at least, or at most, `asked`."""

    title: str
    value: float | None
    asked: float
    at_least: bool
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure was measured and meets its target."""
        if self.value is None:
            return False
        return self.value >= self.asked if self.at_least else self.value <= self.asked


def summarise_turns(turns: Sequence[Turn]) -> dict[str, Row]:
    """Return one row per peer, in the order of their first turns."""
    return {
        peer: _row(peer, [turn for turn in turns if turn.peer == peer])
        for peer in dict.fromkeys(turn.peer for turn in turns)
    }


def _row(peer: str, turns: Sequence[Turn]) -> Row:
    measured: dict[str, dict[str, list[float | None]]] = {}
    others = 0
    for phase in (phase for turn in turns for phase in turn.phases):
        for figure in FIGURES:
            measured.setdefault(phase["name"], {}).setdefault(figure, []).append(phase[figure])
        if phase["name"] != "overload":
            others += sum(n for status, n in phase["statuses"].items() if status != "200")
    figures = {
        name: {figure: one for figure, them in values.items() if (one := spread(them)) is not None}
        for name, values in measured.items()
    }
    return Row(
        peer=peer,
        turns=len(turns),
        failures=tuple(dict.fromkeys(turn.failure for turn in turns if turn.failure)),
        ready_seconds=spread([turn.ready_seconds for turn in turns]),
        other_statuses=others,
        figures=figures,
    )


def ratios(rows: Mapping[str, Row]) -> list[Ratio]:
    """Return our figures that have a target; ratios are of medians."""
    ours = rows.get(OURS)
    if ours is None:
        return []
    quick, quick_title = _best(rows, "singles", "texts_per_second", highest=True)
    before, before_title = _best(rows, "lone_before", "p50_ms", highest=False)
    after, after_title = _best(rows, "lone_after", "p50_ms", highest=False)
    limit = _median(rows.get(LIMIT), "batches", "texts_per_second")
    single, batch, accepted = (
        _median(ours, name, "texts_per_second") for name in ("singles", "batches", "overload")
    )
    peak = max(single or 0.0, batch or 0.0)
    lone = [_median(ours, name, "p50_ms") for name in ("lone_before", "lone_after")]
    rejected = _median(ours, "overload", "rejected_p99_ms")
    return [
        Ratio("1 text, 64 connections: texts/s by the best peer's", _over(single, quick), 1.4,
              at_least=True, detail=quick_title),
        Ratio("50 texts, 4 connections: texts/s by the model's alone", _over(batch, limit), 0.9,
              at_least=True),
        Ratio("1 text, 1 connection: median by the best peer's", _over(lone[0], before), 1.0,
              at_least=False, detail=before_title),
        Ratio("the same right after a burst", _over(lone[1], after), 1.0,
              at_least=False, detail=after_title),
        Ratio("10 x overload: accepted texts/s by the peak", _over(accepted, peak), 0.9,
              at_least=True),
        Ratio("10 x overload: rejections answered, p99 in ms", rejected, 50.0, at_least=False),
    ]  # fmt: skip


def _best(
    rows: Mapping[str, Row], phase: str, figure: str, *, highest: bool
) -> tuple[float | None, str]:
    """Return the best median among the peers, and the peer's name."""
    medians = {
        name: median
        for name, row in rows.items()
        if name not in NOT_PEERS and (median := _median(row, phase, figure)) is not None
    }
    if not medians:
        return None, ""
    name = (max if highest else min)(medians, key=lambda one: medians[one])
    return medians[name], name


def _median(row: Row | None, phase: str, figure: str) -> float | None:
    found = row.get(phase, figure) if row else None
    return found.median if found else None


def _over(value: float | None, by: float | None) -> float | None:
    return value / by if value is not None and by else None
