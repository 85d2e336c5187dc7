"""Backup of the store's file while it is in use, and putting a backup in its place."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from api.errors import StoreUnavailableError
from api.ports.store import Erasure
from api.stores.sqlite.connections import primary_code, translated
from api.stores.sqlite.schema import APPLICATION_ID, check_owner
from api.stores.sqlite.users import erasures_in, salt_in

_OF_A_STORE = ("", "-wal", "-shm", "-journal")
# Damaged, or without the tables of a store.
_UNREADABLE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


@dataclass(frozen=True, slots=True)
class OldStore:
    """What is taken from a store that nobody else uses, before a backup takes its place.

    The erasures that it tells of; the prefixes of its API keys; and its salt, which a store has in
    common with its backups only. All are empty if it cannot be read.
    """

    erasures: Sequence[Erasure] = ()
    keys: frozenset[str] = frozenset()
    salt: bytes = b""


def back_up(store: Path, to: Path) -> int:
    """Copy the store, which may be in use, into a new file; return the size of that.

    The file is the store as it was at one moment, complete, checked, and readable by its owner
    only. No call of the service waits for it. Raises StoreUnavailableError.
    """
    if not store.exists():
        raise StoreUnavailableError(f"there is no store {store}: STORE_URL or DATA_DIR names it")
    if to.exists():
        raise StoreUnavailableError(f"{to} is there already: name another file")
    copied = copied_store(store, to)
    try:
        with _files_work(to):
            _name(copied, to)
            _sync(to.parent)
    finally:
        copied.unlink(missing_ok=True)
    return to.stat().st_size


def copied_store(store: Path, near: Path) -> Path:
    """Copy a store into a new file beside the path `near`, check the copy and return its path.

    Raises StoreUnavailableError if it is no store, is damaged, or cannot be copied.
    """
    with _files_work(near):
        descriptor, name = tempfile.mkstemp(dir=near.parent, prefix=f".{near.name}.", suffix=".new")
        os.close(descriptor)  # it has mode 0600
    copied = Path(name)
    try:
        with (
            translated(str(store)),
            _room_for(near),
            closing(_opened(store)) as source,
            closing(sqlite3.connect(copied, isolation_level=None)) as target,
        ):
            _check_is_store(source, store)
            # In one step: a backup in several begins anew whenever somebody writes.
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log
            _check_sound(target, store)
        with _files_work(near):
            _sync(copied)
    except BaseException:
        remove_store(copied)
        raise
    return copied


def remove_store(path: Path) -> None:
    """Delete the files of a store, as far as they are there."""
    for suffix in _OF_A_STORE:
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


@contextmanager
def only_user(store: Path) -> Iterator[OldStore | None]:
    """Keep all others from using the store; None stands for a store that is not there.

    Raises StoreUnavailableError if another process has it open, or it is of another program.
    """
    if not store.exists():
        yield None
        return
    with closing(_opened(store)) as connection:
        try:
            # Not the version: a backup is the way back from one that a newer version has migrated.
            _check_program(connection, store)
            connection.execute("PRAGMA busy_timeout = 0")
            # It moves the log into the file, and fails while another connection is open.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            old = OldStore(erasures_in(connection), _keys_in(connection), salt_in(connection))
        except sqlite3.Error as exc:
            code = primary_code(exc)
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreUnavailableError(
                    f"the store {store} is in use: stop the service and its workers first"
                ) from exc
            if code not in _UNREADABLE:
                with translated(str(store)):
                    raise
            old = OldStore()
        yield old


def is_backup_of(backup: Path, old: OldStore) -> bool:
    """Return whether a backup is one of that store. Raises StoreUnavailableError."""
    with translated(str(backup)), closing(_opened(backup)) as connection:
        return salt_in(connection) == old.salt


def revoke_again(backup: Path, old: OldStore) -> int:
    """Delete the API keys of a backup that its store no longer had; return how many."""
    with translated(str(backup)), closing(_opened(backup)) as connection:
        revoked = [(prefix,) for prefix in _keys_in(connection) - old.keys]
        connection.executemany("DELETE FROM api_keys WHERE prefix = ?", revoked)
    return len(revoked)


def put_in_place(new: Path, store: Path, aside: Path) -> bool:
    """Make a file the store, and return whether there was one, which is kept at the path `aside`.

    The new one gets the owner of that, or of the folder. The caller is the only user of both.
    Raises StoreUnavailableError.
    """
    with _files_work(store):
        there = store.exists()
        # An administrator restores what a service with fewer rights has to open.
        owner = (store if there else store.parent).stat()
        if os.geteuid() == 0:
            os.chown(new, owner.st_uid, owner.st_gid)
        if there:
            # At no moment is there no store: a service that starts then would make an empty one.
            os.link(store, aside)
        for suffix in _OF_A_STORE[1:]:  # a damaged store may have its log still
            with suppress(FileNotFoundError):
                store.with_name(store.name + suffix).rename(aside.with_name(aside.name + suffix))
        new.replace(store)
        _sync(store.parent)
    return there


def _opened(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with translated(str(path)):
        return sqlite3.connect(uri, uri=True, isolation_level=None)


def _check_is_store(connection: sqlite3.Connection, path: Path) -> None:
    _check_program(connection, path)
    check_owner(connection, str(path))  # and so that this version knows its schema


def _check_program(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise StoreUnavailableError(f"{path} is not a store: it is empty or of another program")


def _keys_in(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(prefix for (prefix,) in connection.execute("SELECT prefix FROM api_keys"))


def _check_sound(connection: sqlite3.Connection, path: Path) -> None:
    (fault,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if fault != "ok" or connection.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreUnavailableError(f"the store {path} is damaged: use a backup of it")


def _name(copied: Path, to: Path) -> None:
    """Give a file its name. Raises FileExistsError for a name that is there."""
    try:
        # Unlike a rename, a link replaces no file that was made meanwhile.
        os.link(copied, to)
    except FileExistsError:
        raise
    except OSError:  # a disk without links, such as a memory stick
        if to.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        copied.rename(to)


@contextmanager
def _room_for(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        if primary_code(exc) != sqlite3.SQLITE_FULL:
            raise
        raise StoreUnavailableError(f"the disk of {path} is full: free some space") from exc


@contextmanager
def _files_work(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StoreUnavailableError(f"{path} cannot be written: {exc.strerror}") from exc


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
