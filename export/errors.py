"""What the export steps raise, and how a command says it.

ExportError
|- ConfigError        a configuration that cannot be meant
|- DataError          a data set that is missing or does not read as its kind
|- BaseModelError     a base model that cannot be found or has another architecture
|- VerificationError  a made model that does not do what its parent does
`- StorageError       a folder that cannot be written
"""

from __future__ import annotations

import sys
from collections.abc import Callable


class ExportError(Exception):
    """Base of all that an export step raises; its text is one line for a person."""


class ConfigError(ExportError):
    """Say that a configuration cannot be meant."""


class DataError(ExportError):
    """Say that a data set is missing or does not read as its kind."""


class BaseModelError(ExportError):
    """Say that a base model is missing or of another architecture."""


class VerificationError(ExportError):
    """Say that a made model differs too much from the one it was made from."""


class StorageError(ExportError):
    """Say that a folder could not be written."""


def run_command(command: Callable[[], None]) -> int:
    """Run `command`; return 0, or 1 (130 when interrupted) after one line on stderr."""
    try:
        command()
    except ExportError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    except OSError as exc:
        print(f"error: {exc.strerror or exc}: {exc.filename or 'no file'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: what was finished before is untouched", file=sys.stderr)
        return 130
    return 0
