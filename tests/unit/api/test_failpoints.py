"""Failpoints do what the environment says at the named step, and nothing where it says nothing."""

import os
import signal
import subprocess
import sys

import pytest

from api.failpoints import VARIABLE, FailpointError, failpoint
from tests.support.serving.started import ROOT

COMING_TWICE = "from api.failpoints import failpoint as at; at('x'); at('y'); at('x'); print('on')"


def coming_twice(planned: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", COMING_TWICE]
    environment = {**os.environ, VARIABLE: planned}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_step_that_is_not_named_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    failpoint("after-fetch")


def test_a_step_that_is_to_raise_does_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "raising-once=raise")

    with pytest.raises(FailpointError, match="raising-once"):
        failpoint("raising-once")
    failpoint("raising-once")


def test_a_process_is_killed_the_second_time_it_comes_to_the_step() -> None:
    killed = coming_twice("x=kill@2,z=kill")
    passed = coming_twice("x=kill@3")

    assert killed.returncode == -signal.SIGKILL
    assert passed.stdout == "on\n"


@pytest.mark.parametrize("text", ["x", "x=explode", "x=kill@soon"])
def test_a_list_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)

    with pytest.raises(ValueError, match="NAME=ACTION"):
        failpoint("x")
