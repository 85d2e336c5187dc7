"""The commands of the command line; each prints its result as text or as JSON."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from tqdm import tqdm

from api.cli.mood_summary import WIDTH, mood_summary, recommendation_lines
from api.cli.terminal import say, shown_json
from api.client import MoodlineClient, result_of
from api.client.documents import Analysis, Import, Result

Command = Callable[[MoodlineClient, Namespace], None]

_NAMED_SKIPS = 5


class CommandError(Exception):
    """A command that cannot be done as it was given."""


def import_posts(api: MoodlineClient, options: Namespace) -> None:
    """Import the posts of a file."""
    report = _import(api, options, dry_run=options.dry_run)
    if options.json:
        _print_json(report)
    elif report["first_posts"]:
        say("  first posts:")
        for post in report["first_posts"]:
            at = post["created_at"][:16].replace("T", " ")
            say(f"    {at}  {post['ownership']:<6}  {textwrap.shorten(post['text'], 50)}")


def formats(api: MoodlineClient, options: Namespace) -> None:
    """List the kinds of files that can be imported, and where to get each."""
    found = api.import_formats()
    if options.json:
        _print_json(found)
        return
    for each in found:
        say(f"{each['title']} ({', '.join(each['files'])})")
        for title, words in (
            ("get it", each["where_to_get"]),
            ("not read", "; ".join(each["not_read"])),
        ):
            if words:
                lines = textwrap.wrap(f"{title}: {words}", WIDTH - 4, subsequent_indent="  ")
                say(textwrap.indent("\n".join(lines), "    "))


def analyse(api: MoodlineClient, options: Namespace) -> None:
    """Import a file if one is given, analyse to the end, and print the mood summary."""
    if options.file is not None:
        _import(api, options)
    began = time.perf_counter()
    with _analysis_bar() as show:
        analysis = api.analyse(
            options.user,
            as_of=options.as_of,
            source=options.source,
            max_posts=options.max_posts,
            on_progress=show,
        )
    if options.json:
        _print_json(analysis)
        return
    progress = analysis["progress"]
    say(
        f"{progress['classified']} posts classified, {progress['reused']} known from before"
        f" ({time.perf_counter() - began:.1f} s)"
    )
    _print_summary(api, options.user, result_of(analysis))


def mood(api: MoodlineClient, options: Namespace) -> None:
    """Print the newest mood and its evidence, or write its picture to a file."""
    if options.png is not None:
        picture = api.summary_picture(options.user, theme=options.theme)
        try:
            options.png.write_bytes(picture)
        except OSError as error:
            raise CommandError(f"{options.png} cannot be written: {error.strerror}") from error
        if options.json:
            _print_json({"written": str(options.png), "bytes": len(picture)})
        else:
            say(f"{options.png} written ({len(picture):,} bytes)")
        return
    user = api.user(options.user)
    if options.json:
        _print_json(user)
    elif user["result"] is None:
        say(f"{user['posts']} posts are kept, and none was analysed yet: moodline analyse")
    else:
        _print_summary(api, options.user, user["result"])


def recommend(api: MoodlineClient, options: Namespace) -> None:
    """Print accounts, hashtags and friends recommended today."""
    found = api.recommendations(options.user)
    if options.json:
        _print_json(found)
    else:
        say("\n".join(recommendation_lines(found)))


def erase(api: MoodlineClient, options: Namespace) -> None:
    """Erase everything stored about the user, after a confirmation."""
    if not options.yes:
        if not sys.stdin.isatty():
            raise CommandError("nothing was erased: say --yes where nobody can be asked")
        say(f"Erase everything that is held about @{options.user}? It cannot be undone. [y/N] ",
              end="", file=sys.stderr)  # fmt: skip
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CommandError("nothing was erased")
    pending = api.erase(options.user)
    if options.json:
        _print_json({"erased": options.user, "pending": pending})
    elif pending:
        print(f"Everything held about @{options.user} is erased and cannot be read any more; the "
              f"{' and the '.join(pending)} will be rid of it as soon as no earlier reader needs "
              "them.")  # fmt: skip
    else:
        say(f"Everything held about @{options.user} is erased.")


def _import(api: MoodlineClient, options: Namespace, *, dry_run: bool = False) -> Import:
    began = time.perf_counter()
    date_order = options.date_order and options.date_order.replace("-", "_")
    with _upload_bar() as show:
        report = api.import_posts(
            options.user, options.file, dry_run=dry_run, date_order=date_order, on_sent=show
        )
    if not options.json:
        would = "would be " if dry_run else ""
        say(
            f"{options.file.name}: {report['imported']} posts {would}imported,"
            f" {report['updated']} updated, {report['unchanged']} unchanged,"
            f" {report['skipped']} skipped ({time.perf_counter() - began:.1f} s)"
        )
        for line in _understood(report):
            say(textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="    "))
    return report


def _understood(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was understood of a file and what was not, a line each."""
    counts = [f"{report[kind]} {kind}" for kind in ("own", "shared", "liked") if report[kind]]
    yield f"read as {report['dialect']['title']}: {', '.join(counts) or 'no posts'}"
    if report["date_order"]:
        yield f"dates read with the {report['date_order'].replace('_', ' ')}"
    if report["duplicates"]:
        yield f"the same as other posts, and left out: {report['duplicates']}"
    if report["edits"]:
        yield f"earlier versions of edited posts, and left out: {report['edits']}"
    if report["unused_columns"]:
        yield f"not used: {', '.join(report['unused_columns'])}"
    for note in report["notes"]:
        yield f"note: {note}"
    for skip in report["skipped_reasons"][:_NAMED_SKIPS]:
        yield f"skipped {skip['where']}: {skip['reason']}"


def _print_summary(api: MoodlineClient, user_name: str, result: Result) -> None:
    recommended = api.recommendations(user_name) if result["mood"] is not None else None
    say(mood_summary(user_name, result, recommended))


def _print_json(value: Any) -> None:
    print(shown_json(json.dumps(value, ensure_ascii=False, indent=2)))


@contextmanager
def _analysis_bar() -> Iterator[Callable[[Analysis], None]]:
    """Yield a function that shows an analysis on a progress bar."""
    with _bar(" posts") as bar:

        def show(analysis: Analysis) -> None:
            progress = analysis["progress"]
            bar.total = progress["total"] or None
            until = analysis["waits_until"]
            bar.set_description(f"waits until {until}" if until else analysis["state"], False)
            bar.n = progress["classified"] + progress["reused"]
            bar.refresh()

        yield show


@contextmanager
def _upload_bar() -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows the bytes of a file sent, then that the API reads them."""
    with _bar("B", unit_scale=True) as bar:

        def show(sent: int, size: int) -> None:
            bar.total = size
            bar.set_description("sending" if sent < size else "reading", refresh=False)
            bar.update(sent - bar.n)
            if sent == size:
                bar.refresh()  # update() skips updates in quick succession

        yield show


def _bar(unit: str, *, unit_scale: bool = False) -> tqdm[NoReturn]:
    # disable=None: nothing is shown unless standard error is a terminal.
    return tqdm(unit=unit, unit_scale=unit_scale, leave=False, disable=None, file=sys.stderr)
