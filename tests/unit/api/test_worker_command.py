"""`python -m api.worker --ping`, as an operator calls it."""

import pytest

from api.worker import main


def test_a_ping_needs_the_name_of_the_worker(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--ping"])

    assert "--ping needs --name" in capsys.readouterr().err


def test_a_ping_that_nobody_answers_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUEUE_URL", "redis://:secret-word@127.0.0.1:1/0")
    monkeypatch.setattr("api.worker.answers", lambda *_: False)  # Celery takes seconds to give up

    assert main(["--name", "ana", "--ping"]) == 1

    said = capsys.readouterr().err
    assert "no worker ana@" in said
    assert "secret-word" not in said
