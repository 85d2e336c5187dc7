"""Measure mood look-up and recommendations in a store of many invented people.

    python -m benchmarks.store_scale FOLDER                       # 10,000 and 1,000,000, SQLite
    python -m benchmarks.store_scale mongodb://host/bench --people 10000,1000000

FOLDER is where the files are made; a MongoDB database must be empty, and NAME_COUNT is put behind
its name. Every call goes through the use case that answers the HTTP call.
"""

from __future__ import annotations

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
from api.domain.scoring import preset
from api.ports.store import Retention, Store
from api.services.users import Users
from api.stores.mongo import MongoStore
from api.stores.sqlite import SqliteStore
from benchmarks.peers.machine import describe_machine
from benchmarks.store_fill import fill_mongo, fill_sqlite
from benchmarks.store_people import NOW, people
from benchmarks.store_plot import draw

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
_FOR_EVER = Retention(*(2 * [NOW - datetime(1990, 1, 1, tzinfo=UTC)]))
_WARM_UP = 300
_PAUSE = 0.005  # seconds between calls: one caller who never rests would wait for its own turns
_BLOCK = 2**24
TARGET_MS = 20.0
TARGET_RATIO = 2.0


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
    draw(runs, file.with_suffix(".png"), TARGET_MS)
    print(table(runs))
    print(f"written: {file.name} and a picture beside it")


@dataclass(frozen=True, slots=True)
class Filled:
    """Hold a store with its people; fill_seconds is None where an earlier run made it."""

    kind: str
    people: int
    store: Store
    fill_seconds: float | None


def _filled(address: str, count: int) -> Filled:
    started = time.perf_counter()
    if address.startswith("mongodb"):
        name = f"{address.rstrip('/')}_{count}"
        fill_mongo(name, people(count), _FOR_EVER)
        store: Store = MongoStore(name, retention=_FOR_EVER)
        return Filled("MongoDB", count, store, round(time.perf_counter() - started, 1))
    file = Path(address.removeprefix("sqlite:///")) / f"people-{count}.db"
    new = not file.exists()
    if new:
        fill_sqlite(file, people(count))
    seconds = round(time.perf_counter() - started, 1) if new else None
    _read_through(file)
    return Filled("SQLite", count, SqliteStore(file, retention=_FOR_EVER), seconds)


def _read_through(file: Path) -> None:
    """Have the machine hold the file in memory as far as it can, as that of a file in use."""
    with file.open("rb") as stream:
        while stream.read(_BLOCK):
            pass


def _measured(filled: Sequence[Filled], calls: int) -> list[dict[str, Any]]:
    """Call for people drawn at random, the stores in turns, so that noise falls on each alike."""
    items = json.loads((ROOT / "api" / "catalogue.json").read_bytes())
    figures: list[dict[str, dict[str, float]]] = [{} for _ in filled]
    users = [Users(one.store, lambda: NOW, preset("default")) for one in filled]
    for one in filled:
        one.store.replace_catalogue(parse_catalogue(items))
    for name, method in (
        ("mood look-up", Users.overview),
        ("recommendations", Users.recommendations),
    ):
        times: list[list[tuple[float, float]]] = [[] for _ in filled]
        chance = random.Random(11)
        for _ in range(_WARM_UP + calls):
            for place, one in enumerate(filled):
                time.sleep(_PAUSE)
                user = f"u{chance.randrange(one.people):09d}"
                times[place].append(_timed(method, users[place], user))
        for place, each in enumerate(times):
            figures[place][name] = _figures(each[_WARM_UP:])
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
    """Return the milliseconds that a caller waits, and the CPU time of this thread in them.

    On a machine that others use too, the first holds their turns as well, the second does not.
    """
    before, cpu_before = time.perf_counter(), time.thread_time()
    method(users, user)
    return (time.perf_counter() - before) * 1_000, (time.thread_time() - cpu_before) * 1_000


def _figures(times: Sequence[tuple[float, float]]) -> dict[str, float]:
    return {
        f"{kind}_{name}_ms": round(percentile([one[place] for one in times], share), 3)
        for place, kind in enumerate(("wall", "cpu"))
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1_000) * len(ordered) // 1_000) - 1)]


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Return the results as a Markdown table, with the ratio of the last run to the first."""
    columns = ("wall_p50_ms", "wall_p99_ms", "cpu_p50_ms", "cpu_p99_ms")
    lines = [
        "| call | people | wall p50 | wall p99 | cpu p50 | cpu p99 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for call in runs[0]["measured"]:
        for run in runs:
            shown = " | ".join(f"{run['measured'][call][name]:.2f}" for name in columns)
            lines.append(f"| {call} | {run['people']:,} | {shown} |")
        if len(runs) > 1:
            ratios = (
                runs[-1]["measured"][call][name] / runs[0]["measured"][call][name]
                for name in columns
            )
            shown = " | ".join(f"{ratio:.2f} x" for ratio in ratios)
            lines.append(f"| {call} | ratio | {shown} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
