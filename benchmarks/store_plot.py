"""The store's results as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

_COLOURS = ("#7a9cc6", "#1b6e53")
_SERIES = ("wall_p50_ms", "wall_p99_ms", "cpu_p50_ms", "cpu_p99_ms")
_TITLES = ("p50", "p99", "p50, own CPU time", "p99, own CPU time")


def draw(runs: Sequence[dict[str, Any]], file: Path, target_ms: float) -> None:
    """Write bars of milliseconds a call, one group a percentile, with the target, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    calls = list(runs[0]["measured"])
    for axes, call in zip(figure.subplots(1, len(calls)), calls, strict=True):
        for place, run in enumerate(runs):
            values = [run["measured"][call][name] for name in _SERIES]
            left = [number + 0.38 * (place - 0.5) for number in range(len(values))]
            label = f"{run['people']:,} people, {run['store']}"
            bars = axes.bar(left, values, 0.36, label=label, color=_COLOURS[place % 2])
            axes.bar_label(bars, fmt="%.1f", fontsize=8)
        axes.axhline(target_ms, color="#b3261e", linewidth=1, linestyle="--", label="target of p99")
        axes.set_xticks(range(len(_TITLES)), _TITLES, fontsize=8)
        axes.set_ylabel("milliseconds")
        axes.set_title(call, fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8)
    figure.savefig(file, dpi=120)
