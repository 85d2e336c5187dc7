"""Demo: import, analyse and recommend for three invented people over HTTP, and check the results.

Each person's posts are in a different format, so the demo reads all three text formats.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.cli.mood_summary import mood_summary
from api.cli.terminal import say
from api.client import MoodlineClient, MoodlineError, result_of
from api.demo.people import PEOPLE, POSTS, Person
from api.environment import FILE_SUFFIX
from api.local import local_servers
from api.runtime.processes import LocalServersError, free_port, raise_on_signal
from api.settings import SettingsError, read_settings, secrets


class DemoError(Exception):
    """A result differs from what was expected."""


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m api.demo", description=__doc__)
    parser.add_argument(
        "--running",
        action="store_true",
        help="use the running API that MOODLINE_API_URL and MOODLINE_API_KEY name, in whose store"
        " the three people stay, and not servers and a store of its own",
    )
    running = parser.parse_args(arguments).running
    raise_on_signal(signal.SIGTERM)
    try:
        with _running_api() if running else _own_api() as api:
            for person in PEOPLE:
                say(_present(api, person), end="\n\n")
    except (MoodlineError, LocalServersError, DemoError, SettingsError) as error:
        say(f"moodline demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"All {sum(person.posts for person in PEOPLE)} posts read, moods as written.")
    return 0


def _running_api() -> MoodlineClient:
    settings = read_settings(os.environ)
    if not settings.moodline_api_url:
        raise DemoError("Set MOODLINE_API_URL to the address of the running API.")
    return MoodlineClient(settings.moodline_api_url, settings.moodline_api_key)


@contextmanager
def _own_api() -> Iterator[MoodlineClient]:
    with tempfile.TemporaryDirectory(prefix="moodline-demo-") as folder:
        environment = {
            **os.environ,
            "DATA_DIR": folder,
            "STORE_URL": "",
            "API_KEY_PEPPER": "",
            "API_HOST": "127.0.0.1",
            "API_PORT": str(free_port()),
            "SERVING_HOST": "127.0.0.1",
            "SERVING_PORT": str(free_port()),
        }
        # A file named for a secret counts as the secret: these servers have none.
        for name in secrets():
            environment.pop(f"{name}{FILE_SUFFIX}", None)
        with (
            local_servers(environment, quiet=True) as servers,
            MoodlineClient(servers.api_url) as api,
        ):
            yield api


def _present(api: MoodlineClient, person: Person) -> str:
    """Return the mood summary of a person; raise DemoError for an unexpected result."""
    report = api.import_posts(person.user_name, POSTS / person.file)
    _check(person, "posts imported", report["imported"], person.posts)
    _check(person, "posts skipped", report["skipped"], 0)
    analysis = api.analyse(person.user_name, as_of="newest")
    _check(person, "posts classified", analysis["progress"]["classified"], person.posts)
    result = result_of(analysis)
    _check(person, "mood", result["label"], person.label)
    again = api.analyse(person.user_name, as_of="newest")
    _check(person, "posts classified again", again["progress"]["classified"], 0)
    recommended = api.recommendations(person.user_name)
    for kind in ("big_accounts", "hashtags"):
        _check(person, f"recommended {kind}", len(recommended[kind]), 3)
    return mood_summary(person.user_name, result, recommended)


def _check(person: Person, what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise DemoError(f"{person.user_name}: {what}: expected {expected}, found {found}")


if __name__ == "__main__":
    sys.exit(main())
