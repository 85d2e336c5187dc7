"""The server as a process: how it starts, how it refuses to, and how it ends."""

import json
import os
import signal
import socket
import tempfile
from pathlib import Path

import httpx
import psutil
import pytest

from serving.__main__ import worker_environment
from serving.errors import SettingsError
from serving.settings import Settings
from tests.support.serving.started import (
    Started,
    command,
    end,
    free_port,
    started_server,
    wait_until,
)
from tests.support.serving.tiny_model import write_manifest, write_tiny_model

pytestmark = [pytest.mark.integration, pytest.mark.slow]

HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def refusal(folder: Path, home: Path, **settings: str) -> tuple[int, list[str]]:
    """Return the exit status and the lines that a server says which must not start."""
    port = int(settings.pop("SERVING_PORT", str(free_port())))
    process = command(folder, port, home, **settings)
    try:
        status = process.wait(timeout=60)
    finally:
        end(process)
    return status, (home / "output").read_text(encoding="utf-8").splitlines()


def descendants(server: Started) -> list[psutil.Process]:
    root = psutil.Process(server.process.pid)
    return [root, *root.children(recursive=True)]


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != "zombie"]


def assert_all_end(server: Started, processes: list[psutil.Process]) -> None:
    server.process.wait(timeout=30)
    wait_until(lambda: not running(processes), 30, "no process is left")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", server.port))


def test_a_missing_model_is_said_in_one_line(tmp_path: Path) -> None:
    status, lines = refusal(tmp_path / "none", tmp_path)

    assert status == 3
    (line,) = lines
    assert "model folder" in line
    assert "make model" in line


def test_a_corrupt_model_is_said_in_one_line(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "model")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")

    status, lines = refusal(folder, tmp_path)

    assert status == 3
    (line,) = lines
    assert "model.onnx" in line
    assert "git checkout serving/model" in line


def test_a_model_that_cannot_be_loaded_is_said_in_one_line(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "model")
    (folder / "model.onnx").write_bytes(b"not a graph")
    write_manifest(folder)

    status, lines = refusal(folder, tmp_path)

    assert status == 3
    (line,) = lines
    assert "cannot be loaded by ONNX Runtime" in line


