"""Score the texts of a file: `python -m serving.bulk IN OUT`. See docs/bulk.md.

Exit statuses: 0 OUT is whole (rows that could not be scored are marked in it), 2 the command, a
setting or a file cannot be used, 3 the model cannot be, 4 IN, the model or an option is not what an
unfinished run began with, 5 a file cannot be read or written on, 130 stopped. After 5, 130 or a
kill, the same command goes on where it was stopped.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from serving.bootstrap import open_classifier
from serving.bulk.errors import BulkError, UnusableError
from serving.bulk.formats import ENDINGS, Wishes
from serving.bulk.progress import say
from serving.bulk.run import run
from serving.bulk.scoring import LocalScoring, Scoring
from serving.errors import ModelError, ServingError
from serving.settings import Settings

STOPPED = 130
LOCAL = "local"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    wishes = Wishes(
        options.text_column,
        tuple(options.keep),
        options.prefix,
        options.encoding,
        options.delimiter,
    )
    try:
        settings = Settings.from_environment(os.environ)
        with _scoring(settings, options.ray) as scoring:
            done = run(options.source, options.target, wishes, scoring, overwrite=options.overwrite)
    except ServingError as error:
        for line in str(error).splitlines():
            say(f"bulk: {line}\n", sys.stderr)
        return error.status if isinstance(error, BulkError) else _status(error)
    except KeyboardInterrupt:
        say("bulk: stopped; the same command goes on from here\n", sys.stderr)
        return STOPPED
    say(
        f"bulk: {done.rows:,} rows are in {options.target}, {done.marked:,} of them marked in the"
        f" column {wishes.prefix}error; {done.rows_per_second:,.0f} rows/s\n",
        sys.stderr,
    )
    return 0


@contextmanager
def _scoring(settings: Settings, ray: str | None) -> Iterator[Scoring]:
    if ray is None:
        with open_classifier(settings) as classifier:
            classifier.warm()
            yield LocalScoring(classifier)
        return
    try:
        from serving.bulk.ray_scoring import RayScoring
    except ModuleNotFoundError as error:
        raise UnusableError(
            f"--ray needs the package {error.name}: pip install 'moodline[serving,bulk]'"
        ) from error
    with RayScoring(settings, None if ray == LOCAL else ray) as scoring:
        yield scoring


def _status(error: ServingError) -> int:
    return 3 if isinstance(error, ModelError) else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.bulk",
        description="Score every text of IN into OUT: one row out per row in, in the same order."
        " After a stop or a kill, the same command goes on.",
        epilog=f"Formats are told by the ending: {', '.join(ENDINGS)}. SERVING_MODEL_DIR,"
        " SERVING_THREADS and the like hold as for the inference server.",
    )
    parser.add_argument("source", type=Path, metavar="IN", help="file with one text per row")
    parser.add_argument("target", type=Path, metavar="OUT", help="file to write")
    parser.add_argument("--text-column", metavar="NAME", help="column of the texts (text)")
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="NAME",
        help="column of IN to repeat in OUT, for example an id; may be given several times (all)",
    )
    parser.add_argument(
        "--prefix", default="", help="what the names of the added columns begin with (nothing)"
    )
    parser.add_argument("--encoding", default="utf-8", help="of a text file IN (utf-8)")
    parser.add_argument(
        "--delimiter", type=_delimiter, help="of CSV: one character, or tab (a comma)"
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="begin anew: replace OUT, and drop what an unfinished run has done",
    )
    parser.add_argument(
        "--ray",
        nargs="?",
        const=LOCAL,
        type=_address,
        metavar="ADDRESS",
        help="score on a Ray cluster: host:port, or auto; without an address on one started here."
        " Comes after IN and OUT",
    )
    return parser


def _delimiter(text: str) -> str:
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1 or text in '"\r\n':
        raise argparse.ArgumentTypeError("must be one character, for example ';', or tab")
    return text


def _address(text: str) -> str:
    if text not in (LOCAL, "auto") and not (":" in text and text.rpartition(":")[2].isdigit()):
        raise argparse.ArgumentTypeError(
            f"must be host:port or auto, and {text!r} is neither; IN and OUT come before --ray"
        )
    return text


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    raise SystemExit(main())
