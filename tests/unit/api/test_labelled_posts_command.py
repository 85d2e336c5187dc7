"""`python -m api.labelled_posts` writes the corrected posts of those who agreed to training."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.domain.posts import Ownership, Post
from api.labelled_posts import main
from api.stores.sqlite import SqliteStore

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with corrected posts of two people, of whom the first agreed to training."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    store = SqliteStore(tmp_path / "moodline.db")
    for user in ("alice", "bob"):
        store.ensure_user(user, user.title(), AT)
        posts = [
            Post("1", f'Never again, said {user[0]}, with "quotes"\nand\u2028 lines 🙃', AT),
            Post("2", "a text of somebody else", AT, Ownership.SHARED),
            Post("3", "left as it was", AT),
        ]
        store.save_posts(user, posts, AT)
        store.correct_post(user, "1", "anger")
        store.correct_post(user, "2", "joy")
        store.set_consent(user, AT, training=user == "alice")
    store.close()
    return tmp_path / "out.jsonl"


def test_a_line_is_written_per_correction_and_names_nobody(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(file)]) == 0

    (line,) = file.read_text("utf-8").split("\n")[:-1]
    text = 'Never again, said a, with "quotes"\nand\u2028 lines 🙃'
    assert json.loads(line) == {"text": text, "label": "anger"}
    written, left_out = capsys.readouterr().out.splitlines()
    assert written.startswith("1 corrected post of users who agreed to training")
    assert left_out.startswith("Left out: 1 corrected post that the user shared or liked")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_consent_on_record_an_empty_file_replaces_an_earlier_one(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(file)]) == 0
    store = SqliteStore(file.parent / "moodline.db")
    store.set_consent("alice", AT)
    store.close()

    assert main([str(file)]) == 0

    assert file.read_text() == ""
    assert capsys.readouterr().out.splitlines()[2:] == [
        f"0 corrected posts of users who agreed to training: {file}"
    ]


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing_behind(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(file.parent.iterdir())
    folder = file.parent / "missing"

    assert main([str(folder / "out.jsonl")]) == 1
    assert main([str(file.parent)]) == 1

    assert "cannot be written" in capsys.readouterr().err
    assert set(file.parent.iterdir()) == before


def test_a_store_that_cannot_be_opened_leaves_the_earlier_file(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("earlier")
    (file.parent / "moodline.db").write_text("no database " * 100)

    assert main([str(file)]) == 1

    assert file.read_text() == "earlier"
    assert "is not a store" in capsys.readouterr().err
