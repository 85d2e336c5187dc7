import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.peers.contract import Server, Setup
from benchmarks.peers.processes import cpu_seconds, end, family, launch, memory, reason_in

pytestmark = pytest.mark.integration

CHILD = "import time; time.sleep(60)"
PARENT = (
    "import subprocess, sys, time;"
    f"child = subprocess.Popen([sys.executable, '-c', {CHILD!r}], start_new_session=True);"
    "print(child.pid, flush=True);"
)
STAYS = PARENT + "time.sleep(60)"


def start(folder: Path, program: str) -> tuple[Server, psutil.Process]:
    setup = Setup(Path(sys.executable), 1, folder, folder)
    server = launch(setup, [sys.executable, "-c", program])
    deadline = time.monotonic() + 30
    while not setup.log.read_text().strip():
        assert time.monotonic() < deadline, "the child did not start"
    return server, psutil.Process(int(setup.log.read_text()))


def test_a_family_is_measured_with_its_children(tmp_path: Path) -> None:
    server, child = start(tmp_path, STAYS)
    assert server.process is not None

    try:
        members = family(server.process.pid)
        used = memory(server.process.pid)

        assert child in members
        assert used.rss_mib >= used.pss_mib > 0
        assert cpu_seconds(server.process.pid) > 0
    finally:
        end(server)


@pytest.mark.parametrize("program", [STAYS, PARENT], ids=["server runs", "server has ended"])
def test_ending_a_server_ends_children_in_other_sessions_too(tmp_path: Path, program: str) -> None:
    server, child = start(tmp_path, program)
    assert server.process is not None
    if program == PARENT:
        server.process.wait(30)

    end(server)

    assert server.process.returncode is not None
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_process_that_is_gone_has_used_nothing() -> None:
    assert family(2**22 + 1) == []
    assert cpu_seconds(2**22 + 1) == 0.0


def test_the_reason_in_a_log_is_its_first_exception_or_how_it_ends(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("starting\nTraceback\n  in x\nValueError: no model\nOSError: shutdown\n\n")

    assert reason_in(log) == "ValueError: no model"
    log.write_text("one\ntwo\n\nthree\n")

    assert reason_in(log) == "two | three"
    assert reason_in(tmp_path / "none.log") == "its log is empty"
