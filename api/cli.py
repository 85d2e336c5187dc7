"""Use Moodline from a terminal: `python -m api.cli analyse FILE USER`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.api_client import ApiCallError, ApiClient
from api.domain.posts import InvalidUserNameError, user_id_of
from api.local import (
    LocalServersError,
    free_port,
    local_servers,
    raise_on_signal,
    server_environment,
)
from api.mood_card import mood_card
from api.settings import SettingsError, read_settings

_NAMED_SKIPS = 5


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code, after one clear line on a fault."""
    options = _parser().parse_args(arguments)
    raise_on_signal(signal.SIGTERM)
    try:
        user_id_of(options.user)
        file = Path(options.file)
        if not file.is_file():
            raise ApiCallError(f"there is no file {file}")
        key = read_settings(os.environ).api_key
        with running_api() as url, ApiClient(url, key) as api:
            _analyse(api, file, options.user, options.as_of)
    except (ApiCallError, LocalServersError, SettingsError, InvalidUserNameError) as error:
        print(f"moodline: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("moodline: stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.cli", description=__doc__)
    commands = parser.add_subparsers(required=True)
    analyse = commands.add_parser("analyse", help="import a file of posts and tell their mood")
    analyse.add_argument("file", help="X archive zip, tweets.js, JSON lines or CSV")
    analyse.add_argument("user", help="whose posts these are: 1 to 15 letters, digits, underscores")
    analyse.add_argument(
        "--as-of",
        default="newest",
        help='the time from which ages count: "newest" post (default), "now", or ISO 8601',
    )
    return parser


@contextmanager
def running_api() -> Iterator[str]:
    """Yield the address of the API that the settings name, started for the while if need be."""
    environment = server_environment()
    url = f"http://{environment['API_HOST']}:{environment['API_PORT']}"
    with ApiClient(url) as api:
        running = api.answers()
    if running:
        yield url
        return
    ports = {"API_PORT": str(free_port()), "SERVING_PORT": str(free_port())}
    with local_servers({**environment, **ports}, quiet=True) as servers:
        yield servers.api_url


def _analyse(api: ApiClient, file: Path, user_name: str, as_of: str) -> None:
    began = time.perf_counter()
    report = api.import_posts(user_name, file)
    imported = time.perf_counter()
    print(
        f"{file.name}: {report['imported']} posts imported, {report['updated']} updated,"
        f" {report['unchanged']} unchanged, {report['skipped']} skipped"
        f" ({imported - began:.1f} s)"
    )
    for skip in report["skipped_reasons"][:_NAMED_SKIPS]:
        print(f"  skipped {skip['where']}: {skip['reason']}")
    analysis = api.analyse(user_name, as_of=as_of, on_progress=_show_progress)
    progress = analysis["progress"]
    print(
        f"\r{progress['classified']} posts classified, {progress['reused']} known from before"
        f" ({time.perf_counter() - imported:.1f} s)"
    )
    mood_known = analysis["result"]["mood"] is not None
    recommended = api.recommendations(user_name) if mood_known else None
    print(mood_card(user_name, analysis["result"], recommended))


def _show_progress(analysis: dict[str, Any]) -> None:
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        progress = analysis["progress"]
        print(
            f"\r{progress['classified'] + progress['reused']} of {progress['total']} posts",
            end="",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
