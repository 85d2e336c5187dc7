"""Commands of the operator: backup and restore, re-analysis, change of keys, and the queue.

They read the settings of the service (`.env.example`) and need its store, not the running service.
"""

import argparse
import os
import sys
from pathlib import Path

from api.admin.backups import backup, erasures, restore
from api.admin.operation import queue, reanalyse, reseal
from api.bootstrap.adapters import need_store
from api.errors import InvalidRequestError, MoodlineError
from api.settings import SettingsError, read_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code, with a message if it fails."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        if options.run is not restore:
            need_store(settings)
        options.run(settings, options)
        sys.stdout.flush()
    except (SettingsError, MoodlineError) as error:
        faults = error.errors if isinstance(error, InvalidRequestError) else ()
        details = [f" {fault.where}: {fault.reason}." for fault in faults]
        print(f"moodline: {error}{''.join(details)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("moodline: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # such as `queue | head -1`: its reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.admin", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    saving = commands.add_parser("backup", help="back up the store while the service runs")
    saving.add_argument("file", type=_new_file, metavar="FILE", help="the new file to write")
    saving.set_defaults(run=backup)
    restoring = commands.add_parser(
        "restore", help="put a backup in the place of the store, without those who were erased"
    )
    restoring.add_argument("file", type=Path, metavar="FILE", help="the backup")
    restoring.add_argument(
        "--replace", action="store_true", help="where there is a store, which is kept aside"
    )
    restoring.add_argument(
        "--erasures",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="a further file of erasures; may be given several times",
    )
    restoring.add_argument(
        "--no-erasures", action="store_true", help="where nothing tells who was erased"
    )
    restoring.set_defaults(run=restore)
    erased = commands.add_parser("erasures", help="who was erased, as keyed hashes")
    erased.set_defaults(run=erasures)
    actions = erased.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="list them, oldest first")
    exporting = actions.add_parser("export", help="copy them to a file, to keep elsewhere")
    exporting.add_argument(
        "file", type=Path, metavar="FILE", help="the new file to write; - for standard output"
    )
    replaying = actions.add_parser("replay", help="erase those people again, in a restored store")
    replaying.add_argument("files", type=Path, metavar="FILE", nargs="*", help="files of erasures")
    renewing = commands.add_parser(
        "reanalyse", help="after a change of the model: analyse everybody again, bit by bit"
    )
    renewing.add_argument(
        "--per-minute", type=_rate, default=60.0, metavar="N",
        help="analyses to queue in a minute at most (60)",
    )  # fmt: skip
    renewing.add_argument(
        "--most-waiting", type=_count, default=20, metavar="N",
        help="queue none while so many analyses wait for a worker (20)",
    )  # fmt: skip
    renewing.set_defaults(run=reanalyse)
    sealing = commands.add_parser(
        "reseal", help="seal all tokens with the first key of SIGN_IN_KEY, to remove an old one"
    )
    sealing.set_defaults(run=reseal)
    showing = commands.add_parser("queue", help="show what waits, runs and has failed")
    showing.set_defaults(run=queue)
    return parser


def _new_file(text: str) -> Path:
    if text in ("", "-"):
        raise argparse.ArgumentTypeError("must name a file: a backup is no text to be piped")
    return Path(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.1 <= rate <= 1_000_000:
        raise argparse.ArgumentTypeError(f"must be a number from 0.1 to 1000000, not {text!r}")
    return rate


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more, not {text!r}")
    return count


if __name__ == "__main__":
    sys.exit(main())
