"""Measure mood look-up and recommendations in a store of many invented people.

    python -m benchmarks.store FOLDER                       # 10,000 and 1,000,000, SQLite
    python -m benchmarks.store mongodb://host/bench --people 10000,1000000

FOLDER is where the files are made; a MongoDB database must be empty, and _COUNT is appended to its
name. Every call goes through the use case that answers the HTTP call.
"""

import argparse
import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.domain.catalogue import parse_catalogue
from api.domain.mood.scoring import preset
from api.ports.store import Retention, Store
from api.services.users import Users
from api.stores.mongo import MongoStore
from api.stores.sqlite import SqliteStore
from benchmarks.figures import percentile
from benchmarks.machine import describe_machine
from benchmarks.store.people import NOW, fill_mongo, fill_sqlite, people

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
_FOREVER = Retention(*(2 * [NOW - datetime(1990, 1, 1, tzinfo=UTC)]))
_WARM_UP = 300
_PAUSE = 0.005  # seconds between calls: a caller without pauses would use up its share of the CPU
_BLOCK = 2**24
TARGET_MS = 20.0
_COLOURS = ("#7a9cc6", "#1b6e53")
_SERIES = ("wall_p50_ms", "wall_p99_ms", "cpu_p50_ms", "cpu_p99_ms")
_TITLES = ("p50", "p99", "p50, own CPU time", "p99, own CPU time")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, measure, print and write results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("store", help="sqlite:///FOLDER or FOLDER for files, or mongodb://...")
    parser.add_argument("--people", default="10000,1000000", help="how many, by commas")
    parser.add_argument("--calls", type=int, default=2_000, help="calls measured of each kind")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where results are written")
    options = parser.parse_args(arguments)
    machine = describe_machine()
    filled = [_filled(options.store, int(count)) for count in options.people.split(",")]
    runs = _measured(filled, options.calls)
    for one in filled:
        one.store.close()
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {**machine, "load_average_after": os.getloadavg()[0]},
        "sqlite": sqlite3.sqlite_version,
        "runs": runs,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"store-{report['date']}.json"
    file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    draw(runs, file.with_suffix(".png"))
    print(table(runs))
    print(f"written: {file.name} and a picture next to it")


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled store; fill_seconds is None where an earlier run filled it."""

    kind: str
    people: int
    store: Store
    fill_seconds: float | None


def _filled(address: str, count: int) -> Filled:
    started = time.perf_counter()
    if address.startswith("mongodb"):
        name = f"{address.rstrip('/')}_{count}"
        fill_mongo(name, people(count), _FOREVER)
        store: Store = MongoStore(name, retention=_FOREVER)
        return Filled("MongoDB", count, store, round(time.perf_counter() - started, 1))
    file = Path(address.removeprefix("sqlite:///")) / f"people-{count}.db"
    new = not file.exists()
    if new:
        fill_sqlite(file, people(count))
    seconds = round(time.perf_counter() - started, 1) if new else None
    with file.open("rb") as stream:  # into the page cache, like the file of a store in use
        while stream.read(_BLOCK):
            pass
    return Filled("SQLite", count, SqliteStore(file, retention=_FOREVER), seconds)


def _measured(filled: Sequence[Filled], calls: int) -> list[dict[str, Any]]:
    """Call for people drawn at random, the stores in turns, so that noise affects each alike."""
    items = json.loads((ROOT / "api" / "catalogue.json").read_bytes())
    figures: list[dict[str, dict[str, float]]] = [{} for _ in filled]
    users = [Users(one.store, lambda: NOW, preset("default")) for one in filled]
    for one in filled:
        one.store.replace_catalogue(parse_catalogue(items))
    calls_of = {"mood look-up": Users.overview, "recommendations": Users.recommendations}
    for name, method in calls_of.items():
        times: list[list[tuple[float, float]]] = [[] for _ in filled]
        chance = random.Random(11)
        for _ in range(_WARM_UP + calls):
            for index, one in enumerate(filled):
                time.sleep(_PAUSE)
                user = f"u{chance.randrange(one.people):09d}"
                times[index].append(_timed(method, users[index], user))
        for index, each in enumerate(times):
            figures[index][name] = _figures(each[_WARM_UP:])
    return [
        {
            "people": one.people,
            "store": one.kind,
            "fill_seconds": one.fill_seconds,
            "calls": calls,
            "measured": measured,
        }
        for one, measured in zip(filled, figures, strict=True)
    ]


def _timed(method: Callable[[Users, str], object], users: Users, user: str) -> tuple[float, float]:
    """Return the milliseconds that a caller waits, and this thread's CPU time in them.

    On a machine with other work, the first includes that work's turns, the second does not.
    """
    before, cpu_before = time.perf_counter(), time.thread_time()
    method(users, user)
    return (time.perf_counter() - before) * 1_000, (time.thread_time() - cpu_before) * 1_000


def _figures(times: Sequence[tuple[float, float]]) -> dict[str, float]:
    return {
        f"{kind}_{name}_ms": round(percentile([one[index] for one in times], share) or 0.0, 3)
        for index, kind in enumerate(("wall", "cpu"))
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Return the results as a Markdown table, with the ratio of the last run to the first."""
    lines = [
        "| call | people | wall p50 | wall p99 | cpu p50 | cpu p99 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for call in runs[0]["measured"]:
        for run in runs:
            shown = " | ".join(f"{run['measured'][call][name]:.2f}" for name in _SERIES)
            lines.append(f"| {call} | {run['people']:,} | {shown} |")
        if len(runs) > 1:
            ratios = (
                runs[-1]["measured"][call][name] / runs[0]["measured"][call][name]
                for name in _SERIES
            )
            shown = " | ".join(f"{ratio:.2f} x" for ratio in ratios)
            lines.append(f"| {call} | ratio | {shown} |")
    return "\n".join(lines)


def draw(runs: Sequence[dict[str, Any]], file: Path) -> None:
    """Write bars of milliseconds per call, per percentile, with the target, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    calls = list(runs[0]["measured"])
    for axes, call in zip(figure.subplots(1, len(calls)), calls, strict=True):
        for index, run in enumerate(runs):
            values = [run["measured"][call][name] for name in _SERIES]
            left = [number + 0.38 * (index - 0.5) for number in range(len(values))]
            label = f"{run['people']:,} people, {run['store']}"
            bars = axes.bar(left, values, 0.36, label=label, color=_COLOURS[index % 2])
            axes.bar_label(bars, fmt="%.1f", fontsize=8)
        axes.axhline(TARGET_MS, color="#b3261e", linewidth=1, linestyle="--", label="target of p99")
        axes.set_xticks(range(len(_TITLES)), _TITLES, fontsize=8)
        axes.set_ylabel("milliseconds")
        axes.set_title(call, fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8)
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    main()
