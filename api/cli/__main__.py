"""Use Moodline from a terminal: `moodline COMMAND`, or `python -m api.cli COMMAND`.

The commands call the API at MOODLINE_API_URL, with MOODLINE_API_KEY if it asks for a key. Without
an address they use the API on this machine, and start it for the command if it does not run.

Exit status: 0 done; 1 the API refused or could not be reached, one line on standard error says why;
2 the command line is wrong; 3 the analysis ended without a result; 130 interrupted.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from api.cli import commands, looking_back
from api.cli.terminal import say
from api.client import AnalysisEndedError, MoodlineClient, MoodlineError, ProblemError
from api.domain.mood.mood_pictures import Theme
from api.domain.posts import EMOTIONS, InvalidUserNameError, user_id_of
from api.local import local_servers, server_environment
from api.runtime.processes import LocalServersError, free_port, raise_on_signal
from api.settings import SettingsError, read_settings

Adding = Callable[..., argparse.Action]

_FAULT, _NO_RESULT, _INTERRUPTED = 1, 3, 130
_ADVICE = {
    "ambiguous-dates": "\n  Say which it is: --date-order day-first, or --date-order month-first."
}
"""What to do on the command line about a kind of problem."""
_REFUSALS = (
    commands.CommandError,
    MoodlineError,
    LocalServersError,
    SettingsError,
    InvalidUserNameError,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code, with a message if it fails."""
    options = _parser().parse_args(arguments)
    raise_on_signal(signal.SIGTERM)
    try:
        if options.user is not None:
            user_id_of(options.user)
        if options.file is not None and not options.file.is_file():
            raise commands.CommandError(f"there is no file {options.file}")
        with running_api() as api:
            options.run(api, options)
    except AnalysisEndedError as error:
        return _say(str(error), _NO_RESULT)
    except ProblemError as error:
        return _say(f"{error}{_ADVICE.get(error.kind, '')}", _FAULT)
    except _REFUSALS as error:
        return _say(str(error), _FAULT)
    except KeyboardInterrupt:
        return _say("stopped", _INTERRUPTED)
    return 0


def _say(line: str, status: int) -> int:
    say(f"moodline: {line}", file=sys.stderr)
    return status


@contextmanager
def running_api() -> Iterator[MoodlineClient]:
    """Yield a client of the API that the settings name, or of one started for this command."""
    settings = read_settings(os.environ)
    if settings.moodline_api_url:
        with MoodlineClient(settings.moodline_api_url, settings.moodline_api_key) as api:
            yield api
        return
    environment = server_environment()
    url = f"http://{environment['API_HOST']}:{environment['API_PORT']}"
    with MoodlineClient(url, settings.moodline_api_key) as api:
        if api.ready():
            yield api
            return
    ports = {"API_PORT": str(free_port()), "SERVING_PORT": str(free_port())}
    with (
        local_servers({**environment, **ports}, quiet=True) as servers,
        MoodlineClient(servers.api_url, settings.moodline_api_key) as api,
    ):
        yield api


def _parser() -> argparse.ArgumentParser:
    first, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="moodline",
        description=first,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(file=None, user=None)
    added = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: commands.Command, about: str) -> Adding:
        command = added.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        command.set_defaults(run=run)
        return command.add_argument

    importing = add("import", commands.import_posts, "import a file of posts")
    importing("file", type=Path, help="an export of your posts; `moodline formats` lists the kinds")
    _add_shared(importing)
    importing("--dry-run", action="store_true", help="say what would be imported, store nothing")
    _add_date_order(importing)

    listing = add("formats", commands.formats, "list the kinds of files that can be imported")
    _add_json(listing)

    analyse = add("analyse", commands.analyse, "analyse the mood of your own posts")
    analyse("file", type=Path, nargs="?", help="file of posts to import first")
    _add_shared(analyse)
    _add_date_order(analyse)
    analyse(
        "--as-of",
        default="newest",
        help='the time from which ages count: "newest" post (default), "now", or ISO 8601',
    )
    analyse("--source", default="imported", help='where posts come from (default: "imported")')
    analyse("--max-posts", type=int, metavar="N", help="analyse only the newest N")

    mood = add("mood", commands.mood, "show the newest mood and its evidence")
    _add_shared(mood)
    mood("--png", type=Path, metavar="FILE", help="write the mood to this file as a picture")
    mood("--theme", choices=tuple(Theme), default="light", help="colours of the picture")
    _add_shared(add("recommend", commands.recommend, "show recommendations for today"))

    listing_posts = add("posts", looking_back.posts, "list posts with their emotions, newest first")
    _add_shared(listing_posts)
    _add_days(listing_posts)
    listing_posts("--emotion", choices=EMOTIONS, help="only posts of this emotion")
    listing_posts("--text", help="only posts with this in their text, whatever its case")
    listing_posts("--limit", type=int, default=50, metavar="N", help="at most N (50, up to 200)")

    history = add("history", looking_back.history, "list past analyses and what changed")
    _add_shared(history)
    history("--limit", type=int, default=20, metavar="N", help="at most N (20, up to 100)")

    patterns = add("patterns", looking_back.patterns, "show when posts are light or heavy, on what")
    _add_shared(patterns)
    _add_days(patterns)

    erase = add("erase", commands.erase, "erase everything stored about a user")
    _add_shared(erase)
    erase("--yes", action="store_true", help="do not ask")
    return parser


def _add_shared(add: Adding) -> None:
    add("user", help="whose posts: 1 to 15 letters, digits, underscores")
    _add_json(add)


def _add_days(add: Adding) -> None:
    add("--from", dest="first", metavar="DAY", help="the first day, such as 2024-01-01")
    add("--to", dest="last", metavar="DAY", help="the last day, included")
    add("--timezone", metavar="ZONE", help="whose days these are, such as Europe/Berlin (UTC)")


def _add_date_order(add: Adding) -> None:
    add(
        "--date-order",
        choices=("day-first", "month-first"),
        help="how to read dates such as 05/02/2023 in a file that does not decide it",
    )


def _add_json(add: Adding) -> None:
    add("--json", action="store_true", help="print the API's answer as JSON")


if __name__ == "__main__":
    sys.exit(main())
