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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.adapters.mongo_store import MongoStore
from api.adapters.sqlite_store import SqliteStore
from api.domain.catalogue import parse_catalogue
from api.domain.scoring_config import preset
from api.ports import Retention, Store
from api.services.moods import Moods
from benchmarks.peers.machine import describe_machine
from benchmarks.store_fill import fill_mongo, fill_sqlite
from benchmarks.store_people import NOW, people
from benchmarks.store_plot import draw

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
_FOR_EVER = Retention(*(2 * [NOW - datetime(1990, 1, 1, tzinfo=UTC)]))
_WARM_UP = 300
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
    runs = [_run(options.store, int(count), options.calls) for count in options.people.split(",")]
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {**describe_machine(), "load_average_after": os.getloadavg()[0]},
        "sqlite": sqlite3.sqlite_version,
        "runs": runs,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"store-{report['date']}.json"
    file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    draw(runs, file.with_suffix(".png"), TARGET_MS)
    print(table(runs))
    print(f"written: {file.name} and a picture beside it")


def _run(address: str, count: int, calls: int) -> dict[str, Any]:
    started = time.perf_counter()
    store = _filled(address, count)
    filled = time.perf_counter() - started
    try:
        items = json.loads((ROOT / "api" / "catalogue.json").read_bytes())
        store.replace_catalogue(parse_catalogue(items))
        moods = Moods(store, lambda: NOW, preset("default"))
        measured = {
            "mood look-up": _measured(moods.user, count, calls),
            "recommendations": _measured(moods.recommendations, count, calls),
        }
    finally:
        store.close()
    return {
        "people": count,
        "store": "MongoDB" if address.startswith("mongodb") else "SQLite",
        "fill_seconds": round(filled, 1),
        "calls": calls,
        "measured": measured,
    }


def _filled(address: str, count: int) -> Store:
    if address.startswith("mongodb"):
        name = f"{address.rstrip('/')}_{count}"
        fill_mongo(name, people(count), _FOR_EVER)
        return MongoStore(name, retention=_FOR_EVER)
    file = Path(address.removeprefix("sqlite:///")) / f"people-{count}.db"
    if not file.exists():
        fill_sqlite(file, people(count))
    _read_through(file)
    return SqliteStore(file, retention=_FOR_EVER)


def _read_through(file: Path) -> None:
    """Have the machine hold the file in memory as far as it can, as that of a file in use."""
    with file.open("rb") as stream:
        while stream.read(_BLOCK):
            pass


def _measured(call: Callable[[str], object], count: int, calls: int) -> dict[str, float]:
    """Call for people drawn at random; wall is what a caller waits, cpu what this process does.

    On a machine that others use too, wall holds their turns as well, and cpu does not.
    """
    chance = random.Random(11)
    wall, cpu = [], []
    for number in range(_WARM_UP + calls):
        user = f"u{chance.randrange(count):09d}"
        before, cpu_before = time.perf_counter(), time.thread_time()
        call(user)
        if number >= _WARM_UP:
            wall.append((time.perf_counter() - before) * 1_000)
            cpu.append((time.thread_time() - cpu_before) * 1_000)
    return {
        f"{kind}_{name}_ms": round(percentile(values, share), 3)
        for kind, values in (("wall", wall), ("cpu", cpu))
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
