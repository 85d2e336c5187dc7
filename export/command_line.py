"""Shared parts of the commands: their parsers, and errors as one line and an exit status."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from export.errors import ExportError
from serving.errors import ServingError


def command_parser(
    name: str, description: str | None, config: Path | None = None
) -> argparse.ArgumentParser:
    """Return the parser of `python -m export.NAME`.

    With a default `config` it has the options --config and --data (a data folder).
    """
    parser = argparse.ArgumentParser(prog=f"python -m export.{name}", description=description)
    if config is not None:
        parser.add_argument("--config", type=Path, default=config)
        parser.add_argument("--data", type=Path)
    return parser


def run_command(
    command: Callable[[argparse.Namespace], None],
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
) -> int:
    """Run `command` with the parsed options and return the exit status.

    0, or after one line on stderr 1 for an error and 130 for an interruption.
    """
    options = parser.parse_args(arguments)
    try:
        command(options)
    except (ExportError, ServingError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    except OSError as exc:
        print(f"error: {exc.strerror or exc}: {exc.filename or 'no file'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: what was finished before is untouched", file=sys.stderr)
        return 130
    return 0
