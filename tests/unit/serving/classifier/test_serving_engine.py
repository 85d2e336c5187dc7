"""The session that runs a text on the CPU."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.classifier import engine
from serving.classifier.artifact import Tokens
from serving.classifier.engine import OnnxEngine

LONGEST_WAIT = 30


class Watched:
    """A session that counts its runs, and pauses them while `may_run` is not set."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.runs = 0
        self.began = threading.Event()
        self.may_run = threading.Event()
        self.may_run.set()

    def run(self, *arguments: Any) -> Any:
        self.runs += 1
        self.began.set()
        assert self.may_run.wait(LONGEST_WAIT)
        return self._inner.run(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> dict[int, Watched]:
    opened: dict[int, Watched] = {}
    open_session, open_on = engine.open_session, engine.open_on

    def watch_first(path: Path, preferred: Any, threads: int, tuning: Any) -> tuple[Any, str]:
        session, name = open_session(path, preferred, threads, tuning)
        opened[threads] = Watched(session)
        return opened[threads], name

    def watch_other(name: str, path: Path, threads: int, tuning: Any) -> Any:
        opened[threads] = Watched(open_on(name, path, threads, tuning))
        return opened[threads]

    monkeypatch.setattr(engine, "open_session", watch_first)
    monkeypatch.setattr(engine, "open_on", watch_other)
    return opened


def tokens(texts: int) -> tuple[Tokens, Tokens]:
    return np.full((texts, 5), 7, np.int64), np.ones((texts, 5), np.int64)


def test_a_single_text_is_run_by_several_threads_and_a_batch_by_one(
    model: Path, sessions: dict[int, Watched]
) -> None:
    made = OnnxEngine(model, runners=2, single_text_threads=2)

    alone, together = made.run(*tokens(1)), made.run(*tokens(2))

    assert (sessions[2].runs, sessions[1].runs) == (1, 1)
    np.testing.assert_allclose(together, np.repeat(alone, 2, axis=0), atol=1e-6)


def test_a_text_that_comes_while_another_runs_does_not_take_its_cores(
    model: Path, sessions: dict[int, Watched]
) -> None:
    made = OnnxEngine(model, runners=2, single_text_threads=2)
    sessions[2].may_run.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(made.run, *tokens(1))
        assert sessions[2].began.wait(LONGEST_WAIT)
        made.run(*tokens(1))
        sessions[2].may_run.set()
        first.result(LONGEST_WAIT)

    assert (sessions[2].runs, sessions[1].runs) == (1, 1)


def test_a_run_that_fails_is_over(model: Path, sessions: dict[int, Watched]) -> None:
    made = OnnxEngine(model, runners=2, single_text_threads=2)
    with pytest.raises(Exception, match="input"):
        made.run(np.full((1, 5, 1), 7, np.int64), np.ones((1, 5), np.int64))

    made.run(*tokens(1))

    assert sessions[2].runs == 2


def test_one_thread_needs_one_session(model: Path, sessions: dict[int, Watched]) -> None:
    OnnxEngine(model, runners=2, single_text_threads=1).run(*tokens(1))

    assert set(sessions) == {1}
