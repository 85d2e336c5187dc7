"""Backup and restore of the store, and the erasures that a restored backup has to repeat."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from api.bootstrap.adapters import open_store
from api.errors import ConflictError, StoreUnavailableError
from api.ports.store import Erasure, ReplayedErasures
from api.settings import Settings
from api.stores.erasure_log import erasure_line, read_erasures, write_erasures
from api.stores.sqlite import SqliteStore
from api.stores.sqlite.backups import (
    back_up,
    copied_store,
    is_backup_of,
    only_user,
    put_in_place,
    remove_store,
    revoke_again,
)

_STANDARD_OUTPUT = Path("-")
_NOTHING_TELLS = (
    "nothing tells who was erased since the backup, and they would be there again: name a copy of"
    " the erasures with --erasures FILE, or say --no-erasures if there is none"
)
_MONGO_BACKUP = """\
MongoDB is backed up by its own tools; nothing was done. As a user with the role `backup`:

  mongodump --uri "ADDRESS WITHOUT A DATABASE" --oplog --gzip --archive=FILE

--oplog makes it the state of one moment. docs/operating.md has the command for docker-compose.yml.
Then copy the erasures, and do so again every few minutes:

  python -m api.admin erasures export FILE"""
_MONGO_RESTORE = """\
MongoDB is restored by its own tools; nothing was done. First stop the API and the workers, and note
who was erased since the backup, if the database can still be read:

  python -m api.admin erasures export NOW

Then, as a user with the role `restore`:

  mongorestore --uri "ADDRESS WITHOUT A DATABASE" --oplogReplay --drop --gzip --archive=FILE
  python -m api.admin erasures replay NOW

Start the API and the workers only after that: until then people who were erased are there again."""


def backup(settings: Settings, options: Namespace) -> None:
    """Back up the store while the service runs. Raises StoreUnavailableError, ConflictError."""
    if settings.store_is_mongo:
        raise ConflictError(_MONGO_BACKUP)
    size = back_up(settings.store_path, options.file)
    print(f"{options.file} is a backup of {settings.store_path} ({size:,} bytes).")
    print(f"Copy it to another disk, and {settings.erasure_log_path} as often as you can.")


def restore(settings: Settings, options: Namespace) -> None:
    """Put a backup in the place of the store, without the people who were erased since.

    The backup is copied, checked, migrated and rid of those people before it becomes the store.
    The present store is kept aside. Raises StoreUnavailableError, ConflictError.
    """
    if settings.store_is_mongo:
        raise ConflictError(_MONGO_RESTORE)
    store = settings.store_path
    if not store.parent.is_dir():
        raise StoreUnavailableError(f"there is no folder {store.parent} for the store: make it")
    if store.exists() and not options.replace:
        raise ConflictError(
            f"{store} is there already: say --replace to put the backup in its place; it is kept"
            " beside it, under another name"
        )
    if not options.file.is_file():
        raise StoreUnavailableError(f"there is no backup {options.file}")
    with only_user(store) as old:
        copied = _copied_backup(options.file, store)
        try:
            source = old if old is not None and is_backup_of(copied, old) else None
            if old is not None and source is None:
                _note(
                    f"{store} cannot be read, or is another store than that of the backup, so that"
                    " it does not tell who was erased."
                )
            files = _erasure_files(settings, options.erasures)
            if source is None and not files and not options.no_erasures:
                raise ConflictError(_NOTHING_TELLS)
            of_source = () if source is None else source.erasures
            known = [*of_source, *_read(files)]
            replayed = _replayed(copied, known)
            revoked = 0 if source is None else revoke_again(copied, source)
            now = datetime.now(UTC)
            aside = store.with_name(f"{store.name}.before-{now:%Y%m%dT%H%M%S.%fZ}")
            kept = put_in_place(copied, store, aside)
        finally:
            remove_store(copied)
    print(f"{store} is the store of the backup {options.file}.")
    _tell(replayed, len(_merged(known)))
    if revoked:
        print(f"API keys that had been revoked since: {revoked}, revoked again.")
    if kept:
        print(f"The store from before is {aside}: delete it when all is well.")
    print(
        "Consents and the other API keys are those of the backup: see `python -m api.keys list` and"
        " docs/operating.md."
    )


def erasures(settings: Settings, options: Namespace) -> None:
    """List, export or replay erasures. Raises StoreUnavailableError."""
    store = open_store(settings)
    try:
        if options.action == "replay":
            files = _erasure_files(settings, options.files)
            if not files:
                raise ConflictError("there is no file of erasures: name at least one")
            known = _read(files)
            _tell(store.replay_erasures(known), len(_merged(known)))
            return
        known = _merged([*store.erasures(), *_read(_erasure_files(settings, ()))])
    finally:
        store.close()
    if options.action == "export":
        if options.file == _STANDARD_OUTPUT:
            sys.stdout.writelines(map(erasure_line, known))
        else:
            write_erasures(options.file, known)
            print(f"{options.file} has {len(known)} erasures.")
        return
    for each in known:
        print(f"{each.at:%Y-%m-%d %H:%M:%S} UTC  {each.user_hash}")


def _copied_backup(file: Path, store: Path) -> Path:
    """Copy and check a backup; it, and not the store, is what a message is about."""
    try:
        return copied_store(file, store)
    except StoreUnavailableError as exc:
        raise StoreUnavailableError(
            f"nothing was changed, as the backup {file} could not be copied: {exc}"
        ) from exc


def _replayed(copied: Path, erasures: Sequence[Erasure]) -> ReplayedErasures:
    """Open a copy, which migrates it, and erase."""
    store = SqliteStore(copied)
    try:
        return store.replay_erasures(erasures)
    finally:
        store.close()


def _erasure_files(settings: Settings, named: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and the log of the settings if it is there."""
    log = settings.erasure_log_path
    return [*named, *([log] if log is not None and log.exists() and log not in named else [])]


def _read(files: Sequence[Path]) -> list[Erasure]:
    found: list[Erasure] = []
    for file in files:
        read = read_erasures(file)
        found += read.erasures
        if read.unreadable:
            _note(
                f"{read.unreadable} lines of {file} are no erasures and were left out; the last"
                " line is cut where a process was killed before it erased."
            )
    return found


def _merged(erasures: Sequence[Erasure]) -> list[Erasure]:
    """Return the newest erasure of each person, oldest first."""
    newest: dict[tuple[str, str], Erasure] = {}
    for each in sorted(erasures, key=attrgetter("at")):
        newest[each.store, each.user_hash] = each
    return sorted(newest.values(), key=attrgetter("at"))


def _tell(replayed: ReplayedErasures, known: int) -> None:
    """Say who was erased again, of how many: an empty file of erasures has to be seen as one."""
    who = "1 person was" if replayed.users == 1 else f"{replayed.users:,} people were"
    print(
        f"{who} in the backup and had been erased since: erased again. Erasures known: {known:,}."
    )
    if replayed.of_another_store:
        _note(
            f"{replayed.of_another_store} erasures are of another store and were left out: see that"
            " the backup and the erasures belong together."
        )


def _note(line: str) -> None:
    print(f"moodline: {line}", file=sys.stderr)
