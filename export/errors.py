"""Errors of the export steps.

ExportError
|- ConfigError        a configuration is missing or invalid
|- DataError          a data set is missing or malformed
|- BaseModelError     a base model is missing or of another architecture
|- VerificationError  a converted model differs too much from its original
`- StorageError       a file or folder cannot be written
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ExportError(Exception):
    """Base of all errors of the export steps; its text is one line for a person."""


class ConfigError(ExportError):
    """A configuration is missing or invalid."""


class DataError(ExportError):
    """A data set is missing or malformed."""


class BaseModelError(ExportError):
    """A base model is missing or of another architecture."""


class VerificationError(ExportError):
    """A converted model differs too much from the one it was made from."""


class StorageError(ExportError):
    """A file or folder cannot be written."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise an OSError of the block as a StorageError that names `path`."""
    try:
        yield
    except OSError as exc:
        raise StorageError(f"{path}: cannot be written ({exc.strerror})") from exc
