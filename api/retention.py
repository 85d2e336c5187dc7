"""Command about the retention of posts and moods: `python -m api.retention show|delete`.

`delete` is the operator's word for deleting what the sweeps keep because the clock has jumped; see
api.jobs.retention. A running service goes on from there.
"""

import argparse
import os
import sys

from api.bootstrap.adapters import adapters, need_store
from api.errors import MoodlineError
from api.jobs.retention import delete_past_retention
from api.ports.store import PastRetention
from api.settings import SettingsError, read_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code, with a message if it fails."""
    parser = argparse.ArgumentParser(prog="python -m api.retention", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="show how much is past its retention by the clock")
    commands.add_parser("delete", help="delete it now, however much it is")
    command = parser.parse_args(arguments).command
    try:
        settings = read_settings(os.environ)
        need_store(settings)
        ports = adapters(settings)
        try:
            now = ports.clock()
            past = ports.store.past_retention(now)
            print(f"At {now:%Y-%m-%d %H:%M} UTC {_counts(past)} are past their retention.")
            if command == "delete":
                print(f"{delete_past_retention(ports.store, now)} of them are deleted.")
        finally:
            ports.close()
    except (SettingsError, MoodlineError) as error:
        print(f"moodline: {error}", file=sys.stderr)
        return 1
    return 0


def _counts(past: PastRetention) -> str:
    return (
        f"{past.posts_past} of {past.posts} posts and"
        f" {past.analyses_past} of {past.analyses} analyses"
    )


if __name__ == "__main__":
    sys.exit(main())