def test_a_busy_port_is_said_in_one_line(tiny_model: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        status, lines = refusal(tiny_model, tmp_path, SERVING_PORT=port)

    assert status == 4
    (line,) = lines
    assert port in line
    assert "SERVING_PORT" in line


def test_a_setting_that_cannot_be_used_is_said_in_one_line(
    tiny_model: Path, tmp_path: Path
) -> None:
    status, lines = refusal(tiny_model, tmp_path, SERVING_WORKERS="many")

    assert status == 2
    (line,) = lines
    assert "SERVING_WORKERS" in line


def test_a_home_that_cannot_be_written_to_is_said_in_one_line(
    tiny_model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()

    status, lines = refusal(tiny_model, tmp_path, BENTOML_HOME=str(file / "home"))

    assert status == 2
    (line,) = lines
    assert "BENTOML_HOME" in line


def test_no_folder_for_temporary_files_is_said_in_one_line(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)

    with pytest.raises(SettingsError, match="TMPDIR"):
        worker_environment(Settings(model_dir=tiny_model), {})


@pytest.mark.long
def test_it_gives_up_when_workers_cannot_start(tiny_model: Path, tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "model")
    with started_server(folder, tmp_path) as server:
        for file in folder.iterdir():
            file.write_bytes(b"")

        descendants(server)[-1].kill()

        assert server.process.wait(timeout=60) == 3
        (line,) = (line for line in server.said().splitlines() if "gave up" in line)
        assert line.startswith("serving: ")
        assert "model" in line
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/livez", trust_env=False)


@pytest.mark.parametrize(
    ("scheduler", "by_terminal"), [("continuous", False), ("continuous", True), ("bentoml", False)]
)
def test_it_stops_cleanly_and_leaves_no_process(
    tiny_model: Path, tmp_path: Path, scheduler: str, by_terminal: bool
) -> None:
    """SIGTERM goes to one process; Ctrl-C in a terminal goes to all of the group."""
    settings = {"SERVING_SCHEDULER": scheduler, "SERVING_DEADLINE_SECONDS": "50"}
    with started_server(tiny_model, tmp_path, **settings) as server:
        processes = descendants(server)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as leaver:
                leaver.sendall(HEAD + b'Content-Length: 16\r\n\r\n{"texts": ["a"]}')

        if by_terminal:
            os.killpg(server.process.pid, signal.SIGINT)
        else:
            server.process.send_signal(signal.SIGTERM)

        assert_all_end(server, processes)
        assert len(processes) > 1
        assert "Traceback" not in server.said()


def test_a_request_that_is_being_answered_is_answered_before_it_stops(
    tiny_model: Path, tmp_path: Path
) -> None:
    with (
        started_server(tiny_model, tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as idle,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as busy,
    ):
        idle.sendall(b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.recv(65_536)
        busy.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 16\r\n\r\n")
        busy.recv(65_536)  # the server asks for the body, so it is at work on the request

        server.process.send_signal(signal.SIGTERM)
        closed = idle.recv(65_536)
        busy.sendall(b'{"texts": ["a"]}')
        answer = busy.recv(65_536)

    assert closed == b""
    assert answer.startswith(b"HTTP/1.1 200")


def test_workers_end_when_their_supervisor_is_killed(tiny_model: Path, tmp_path: Path) -> None:
    with started_server(tiny_model, tmp_path) as server:
        processes = descendants(server)

        server.process.kill()

        assert_all_end(server, processes)


def test_a_worker_that_is_still_starting_ends_with_its_supervisor(
    tiny_model: Path, tmp_path: Path
) -> None:
    process = command(tiny_model, free_port(), tmp_path)
    supervisor = psutil.Process(process.pid)
    wait_until(lambda: bool(supervisor.children()), 60, "it starts a worker")
    workers = supervisor.children()

    process.kill()
    process.wait()

    wait_until(lambda: not running(workers), 30, "the worker has ended")


def test_a_worker_that_dies_is_replaced(tiny_model: Path, tmp_path: Path) -> None:
    with started_server(tiny_model, tmp_path) as server:
        worker = descendants(server)[-1]

        worker.kill()
        wait_until(lambda: not worker.is_running(), 30, "the worker is gone")

        answer = httpx.get(f"{server.url}/livez", timeout=90, trust_env=False)
        assert answer.status_code == 200
        assert descendants(server)[-1].pid != worker.pid


def test_two_workers_share_the_port_and_are_counted_together(
    tiny_model: Path, tmp_path: Path
) -> None:
    with started_server(tiny_model, tmp_path, SERVING_WORKERS="2") as server:
        wait_until(lambda: server.said().count("warm and ready") == 2, 60, "both are warm")
        for _ in range(20):
            answer = httpx.post(f"{server.url}/v1/classify", json={"texts": ["a"]}, trust_env=False)
            assert answer.status_code == 200

        page = httpx.get(f"{server.url}/metrics", trust_env=False).text

        assert 'moodline_serving_texts_total{key="anonymous"} 20.0' in page


def test_keys_are_asked_for_when_they_are_set(tiny_model: Path, tmp_path: Path) -> None:
    keys = "api:0123456789abcdef"

    with started_server(tiny_model, tmp_path, SERVING_KEYS=keys) as server:
        body = {"texts": ["a"]}
        shown = {"authorization": "Bearer 0123456789abcdef"}
        with httpx.Client(base_url=server.url, trust_env=False, timeout=20) as client:
            refused = client.post("/v1/classify", json=body)
            taken = client.post("/v1/classify", json=body, headers=shown)
            page = client.get("/metrics").text

        assert refused.status_code == 401
        assert refused.json()["type"] == "/problems/key-refused"
        assert taken.status_code == 200
        assert 'moodline_serving_texts_total{key="api"} 1.0' in page
        assert "0123456789abcdef" not in server.said()


def test_every_line_is_json_where_that_is_asked_for(tiny_model: Path, tmp_path: Path) -> None:
    with started_server(tiny_model, tmp_path, SERVING_LOG_FORMAT="json") as server:
        psutil.Process(server.process.pid).children()[0].kill()
        wait_until(lambda: "another is started" in server.said(), 30, "the supervisor says so")
    status, refused = refusal(tmp_path / "none", tmp_path / "other", SERVING_LOG_FORMAT="json")

    lines = [json.loads(line) for line in server.said().splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, lines))
    assert any("worker 1 ended with signal 9" in line["message"] for line in lines)
    assert any("warm and ready" in line["message"] for line in lines)
    assert status == 3
    assert [json.loads(line)["level"] for line in refused] == ["error"]


def own_homes(folder: Path) -> list[Path]:
    return list(folder.glob("moodline-inference-*"))


@pytest.mark.long
def test_a_server_removes_its_folder_and_those_of_servers_that_were_killed(
    tiny_model: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    here = {"BENTOML_HOME": "", "TMPDIR": str(temporary), "SERVING_QUEUE_TEXT": "1"}
    with started_server(tiny_model, tmp_path / "killed", **here) as killed:
        processes = descendants(killed)
        processes[0].kill()
        wait_until(lambda: not running(processes), 30, "no process is left")
    (left,) = own_homes(temporary)
    mine_now = temporary / f"moodline-inference-{os.getuid()}-begins"
    mine_now.mkdir()  # another server has not locked it yet

    with started_server(tiny_model, tmp_path / "one", **here) as one:
        with started_server(tiny_model, tmp_path / "two", **here):
            homes = own_homes(temporary)
            metrics = httpx.get(f"{one.url}/metrics", trust_env=False).text
        assert len(own_homes(temporary)) == 2

    assert left not in homes
    assert len(homes) == 3
    assert "moodline_serving_requests_total" in metrics
    assert own_homes(temporary) == [mine_now]
    assert "is SERVING_QUEUE_TEXTS meant?" in one.said()


def test_health_and_metrics_answer_to_any_host_name(tiny_model: Path, tmp_path: Path) -> None:
    with started_server(tiny_model, tmp_path) as server:
        for host in ("10.1.2.3:3000", "inference:3000", "moodline.example"):
            for path in ("/livez", "/readyz", "/metrics"):
                answer = httpx.get(f"{server.url}{path}", headers={"Host": host}, trust_env=False)

                assert answer.status_code == 200, (host, path)
