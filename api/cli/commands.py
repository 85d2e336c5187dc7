"""The commands of the command line; each prints its result as text or as JSON."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from tqdm import tqdm

from api.cli.api_client import ApiCallError, ApiClient
from api.cli.mood_summary import mood_summary, recommendation_lines

_NAMED_SKIPS = 5


def import_posts(api: ApiClient, options: Namespace) -> None:
    """Import the posts of a file."""
    report = _import(api, options)
    if options.json:
        _print_json(report)


def analyse(api: ApiClient, options: Namespace) -> None:
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
    print(
        f"{progress['classified']} posts classified, {progress['reused']} known from before"
        f" ({time.perf_counter() - began:.1f} s)"
    )
    _print_summary(api, options.user, analysis["result"])


def mood(api: ApiClient, options: Namespace) -> None:
    """Print the newest mood and its evidence."""
    user = api.user(options.user)
    if options.json:
        _print_json(user)
    elif user["result"] is None:
        print(f"{user['posts']} posts are kept, and none was analysed yet: moodline analyse")
    else:
        _print_summary(api, options.user, user["result"])


def recommend(api: ApiClient, options: Namespace) -> None:
    """Print accounts, hashtags and friends recommended today."""
    found = api.recommendations(options.user)
    if options.json:
        _print_json(found)
    else:
        print("\n".join(recommendation_lines(found)))


def erase(api: ApiClient, options: Namespace) -> None:
    """Erase everything stored about the user, after a confirmation."""
    if not options.yes:
        if not sys.stdin.isatty():
            raise ApiCallError("nothing was erased: say --yes where nobody can be asked")
        print(f"Erase everything that is held about @{options.user}? It cannot be undone. [y/N] ",
              end="", file=sys.stderr, flush=True)  # fmt: skip
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise ApiCallError("nothing was erased")
    api.erase(options.user)
    if options.json:
        _print_json({"erased": options.user})
    else:
        print(f"Everything held about @{options.user} is erased.")


def _import(api: ApiClient, options: Namespace) -> dict[str, Any]:
    began = time.perf_counter()
    with _upload_bar() as show:
        report = api.import_posts(options.user, options.file, on_sent=show)
    if not options.json:
        print(
            f"{options.file.name}: {report['imported']} posts imported,"
            f" {report['updated']} updated, {report['unchanged']} unchanged,"
            f" {report['skipped']} skipped ({time.perf_counter() - began:.1f} s)"
        )
        for skip in report["skipped_reasons"][:_NAMED_SKIPS]:
            print(f"  skipped {skip['where']}: {skip['reason']}")
    return report


def _print_summary(api: ApiClient, user_name: str, result: dict[str, Any]) -> None:
    recommended = api.recommendations(user_name) if result["mood"] is not None else None
    print(mood_summary(user_name, result, recommended))


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def _analysis_bar() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield a function that shows an analysis on a progress bar."""
    with _bar(" posts") as bar:

        def show(analysis: dict[str, Any]) -> None:
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
