"""Say in one line, for people, why MongoDB could not do its part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
    WTimeoutError,
)

from api.errors import StoreUnavailableError

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18


def unavailable(exc: Exception, where: str) -> StoreUnavailableError:
    """Return the error that tells what an error of the driver means and what to do about it."""
    return StoreUnavailableError(_what(exc).format(where=where, kind=type(exc).__name__))


def _what(exc: Exception) -> str:
    if isinstance(exc, ConnectionFailure):
        return (
            "the store {where} does not answer ({kind}): see that MongoDB runs there, has a "
            "primary, and that STORE_URL names it"
        )
    if isinstance(exc, WTimeoutError | WriteConcernError):
        return "the store {where} could not confirm a write on most of its members in time"
    if isinstance(exc, ExecutionTimeout):
        return "the store {where} stayed busy with other work: try again"
    if isinstance(exc, ConfigurationError):
        return "STORE_URL cannot be used ({kind}): see the form of MongoDB's connection strings"
    if isinstance(exc, OperationFailure) and exc.code in (_UNAUTHORIZED, _AUTHENTICATION_FAILED):
        return (
            "the store {where} refused the login or lacks a right: see the user in STORE_URL, "
            "which needs readWrite and dbAdmin on the database"
        )
    return "the store {where} failed, see the log: {kind}"


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise StoreUnavailableError in place of an error of the driver that nobody caught within."""
    try:
        yield
    except (PyMongoError, BSONError, OverflowError) as exc:
        raise unavailable(exc, where) from exc
