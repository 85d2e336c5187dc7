"""Simulated loads as a table and as a plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.simulation.inputs import (
    Number,
    cluster,
    costs,
    one_machine,
    usual_load,
)
from benchmarks.simulation.run import Outcome, arrivals, simulate

PLOT = Path(__file__).parents[2] / "docs" / "images" / "simulation.png"
ROOMY = 400
"""Replicas at most in the scenario whose autoscalers are not held back."""
PARTS = ("workers", "inference", "store", "source")
_COLOURS = {"workers": "#7a9cc6", "inference": "#1b6e53", "store": "#9aa0a6", "source": "#b3261e"}


@dataclass(frozen=True, slots=True)
class Row:
    """One simulated load on one deployment."""

    deployment: str
    factor: float
    asked: float
    outcome: Outcome


def scenarios(
    numbers: Mapping[str, Number], factors: Sequence[float], *, seconds: float, seed: int
) -> list[Row]:
    """Simulate each load on one machine, on the cluster as it is set up, and on a larger one."""
    deployments = {
        "one machine": one_machine(numbers),
        "cluster": cluster(numbers),
        f"cluster, up to {ROOMY} replicas": cluster(numbers, most=ROOMY),
    }
    load = usual_load(numbers, seconds)
    rows = []
    for name, deployment in deployments.items():
        for factor in factors:
            arriving = arrivals(load.times(factor), seed)
            outcome = simulate(costs(numbers), deployment, arriving, seconds=seconds, seed=seed)
            rows.append(Row(name, factor, len(arriving) / seconds, outcome))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| deployment | load | asked/s | ended/s | posts/s | wait p50, p95 s | total p50, p95 s |"
        " workers, inference, store, source | most workers, inference | first without room |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        one = row.outcome
        use = ", ".join(f"{one.use[part]:.0%}" for part in PARTS)
        full = "none" if one.full is None else f"{one.full} (after {one.full_at:.0f} s)"
        lines.append(
            f"| {row.deployment} | {row.factor:g} x | {row.asked:.2f} | {one.per_second:.2f} |"
            f" {one.texts_per_second:,.0f} | {one.wait(0.5):.2f}, {one.wait(0.95):.2f} |"
            f" {one.total(0.5):.2f}, {one.total(0.95):.2f} | {use} |"
            f" {one.most_replicas['workers']}, {one.most_replicas['inference']} | {full} |"
        )
    return "\n".join(lines)


def draw(rows: Sequence[Row], file: Path) -> None:
    """Write the waits and the utilisation by load, one column per deployment, as a PNG."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(row.deployment for row in rows))
    figure = Figure(figsize=(4 * len(names), 6), layout="constrained")
    panels = figure.subplots(2, len(names), sharey="row", squeeze=False)
    for column, name in enumerate(names):
        shown = [row for row in rows if row.deployment == name]
        places = range(len(shown))
        loads = [f"{row.factor:g} x" for row in shown]
        waits, used = panels[0, column], panels[1, column]
        for share, style in ((0.5, "o-"), (0.95, "s--")):
            # A millisecond at least, so that a wait of none is on the axis too.
            values = [max(row.outcome.wait(share), 0.001) for row in shown]
            waits.plot(places, values, style, color="#333333", label=f"p{share * 100:.0f}")
        waits.set_yscale("log")
        waits.set_title(name, fontsize=10, loc="left")
        for number, part in enumerate(PARTS):
            left = [place + 0.2 * (number - 1.5) for place in places]
            shares = [row.outcome.use[part] for row in shown]
            used.bar(left, shares, 0.19, color=_COLOURS[part], label=part)
        used.axhline(1, color="#333333", linewidth=0.8)
        for axes in (waits, used):
            axes.set_xticks(places, loads)
            axes.spines[["top", "right"]].set_visible(False)
    panels[0, 0].set_ylabel("seconds until a worker starts")
    panels[1, 0].set_ylabel("share of the part in use")
    for legend_in in panels[:, 0]:
        legend_in.legend(fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Without the date, so that the same numbers give the same file.
    figure.savefig(file, dpi=110, metadata={"Software": None})
