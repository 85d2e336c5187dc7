"""Why a bulk run ends before its output is whole: one class per exit status.

BulkError
+-- UnusableError     IN, OUT or an option cannot be used, so nothing was begun
+-- ChangedError      IN, the model or an option is not what it was when the run began
+-- StorageError      IN cannot be read on, or OUT cannot be written on

Messages are for people: what was wrong, where, what to do. None of them quotes a text.
"""

from typing import ClassVar

from serving.errors import ServingError


class BulkError(ServingError):
    """Root of what ends a bulk run; `status` is the exit status."""

    status: ClassVar[int]


class UnusableError(BulkError):
    """The command as it was given cannot be run."""

    status = 2


class ChangedError(BulkError):
    """What was begun cannot be continued, because its output would be of two kinds."""

    status = 4


class StorageError(BulkError):
    """A file cannot be read or written any further; what is done is kept."""

    status = 5
