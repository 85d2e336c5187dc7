"""The results as a bar chart."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.peers.registry import ENTRIES, LIMIT, OURS, OURS_BENTOML
from benchmarks.peers.summary import Row

PANELS = (
    ("singles", "texts_per_second", "texts/s: 1 text, 64 connections"),
    ("batches", "texts_per_second", "texts/s: 50 texts, 4 connections"),
    ("lone_before", "p50_ms", "median ms: 1 text, 1 connection"),
    ("lone_after", "p50_ms", "median ms: the same after a burst"),
)
_COLOURS = {OURS: "#1b6e53", OURS_BENTOML: "#6fae97", LIMIT: "#9aa0a6"}
_PEER_COLOUR = "#7a9cc6"


def draw(rows: Mapping[str, Row], file: Path) -> None:
    """Write bars of medians, with lines from the lowest to the highest round, as a PNG."""
    from matplotlib.figure import Figure

    shown = [row for row in rows.values() if row.figures]
    figure = Figure(figsize=(12, 1.4 + 0.75 * len(shown)), layout="constrained")
    panels = figure.subplots(2, 2, sharey=True)
    titles = [ENTRIES[row.peer].title for row in shown]
    for axes, (phase, name, title) in zip(panels.flat, PANELS, strict=True):
        for index, row in enumerate(shown):
            spread = row.get(phase, name)
            if spread is None:
                continue
            whiskers = [[spread.median - spread.low], [spread.high - spread.median]]
            colour = _COLOURS.get(row.peer, _PEER_COLOUR)
            bar = axes.barh(index, spread.median, xerr=whiskers, color=colour, ecolor="#333333")
            digits = 0 if name == "texts_per_second" else 1
            axes.bar_label(bar, [f"{spread.median:,.{digits}f}"], padding=4, fontsize=8)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_yticks(range(len(titles)), titles)
        axes.margins(x=0.15)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0, 0].invert_yaxis()
    figure.savefig(file, dpi=120)
