"""`python -m api.admin` queue, reseal and reanalyse on a store, as an operator calls them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from api.adapters.fernet_sealer import FernetSealer
from api.admin.__main__ import main
from api.domain.analyses import Analysis, AnalysisRequest, Problem, Progress
from api.stores.sqlite import SqliteStore

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("INFERENCE_URL", "http://127.0.0.1:1")
    for name in ("STORE_URL", "SIGN_IN_KEY", "QUEUE_URL"):
        monkeypatch.delenv(name, raising=False)
    opened = SqliteStore(tmp_path / "moodline.db")
    yield opened
    opened.close()


def queue_analysis(store: SqliteStore, user_id: str, at: datetime) -> None:
    store.ensure_user(user_id, user_id, at)
    analysis = Analysis(f"of-{user_id}", AnalysisRequest(user_id), at)
    store.create_analysis(analysis, idempotency_key=None)


def test_the_queue_is_shown_with_workers_and_failures_but_without_names(
    store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    for user_id, hours in (("ana", 5), ("ben", 4), ("cleo", 3)):
        queue_analysis(store, user_id, now - timedelta(hours=hours))
    for owner, until in (("machine-1", now - timedelta(hours=1)), ("machine-2", now)):
        claimed = store.claim(None, owner=owner, now=now, until=until)
        assert claimed is not None
    problem = Problem("inference-rejected", "Inference rejected", "It knows no such model.")
    store.fail(claimed[1], at=now, progress=Progress(), problem=problem)

    assert main(["queue"]) == 0

    shown = capsys.readouterr().out
    assert "waiting   1, the oldest for 3:00:0" in shown
    assert "running   1\n  of-ana  since 0:00:0" in shown
    assert "by worker machine-1, LEASE EXPIRED" in shown
    assert "failed    1 in the last 24 hours\n  1 x inference-rejected\n" in shown
    assert "of-ben  Inference rejected: It knows no such model." in shown


def test_an_empty_queue_is_shown_too(
    store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["queue"]) == 0

    assert capsys.readouterr().out.startswith("waiting   0\n")


def test_tokens_are_sealed_anew_so_that_the_old_key_can_go(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    other = Fernet.generate_key().decode()
    for user_id, key in (("ana", OLD), ("ben", NEW), ("cleo", other)):
        store.ensure_user(user_id, user_id, now)
        store.set_sign_in(user_id, "x", FernetSealer([key]).seal(f"token of {user_id}"))
    monkeypatch.setenv("SIGN_IN_KEY", f"{NEW},{OLD}")

    assert main(["reseal"]) == 1  # so that no script goes on and removes a key

    shown = capsys.readouterr()
    assert shown.out.startswith("2 sign-ins are sealed")
    assert "1 sign-ins were sealed with a key that is not in SIGN_IN_KEY" in shown.err
    store.set_sign_in("cleo", "x", None)
    assert main(["reseal"]) == 0
    sealed = store.sign_in("ana", "x")
    assert sealed is not None
    assert FernetSealer([NEW]).unseal(sealed) == "token of ana"


def test_without_a_key_nothing_is_sealed_anew(
    store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reseal"]) == 1

    assert "SIGN_IN_KEY is not set" in capsys.readouterr().err


def test_without_an_inference_server_nothing_is_analysed_again_and_it_says_why(
    store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    queue_analysis(store, "ana", datetime.now(UTC))
    claimed = store.claim(None, owner="w", now=datetime.now(UTC), until=datetime.now(UTC))
    assert claimed is not None
    store.finish(
        claimed[1],
        at=datetime.now(UTC),
        progress=Progress(),
        mood=None,
        result={"model": "old@1"},
        hashtags=[],
    )

    assert main(["reanalyse"]) == 1

    said = capsys.readouterr()
    assert "inference server" in said.err
    assert said.out.startswith("0 users")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--per-minute", "0"], "a number from 0.1"),
        (["--per-minute", "1/s"], "a number from 0.1 to 1000000, not '1/s'"),
        (["--per-minute", "nan"], "a number from 0.1"),
        (["--most-waiting", "none"], "a whole number, 1 or more, not 'none'"),
        (["--most-waiting", "0"], "a whole number, 1 or more"),
    ],
)
def test_a_rate_that_is_none_is_refused_in_words(
    wrong: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["reanalyse", *wrong])

    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["queue"],
        ["reseal"],
        ["reanalyse"],
        ["backup", "new.backup"],
        ["erasures", "list"],
        ["erasures", "export", "-"],
        ["erasures", "replay"],
    ],
)
def test_a_store_that_is_not_there_is_named_and_not_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.delenv("STORE_URL", raising=False)

    assert main(command) == 1

    assert f"no store {tmp_path}/elsewhere/moodline.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_seen_enough_is_no_failure(store: SqliteStore, tmp_path: Path) -> None:
    queue_analysis(store, "ana", datetime.now(UTC))
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [sys.executable, "-m", "api.admin", "queue"],
        env={**os.environ, "DATA_DIR": str(tmp_path)},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(write)

    assert (done.returncode, done.stderr) == (0, "")
