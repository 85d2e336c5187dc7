"""The results as Markdown tables, written between two markers of a page."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Spread
from benchmarks.peers.registry import ENTRIES
from benchmarks.peers.summary import Ratio, Row, ratios

BEGIN = "<!-- peers:begin, written by python -m benchmarks.peers -->"
END = "<!-- peers:end -->"
_LOADED = ("texts_per_second", 0), ("p50_ms", 1), ("p99_ms", 0), ("cpu_per_1000", 2)
_LOADED_HEADS = ("texts/s", "p50 ms", "p99 ms", "server CPU s / 1,000", "client cores")


def render(facts: Mapping[str, Any], rows: Mapping[str, Row]) -> str:
    """Return the tables of a run; `facts` are the results file's fields other than the turns."""
    lone = ("before", "right after", "RSS MiB", "PSS MiB", "ready s")
    parts = [
        _heading(facts),
        "One text per request, 64 connections:",
        _table(_LOADED_HEADS, ((row, _loaded(row, "singles")) for row in rows.values())),
        "50 texts per request, 4 connections:",
        _table(_LOADED_HEADS, ((row, _loaded(row, "batches")) for row in rows.values())),
        "One text, one connection, median ms before and right after a burst of 64 connections;"
        " memory after the batches; seconds from start to the first answer:",
        _table(lone, ((row, _lone(row)) for row in rows.values())),
        *_overload(rows.values()),
        *_asked(ratios(rows)),
        _remarks(facts, rows),
    ]
    return "\n\n".join(parts)


def put(page: Path, text: str) -> None:
    """Replace the text between the markers of `page`; ValueError when it has none."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no line {BEGIN} with a line {END} after it")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _heading(facts: Mapping[str, Any]) -> str:
    machine = facts["machine"]
    return (
        f"{facts['date']}, commit {facts['commit']}, {machine['processor']}"
        f" ({machine['int8_units']}), {machine['cores']} cores,"
        f" {machine['memory_mib'] // 1024} GiB, Python {machine['python']}, Linux"
        f" {machine['kernel']}, load average before {machine['load_average_before']:.2f}."
        f" Model {facts['model']}. Inputs: {facts['inputs']}. {facts['rounds']} rounds of"
        f" {facts['seconds']:g} s per profile; median (lowest..highest).\n"
        f"Command: `{facts['command']}`."
    )


def _table(heads: Sequence[str], rows: Iterable[tuple[Row, list[str]]]) -> str:
    lines = [f"| server | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(heads)}"]
    for row, cells in rows:
        title = ENTRIES[row.peer].title
        if not row.figures:
            cells = [*["--"] * (len(heads) - 1), "see below"]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _loaded(row: Row, phase: str) -> list[str]:
    figures = [_shown(row.get(phase, figure), digits) for figure, digits in _LOADED]
    client = row.get(phase, "client_cores")
    return [*figures, f"{client.median:.2f}" if client else "--"]


def _lone(row: Row) -> list[str]:
    return [
        _shown(row.get("lone_before", "p50_ms"), 2),
        _shown(row.get("lone_after", "p50_ms"), 2),
        _shown(row.get("batches", "rss_mib"), 0),
        _shown(row.get("batches", "pss_mib"), 0),
        _shown(row.ready_seconds, 1),
    ]


def _shown(figure: Spread | None, digits: int) -> str:
    return figure.shown(digits) if figure else "--"


def _overload(rows: Iterable[Row]) -> list[str]:
    return [
        f"{ENTRIES[row.peer].title}, offered {offered.shown()} texts/s in requests of 50:"
        f" {_shown(row.get('overload', 'texts_per_second'), 0)} texts/s answered, rejections"
        f" after {_shown(row.get('overload', 'rejected_p50_ms'), 1)} ms (median) and"
        f" {_shown(row.get('overload', 'rejected_p99_ms'), 1)} ms (p99); the client sent them"
        f" up to {_shown(row.get('overload', 'late_p99_ms'), 1)} ms late (p99)."
        for row in rows
        if (offered := row.get("overload", "offered_per_second"))
    ]


def _asked(asked: Sequence[Ratio]) -> list[str]:
    if not asked:
        return []
    lines = ["| asked of Moodline | measured | asked | |", "| --- | ---: | ---: | --- |"]
    for one in asked:
        value = "--" if one.value is None else f"{one.value:.2f}"
        detail = f" ({ENTRIES[one.detail].title})" if one.detail else ""
        bound = f"{'>=' if one.at_least else '<='} {one.asked:g}"
        verdict = "met" if one.met else "not met" if one.value is not None else "not measured"
        lines.append(f"| {one.title}{detail} | {value} | {bound} | {verdict} |")
    return ["\n".join(lines)]


def _remarks(facts: Mapping[str, Any], rows: Mapping[str, Row]) -> str:
    lines = []
    for row in rows.values():
        entry = ENTRIES[row.peer]
        versions = facts["versions"].get(row.peer, {})
        shown = ", ".join(f"{name} {version}" for name, version in versions.items())
        remark = f"- {entry.title}: {entry.note}{f' ({shown})' if shown else ''}."
        if row.peer in facts["agreement"]:
            remark += f" Answers: {facts['agreement'][row.peer]}."
        if row.other_statuses:
            remark += f" {row.other_statuses} requests were not answered with 200."
        for failure in row.failures:
            remark += f" **No figures from a turn**: {failure}."
        lines.append(remark)
    return "\n".join(lines)
