"""`python -m api.retention` shows what is past its retention, and deletes it by a person's word."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.domain.posts import Post
from api.retention import main
from api.stores.sqlite import SqliteStore


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with two posts past their retention, and one that is not."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    path, now = tmp_path / "moodline.db", datetime.now(UTC)
    store = SqliteStore(path)
    store.ensure_user("alice", "Alice", now)
    for number, days in enumerate((40, 31, 1)):
        at = now - timedelta(days=days)
        store.save_posts("alice", [Post(str(number), f"text {number}", at)], at)
    store.close()
    return path


def left(path: Path) -> int:
    store = SqliteStore(path)
    posts = store.count_posts("alice")
    store.close()
    return posts


def test_show_counts_and_deletes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 0

    assert "2 of 3 posts and 0 of 0 analyses are past" in capsys.readouterr().out
    assert left(file) == 3


def test_delete_deletes_however_much_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["delete"]) == 0

    assert "2 of them are deleted" in capsys.readouterr().out
    assert left(file) == 1


def test_a_store_that_cannot_be_opened_is_named(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("no database " * 100)

    assert main(["show"]) == 1

    assert "is not a store" in capsys.readouterr().err
