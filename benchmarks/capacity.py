"""The capacity model: what so many users need and cost, from the simulation's file of numbers.

python -m benchmarks.capacity            # prints the tables of docs/capacity.md
python -m benchmarks.capacity --write    # writes them into it, with the simulation's table
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.simulation.inputs import (
    InputsError,
    Number,
    one_machine,
    read_numbers,
    usual_load,
    values_of,
)

DOCUMENT = Path(__file__).parents[1] / "docs" / "capacity.md"
USERS = (100_000, 1_000_000, 10_000_000, 100_000_000)
_HOURS, _DAYS = 730, 30.4
_DAY = 86_400
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Need:
    """What a number of users need at the busiest hour, and what they cost per month in USD."""

    users: float
    analyses: float
    posts: float
    calls: float
    inference_cores: float
    worker_threads: float
    worker_cores: float
    api_cores: float
    writers: float
    posts_gb: float
    analyses_gb: float
    users_gb: float
    post_index_gb: float
    stored_gb: float
    shards: float
    posts_cost: float
    likes_cost: float
    look_ups_cost: float
    cores_cost: float
    storage_cost: float


def need(numbers: Mapping[str, Number], users: float) -> Need:
    """Return what so many users need, by the numbers."""

    value = values_of(numbers)
    load = usual_load(numbers, 1.0)
    per_day = users * value("analyses_per_user_and_day")
    analyses = per_day / _DAY * value("peak_factor")
    posts = analyses * load.posts_per_analysis
    calls_each = value("fetched_analyses") * calls_per_analysis(numbers)
    worker_core = (
        value("analysis_seconds")
        + value("classify_seconds_per_post") * load.posts_per_analysis
        + value("decide_seconds_per_post") * value("stored_posts_per_user")
    )
    saves = calls_each + chunks_per_analysis(numbers) + 1
    thread = (
        worker_core
        + calls_each * value("source_call_seconds")
        + load.posts_per_analysis * value("inference_seconds_per_text") / value("inference_cores")
        + saves * value("store_seconds_per_chunk")
    )
    room = value("target_use")
    stored = users * value("stored_posts_per_user")
    kept = users * value("moods_per_user")
    posts_gb = stored * (value("mongo_bytes_per_post") + value("mongo_index_bytes_per_post")) / _GB
    analyses_gb = kept * value("mongo_bytes_per_analysis") / _GB
    users_gb = users * value("mongo_bytes_per_user") / _GB
    gb = (posts_gb + analyses_gb + users_gb) * value("store_compression")
    inference_cores = posts * value("inference_seconds_per_text") / room
    api_cores = (
        analyses * value("api_requests_per_analysis") * value("api_seconds_per_request") / room
    )
    worker_cores = analyses * worker_core / room
    read = per_day * value("fetched_analyses") * _DAYS
    return Need(
        users=users,
        analyses=analyses,
        posts=posts,
        calls=analyses * calls_each,
        inference_cores=inference_cores,
        worker_threads=analyses * thread / room,
        worker_cores=worker_cores,
        api_cores=api_cores,
        writers=analyses * saves * value("store_seconds_per_chunk") / room,
        posts_gb=posts_gb,
        analyses_gb=analyses_gb,
        users_gb=users_gb,
        post_index_gb=stored * value("mongo_index_bytes_per_post") / _GB,
        stored_gb=gb,
        shards=max(1.0, gb / value("shard_gigabytes")),
        posts_cost=read * load.posts_per_analysis * value("source_price_per_post"),
        likes_cost=read * value("liked_posts_per_fetch") * value("source_price_per_post"),
        look_ups_cost=read * value("source_price_per_user"),
        cores_cost=(inference_cores + worker_cores + api_cores)
        * value("core_price_per_hour")
        * _HOURS,
        storage_cost=gb * value("store_copies") * value("storage_price_per_gb_month"),
    )


def calls_per_analysis(numbers: Mapping[str, Number]) -> float:
    """Return how many calls an analysis makes that fetches posts."""
    page = numbers["source_page_posts"].value
    beside = numbers["source_calls_beside_pages"].value
    return beside + _mean_over_sizes(numbers, lambda posts: -(-posts // page))


def chunks_per_analysis(numbers: Mapping[str, Number]) -> float:
    """Return how many chunks of classifications an analysis saves."""
    chunk = one_machine(numbers).chunk_posts
    return _mean_over_sizes(numbers, lambda posts: -(-posts // chunk))


def _mean_over_sizes(numbers: Mapping[str, Number], of: Callable[[float], float]) -> float:
    first = numbers["first_analyses"].value
    sizes = numbers["first_analysis_posts"].value, numbers["again_analysis_posts"].value
    return first * of(sizes[0]) + (1 - first) * of(sizes[1])


def limits(numbers: Mapping[str, Number]) -> list[tuple[str, float, str]]:
    """Return the users at which each part is full at the busiest hour, the first one first."""

    value = values_of(numbers)
    one = need(numbers, 1.0)
    cores = value("inference_replicas_most") * value("inference_cores")
    threads = value("worker_replicas_most") * (value("worker_threads") + 1)
    on_a_machine = one.inference_cores + one.worker_cores + one.api_cores
    sqlite_posts = value("sqlite_bytes_per_post") + value("sqlite_index_bytes_per_post")
    sqlite_bytes = (
        value("stored_posts_per_user") * sqlite_posts
        + value("moods_per_user") * value("sqlite_bytes_per_analysis")
        + value("sqlite_bytes_per_user")
    )
    found = [
        ("one machine: cores", value("machine_cores") / on_a_machine, "a cluster"),
        (
            "one machine: SQLite's file",
            value("sqlite_largest_gigabytes") * _GB / sqlite_bytes,
            "MongoDB, or a shorter MOODS_RETENTION_DAYS",
        ),
        (
            "one machine: SQLite's one writer",
            1 / one.writers,
            "MongoDB",
        ),
        (
            "source: calls of all users per window",
            value("source_calls_per_window") / one_machine(numbers).window / one.calls,
            "a larger plan; until then analyses are deferred",
        ),
        ("cluster: inference servers (maxReplicas)", cores / one.inference_cores, "maxReplicas"),
        ("cluster: threads of workers (maxReplicas)", threads / one.worker_threads, "maxReplicas"),
        (
            "cluster: writers of the store",
            value("store_writers") / one.writers,
            "a larger MongoDB, then shards",
        ),
        ("cluster: one shard's disk", value("shard_gigabytes") / one.stored_gb, "sharding"),
    ]
    return sorted(found, key=lambda part: part[1])


def numbers_table(numbers: Mapping[str, Number], kind: str) -> str:
    """Return the measured or the assumed numbers as a Markdown table."""
    lines = ["| number | value | unit | from |", "| --- | ---: | --- | --- |"]
    lines += [
        f"| `{one.name}` | {one.value:,.6g} | {one.unit} | {one.source} |"
        for one in numbers.values()
        if one.kind == kind
    ]
    return "\n".join(lines)


def needs_table(numbers: Mapping[str, Number]) -> str:
    """Return what each number of users needs and costs as a Markdown table."""
    needs = [need(numbers, users) for users in USERS]
    rows: tuple[tuple[str, Callable[[Need], float]], ...] = (
        ("analyses per second", lambda one: one.analyses),
        ("posts classified per second", lambda one: one.posts),
        ("calls of the source per second", lambda one: one.calls),
        ("cores of inference servers", lambda one: one.inference_cores),
        ("threads of workers (analyses at once)", lambda one: one.worker_threads),
        ("cores of workers", lambda one: one.worker_cores),
        ("cores of the API", lambda one: one.api_cores),
        ("writes of the store at once", lambda one: one.writers),
        ("posts with their indexes, GB", lambda one: one.posts_gb),
        ("of these indexes, GB", lambda one: one.post_index_gb),
        (
            "of these in memory, GB",
            lambda one: one.post_index_gb * numbers["index_share_in_memory"].value,
        ),
        ("analyses with their results, GB", lambda one: one.analyses_gb),
        ("users, GB", lambda one: one.users_gb),
        ("shards by disk", lambda one: one.shards),
        ("USD per month: own posts read from X", lambda one: one.posts_cost),
        ("USD per month: liked posts read from X", lambda one: one.likes_cost),
        ("USD per month: accounts looked up at X", lambda one: one.look_ups_cost),
        ("USD per month: cores", lambda one: one.cores_cost),
        ("USD per month: disks, all copies", lambda one: one.storage_cost),
        (
            "USD per user and month, without X",
            lambda one: (one.cores_cost + one.storage_cost) / one.users,
        ),
        (
            "USD per user and month, X",
            lambda one: (one.posts_cost + one.likes_cost + one.look_ups_cost) / one.users,
        ),
    )
    head = " | ".join(f"{users:,}" for users in USERS)
    lines = [f"| at the busiest hour | {head} |", "| --- |" + " ---: |" * len(USERS)]
    for title, of in rows:
        shown = " | ".join(_shown(of(one)) for one in needs)
        lines.append(f"| {title} | {shown} |")
    return "\n".join(lines)


def _shown(value: float) -> str:
    """Return a number with two significant digits, or without decimals from ten."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def limits_table(numbers: Mapping[str, Number]) -> str:
    """Return at how many users each part is full, as a Markdown table."""
    lines = ["| part | full at so many users | then |", "| --- | ---: | --- |"]
    lines += [f"| {part} | {users:,.0f} | {then} |" for part, users, then in limits(numbers)]
    return "\n".join(lines)


