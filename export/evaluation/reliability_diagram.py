"""Reliability diagram: the share of right predictions against the model's confidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from export.errors import writing
from export.evaluation.calibration import BINS, Calibration, HeadCalibration, bins_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RELIABILITY_FILE = "reliability.svg"

_INCHES = (7.2, 4.4)
_MIN_COUNT = 10
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def write_reliability(calibration: Calibration, path: Path) -> None:
    """Write a panel for the emotions and one for irony to the SVG file `path`.

    A point is a bin of confidences and the share of its predictions that was right; bins of
    fewer than 10 predictions have none. Below are the sizes of the bins. The same calibration
    always gives the same file. Raises StorageError when it cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style = mpl.rc_context(
        {
            "svg.hashsalt": "moodline",  # otherwise ids of the picture are random
            "svg.fonttype": "none",  # text stays text: small and searchable
            "font.size": 8,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    with style:
        figure = Figure(figsize=_INCHES, layout="constrained")
        panels = figure.subplots(2, 2, sharex=True, height_ratios=[3, 1], squeeze=False)
        for column, (title, across, up, head) in enumerate(
            (
                ("emotions", "probability of the likeliest", "share right", calibration.emotion),
                ("irony", "probability of ironic", "share ironic", calibration.irony),
            )
        ):
            above, below = panels[0][column], panels[1][column]
            above.set(title=title, ylabel=up, xlim=(0, 1), ylim=(0, 1))
            below.set(xlabel=across, ylabel="texts")
            _draw(above, below, head)
        with writing(path):
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw(above: Axes, below: Axes, head: HeadCalibration) -> None:
    """Draw the diagonal and the bins of every set, and below how many texts are in each."""
    above.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")
    edges = [index / BINS for index in range(BINS + 1)]
    stacked = [0] * BINS
    for index, (name, one) in enumerate(head.sets.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        bins = bins_of(one.judged)
        shown = [part for part in bins if part.count >= _MIN_COUNT]
        above.plot(
            [part.confidence for part in shown],
            [part.accuracy for part in shown],
            color=colour,
            linewidth=0.8,
            marker="o",
            markersize=4,
            clip_on=False,
            label=f"{name}, ECE {one.error:.3f}",
        )
        floor = list(stacked)
        for part in bins:
            stacked[part.index] += part.count
        below.stairs(stacked, edges, baseline=floor, fill=True, color=colour)
    if head.sets:
        above.legend(loc="upper left", frameon=False)
