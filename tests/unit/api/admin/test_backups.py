"""`python -m api.admin backup` and `restore`: who was erased stays erased, and nothing is lost."""

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.admin.__main__ import main
from api.domain.api_keys import ApiKey
from api.domain.posts import Post
from api.errors import StoreUnavailableError
from api.stores.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    for name in ("STORE_URL", "ERASURE_LOG", "API_KEY_PEPPER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "moodline.db"


@pytest.fixture
def log(path: Path) -> Path:
    return path.with_name("moodline.db.erasures")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tmp_path / "saved.db"


@contextmanager
def opened(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path, erasure_log=path.with_name("moodline.db.erasures"))
    try:
        yield store
    finally:
        store.close()


def fill(path: Path, *user_ids: str, at: datetime = NOW) -> None:
    with opened(path) as store:
        for user_id in user_ids:
            store.ensure_user(user_id, user_id, at)
            store.save_posts(user_id, [Post("1", f"a secret of {user_id}", at)], at)


def erase(path: Path, user_id: str, at: datetime = LATER) -> None:
    with opened(path) as store:
        store.erase_user(user_id, at)


def users(path: Path) -> set[str]:
    with opened(path) as store:
        return {name for name in ("ana", "ben", "cleo") if store.user(name) is not None}


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_a_person_who_was_erased_after_the_backup_stays_erased(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana", "ben")
    assert main(["backup", str(saved)]) == 0
    erase(path, "ana")

    assert main(["restore", str(saved), "--replace"]) == 0

    assert users(path) == {"ben"}
    assert "1 person was in the backup" in capsys.readouterr().out
    assert b"a secret of ana" not in path.read_bytes()


def test_a_person_stays_erased_even_if_the_store_itself_was_lost(
    path: Path, log: Path, saved: Path
) -> None:
    fill(path, "ana", "ben")
    assert main(["backup", str(saved)]) == 0
    erase(path, "ana")
    path.unlink()

    assert main(["restore", str(saved)]) == 0

    assert users(path) == {"ben"}


def test_a_second_restore_of_an_older_backup_brings_nobody_back_either(
    path: Path, tmp_path: Path
) -> None:
    fill(path, "ana", "ben", "cleo")
    assert main(["backup", str(tmp_path / "first.db")]) == 0
    erase(path, "ana")
    assert main(["backup", str(tmp_path / "second.db")]) == 0
    erase(path, "ben")
    assert main(["restore", str(tmp_path / "second.db"), "--replace"]) == 0

    assert main(["restore", str(tmp_path / "first.db"), "--replace"]) == 0

    assert users(path) == {"cleo"}


def test_a_person_who_came_back_before_the_backup_stays(path: Path, saved: Path) -> None:
    fill(path, "ana")
    erase(path, "ana", NOW + timedelta(minutes=1))
    fill(path, "ana", at=LATER)
    assert main(["backup", str(saved)]) == 0

    assert main(["restore", str(saved), "--replace"]) == 0

    assert users(path) == {"ana"}


def test_a_backup_is_made_while_the_service_writes_and_is_complete(path: Path, saved: Path) -> None:
    fill(path, "ana")
    with opened(path) as store:
        store.ensure_user("ben", "ben", NOW)  # it is in the write-ahead log only

        assert main(["backup", str(saved)]) == 0

    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with closing(sqlite3.connect(saved)) as connection:
        names = connection.execute("SELECT user_id FROM users ORDER BY 1").fetchall()
    assert names == [("ana",), ("ben",)]
    assert [each.name for each in saved.parent.glob("*saved*")] == ["saved.db"]


def test_a_backup_replaces_no_file(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana")
    saved.write_text("mine", encoding="utf-8")

    assert main(["backup", str(saved)]) == 1

    assert "there already" in capsys.readouterr().err
    assert saved.read_text(encoding="utf-8") == "mine"


def test_without_a_store_there_is_nothing_to_back_up(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", str(saved)]) == 1

    assert f"no store {path}" in capsys.readouterr().err
    assert not saved.exists()
    assert not path.exists()


def test_a_store_that_is_in_use_is_not_replaced(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana")
    assert main(["backup", str(saved)]) == 0
    with opened(path) as store:
        assert main(["restore", str(saved), "--replace"]) == 1

        assert "stop the service" in capsys.readouterr().err
        store.ensure_user("ben", "ben", NOW)

    assert users(path) == {"ana", "ben"}


def test_a_store_that_is_there_is_replaced_only_if_told_and_kept_aside(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana")
    assert main(["backup", str(saved)]) == 0
    fill(path, "ben")

    assert main(["restore", str(saved)]) == 1
    assert "--replace" in capsys.readouterr().err
    assert users(path) == {"ana", "ben"}

    assert main(["restore", str(saved), "--replace"]) == 0
    (aside,) = path.parent.glob("moodline.db.before-*")
    assert users(path) == {"ana"}
    assert users(aside) == {"ana", "ben"}
    assert str(aside) in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["text", "empty", "another", "damaged", "newer", "missing"])
def test_a_file_that_is_no_sound_backup_changes_nothing(
    path: Path, saved: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana", "ben")
    if kind == "text":
        saved.write_text("no database " * 500, encoding="utf-8")
    elif kind == "empty":
        saved.touch()
    elif kind == "another":
        with closing(sqlite3.connect(saved)) as connection:
            connection.execute("CREATE TABLE songs (name TEXT)")
    elif kind != "missing":
        assert main(["backup", str(saved)]) == 0
        if kind == "damaged":
            content = bytearray(saved.read_bytes())
            content[4096:40960] = bytes(36864)
            saved.write_bytes(content)
        else:
            with closing(sqlite3.connect(saved)) as connection:
                connection.execute("PRAGMA user_version = 99")
    before = names(path.parent)
    capsys.readouterr()

    assert main(["restore", str(saved), "--replace"]) == 1

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"the backup {saved} could not" in said or f"no backup {saved}" in said
    assert names(path.parent) == before
    assert users(path) == {"ana", "ben"}


def test_a_damaged_store_is_replaced_and_kept_with_its_log(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana", "ben")
    assert main(["backup", str(saved)]) == 0
    erase(path, "ana")
    path.write_bytes(b"no database any more" * 500)
    path.with_name("moodline.db-wal").write_bytes(b"its log")

    assert main(["restore", str(saved), "--replace"]) == 0

    assert "cannot be read" in capsys.readouterr().err
    (aside,) = path.parent.glob("moodline.db.before-*Z")
    assert aside.read_bytes().startswith(b"no database any more")
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"its log"
    assert users(path) == {"ben"}


def test_where_nothing_tells_who_was_erased_it_has_to_be_said(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana")
    assert main(["backup", str(saved)]) == 0
    path.unlink()

    assert main(["restore", str(saved)]) == 1
    assert "--no-erasures" in capsys.readouterr().err
    assert not path.exists()

    assert main(["restore", str(saved), "--no-erasures"]) == 0
    assert users(path) == {"ana"}


def test_a_copy_of_the_erasures_does_where_the_disk_is_lost(
    path: Path, log: Path, saved: Path, tmp_path: Path
) -> None:
    fill(path, "ana", "ben")
    assert main(["backup", str(saved)]) == 0
    erase(path, "ana")
    copy = tmp_path / "copy.erasures"
    assert main(["erasures", "export", str(copy)]) == 0
    path.unlink()
    log.unlink()

    assert main(["restore", str(saved), "--erasures", str(copy)]) == 0

    assert users(path) == {"ben"}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_the_log_tells_no_name(path: Path, log: Path) -> None:
    fill(path, "ana")
    erase(path, "ana")

    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert "ana" not in line
    assert set(json.loads(line)) == {"store", "user_hash", "at"}
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_line_that_a_killed_process_left_unfinished_is_told_and_harms_no_other(
    path: Path, log: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana", "ben")
    assert main(["backup", str(saved)]) == 0
    log.write_text('{"store": "12', encoding="utf-8")
    erase(path, "ana")
    path.unlink()

    assert main(["restore", str(saved)]) == 0

    assert "1 lines" in capsys.readouterr().err
    assert users(path) == {"ben"}


def test_erasures_of_another_store_are_told(
    path: Path, log: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana")
    assert main(["backup", str(saved)]) == 0
    other = {"store": "f" * 16, "user_hash": "0" * 64, "at": LATER.isoformat()}
    log.write_text(json.dumps(other) + "\n", encoding="utf-8")

    assert main(["restore", str(saved), "--replace"]) == 0

    assert "another store" in capsys.readouterr().err
    assert users(path) == {"ana"}


def test_nobody_is_erased_whose_erasure_cannot_be_noted(path: Path, log: Path) -> None:
    fill(path, "ana")
    log.mkdir()

    with pytest.raises(StoreUnavailableError, match="ERASURE_LOG"):
        erase(path, "ana")

    assert users(path) == {"ana"}


def test_erasures_are_listed_and_replayed(
    path: Path, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana", "ben")
    erase(path, "ana")

    assert main(["erasures", "list"]) == 0
    line = capsys.readouterr().out
    assert line.startswith(f"{LATER:%Y-%m-%d %H:%M:%S} UTC  ")
    assert line.count("\n") == 1

    assert main(["erasures", "replay"]) == 0
    assert users(path) == {"ben"}


def test_for_mongodb_it_says_which_commands_to_run(
    monkeypatch: pytest.MonkeyPatch, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORE_URL", "mongodb://u:secret@127.0.0.1:1/moodline")

    assert main(["backup", str(saved)]) == 1
    assert main(["restore", str(saved)]) == 1

    told = capsys.readouterr().err
    assert "mongodump" in told
    assert "mongorestore" in told
    assert "python -m api.admin erasures replay" in told
    assert "secret" not in told


def test_erasures_are_exported_to_standard_output_too(
    path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana")
    erase(path, "ana")

    assert main(["erasures", "export", "-"]) == 0

    assert capsys.readouterr().out == log.read_text(encoding="utf-8")


def test_a_restore_that_is_ended_before_its_last_step_leaves_the_store_as_it_was(
    path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, "ana")
    assert main(["backup", str(saved)]) == 0
    fill(path, "ben")

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", ended)
        assert main(["restore", str(saved), "--replace"]) == 130

    assert users(path) == {"ana", "ben"}
    assert [each for each in names(path.parent) if ".new" in each] == []
    assert main(["restore", str(saved), "--replace"]) == 0
    assert users(path) == {"ana"}


def test_a_disk_without_links_gets_a_backup_too(
    path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, "ana")

    def without(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", without)

    assert main(["backup", str(saved)]) == 0
    assert main(["backup", str(saved)]) == 1
    assert users(saved) == {"ana"}


def test_a_backup_is_the_way_back_from_a_store_that_a_newer_version_has_migrated(
    path: Path, log: Path, saved: Path
) -> None:
    fill(path, "ana", "ben")
    assert main(["backup", str(saved)]) == 0
    erase(path, "ana")
    log.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    assert main(["restore", str(saved), "--replace"]) == 0

    assert users(path) == {"ben"}


def keys(path: Path) -> set[str]:
    with opened(path) as store:
        return {key.prefix for key in store.all_keys()}


def add_keys(path: Path, *prefixes: str) -> None:
    with opened(path) as store:
        for prefix in prefixes:
            store.add_key(ApiKey(prefix, prefix, b"", frozenset(), frozenset(), NOW))


def test_a_key_that_was_revoked_after_the_backup_stays_revoked(path: Path, saved: Path) -> None:
    add_keys(path, "kept", "revoked")
    assert main(["backup", str(saved)]) == 0
    with opened(path) as store:
        store.remove_key("revoked")

    assert main(["restore", str(saved), "--replace"]) == 0

    assert keys(path) == {"kept"}


def test_a_new_store_that_stood_in_for_a_lost_one_tells_nothing_about_it(
    path: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_keys(path, "kept")
    assert main(["backup", str(saved)]) == 0
    path.unlink()
    fill(path, "ben")

    assert main(["restore", str(saved), "--replace"]) == 1
    assert "another store" in capsys.readouterr().err
    assert users(path) == {"ben"}

    assert main(["restore", str(saved), "--replace", "--no-erasures"]) == 0

    assert keys(path) == {"kept"}


def test_the_database_of_another_program_is_not_replaced(path: Path, saved: Path) -> None:
    fill(path, "ana")
    assert main(["backup", str(saved)]) == 0
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")

    assert main(["restore", str(saved), "--replace", "--no-erasures"]) == 1

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM songs").fetchone() == (0,)


@pytest.mark.parametrize("name", ["", "-"])
def test_a_backup_needs_the_name_of_a_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fill(path, "ana")
    monkeypatch.chdir(path.parent)
    before = names(path.parent)

    with pytest.raises(SystemExit):
        main(["backup", name])

    assert "must name a file" in capsys.readouterr().err
    assert names(path.parent) == before


def test_an_empty_file_of_erasures_is_seen_to_be_empty(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, "ana")
    empty = tmp_path / "empty.jsonl"
    empty.touch()

    assert main(["erasures", "replay", str(empty)]) == 0

    assert (
        "0 people were in the backup and had been erased since: erased again. Erasures known: 0."
        in capsys.readouterr().out
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only an administrator can give a file to another")
@pytest.mark.parametrize("lost", [False, True])
def test_a_store_that_an_administrator_restores_belongs_to_the_service(
    path: Path, saved: Path, lost: bool
) -> None:
    fill(path, "ana")
    assert main(["backup", str(saved)]) == 0
    os.chown(path.parent, 10001, 10001)
    os.chown(path, 10001, 10001)
    if lost:
        path.unlink()

    assert main(["restore", str(saved), "--replace", "--no-erasures"]) == 0

    assert (path.stat().st_uid, path.stat().st_gid) == (10001, 10001)