def sections(numbers: Mapping[str, Number]) -> dict[str, str]:
    """Return the parts of the document that are computed, by name; the simulation's is not here."""
    return {
        "measured": numbers_table(numbers, "measured"),
        "assumed": numbers_table(numbers, "assumed"),
        "needs": needs_table(numbers),
        "limits": limits_table(numbers),
    }


def with_sections(document: str, computed: Mapping[str, str]) -> str:
    """Return the document with these parts between their marks. Raises InputsError."""
    for name, text in computed.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, found, rest = document.partition(begin)
        _, ends, after = rest.partition(end)
        if not found or not ends:
            raise InputsError(f"The document has no part between {begin} and {end}.")
        document = f"{before}{begin}\n\n{text}\n\n{end}{after}"
    return document


def section_of(document: str, name: str) -> str:
    """Return what the document has between the marks of a part, empty if there are none."""
    marks = rf"<!-- {re.escape(name)}:begin -->\n(.*?)<!-- {re.escape(name)}:end -->"
    found = re.search(marks, document, re.DOTALL)
    return found[1].strip() if found else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, or write them into the document."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.capacity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    try:
        numbers = read_numbers()
        computed = sections(numbers)
        if not options.write:
            print("\n\n".join(computed.values()))
            return 0
        # Only here, as it takes minutes.
        from benchmarks.simulation.__main__ import FACTORS
        from benchmarks.simulation.report import PLOT, draw, scenarios, table

        found = scenarios(numbers, FACTORS, seconds=900.0, seed=1)
        draw(found, PLOT)
        document = DOCUMENT.read_text(encoding="utf-8")
        document = with_sections(document, {**computed, "simulation": table(found)})
        DOCUMENT.write_text(document, encoding="utf-8")
    except InputsError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    print(f"written: {DOCUMENT} and {PLOT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
