"""What a person who runs the commands relies on, with the shipped model and real processes."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from api.runtime.processes import free_port

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "serving" / "model"
POSTS = ROOT / "api" / "demo" / "posts"
TIMELINE = ROOT / ".." / "shared" / "data" / "timelines" / "BarackObama.csv"
SECONDS = 120

pytestmark = pytest.mark.integration


def own_environment(folder: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SERVING_")}
    return {
        **ours,
        "DATA_DIR": str(folder),
        "STORE_URL": "",
        "API_PORT": str(free_port()),
        "SERVING_PORT": str(free_port()),
    }


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return own_environment(tmp_path / "data")


def command(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@contextmanager
def local_servers(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start what `make run` starts, and end it whatever the test does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "api.local"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


@pytest.fixture
def running(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with local_servers(environment) as process:
        yield process


@pytest.fixture(scope="module")
def shared_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of servers that run for all tests that do not stop them."""
    environment = own_environment(tmp_path_factory.mktemp("shared"))
    with local_servers(environment) as process:
        greeting(process)
        yield environment


def greeting(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "curl" in line:
            return "".join(lines)
    raise AssertionError(f"ended without a greeting: {''.join(lines)}")


def refuses(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False, timeout=1)
    except httpx.ConnectError:
        return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_servers_whose_launcher_is_killed_end_and_free_their_ports(
    running: subprocess.Popen[str], environment: dict[str, str]
) -> None:
    greeting(running)
    family = psutil.Process(running.pid).children(recursive=True)

    running.kill()

    _, left = psutil.wait_procs(family, timeout=SECONDS)
    assert len(family) >= 3  # the API, the inference server and its worker
    assert left == []
    assert refuses(int(environment["API_PORT"]))
    assert refuses(int(environment["SERVING_PORT"]))


def test_run_says_where_it_answers_and_ctrl_c_stops_both_servers(
    running: subprocess.Popen[str], environment: dict[str, str]
) -> None:
    ports = [int(environment["API_PORT"]), int(environment["SERVING_PORT"])]
    text = greeting(running)
    answers = [
        httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code for port in ports
    ]

    running.send_signal(signal.SIGINT)
    code = running.wait(SECONDS)

    assert answers == [200, 200]
    assert all(f"http://127.0.0.1:{port}" in text for port in ports)
    assert code == 0
    assert [refuses(port) for port in ports] == [True, True]


def test_run_ends_with_an_error_and_stops_the_other_server_when_one_dies(
    running: subprocess.Popen[str], environment: dict[str, str]
) -> None:
    greeting(running)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()

    os.kill(int(children[0]), signal.SIGKILL)
    code = running.wait(SECONDS)

    assert code != 0
    deadline = time.monotonic() + SECONDS
    while not refuses(int(environment["SERVING_PORT"])):
        assert time.monotonic() < deadline


@pytest.mark.parametrize("variable", ["API_PORT", "SERVING_PORT"])
def test_a_busy_port_gives_one_line_that_names_it(
    environment: dict[str, str], variable: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])

        done = command("api.local", env={**environment, variable: port, "LOG_LEVEL": "error"})

    told = [line for line in done.stderr.splitlines() if port in line and variable in line]
    assert done.returncode != 0
    assert len(told) == 1
    assert "Traceback" not in done.stderr


def test_a_missing_model_file_gives_one_line_that_says_what_to_do(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = command("serving", env={**environment, "SERVING_MODEL_DIR": str(tmp_path / "gone")})

    assert done.returncode != 0
    assert re.fullmatch(r"serving: model folder .*gone is not there: .*make model.*\n", done.stderr)


def test_a_corrupt_model_file_gives_one_line_that_names_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    with (folder / "model.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\1\2\3")

    done = command("serving", env={**environment, "SERVING_MODEL_DIR": str(folder)})

    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert "model.onnx" in done.stderr


def test_analysing_a_file_needs_no_running_server(environment: dict[str, str]) -> None:
    done = command("api.cli", "analyse", str(POSTS / "ben_grey.csv"), "ben_grey", env=environment)

    assert done.returncode == 0, done.stderr
    assert "40 posts imported" in done.stdout
    assert "40 posts classified, 0 known" in done.stdout
    assert "Heavy" in done.stdout


def test_analysing_a_file_again_classifies_nothing_again(shared_servers: dict[str, str]) -> None:
    words = ("api.cli", "analyse", str(POSTS / "ben_grey.csv"), "ben_grey")
    command(*words, env=shared_servers)

    again = command(*words, env=shared_servers)

    assert "40 unchanged" in again.stdout
    assert "0 posts classified, 40 known" in again.stdout


def test_analysing_a_file_that_is_none_gives_one_line(
    shared_servers: dict[str, str], tmp_path: Path
) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()

    done = command("api.cli", "analyse", str(empty), "nobody", env=shared_servers)

    assert done.returncode != 0
    assert done.stderr.startswith("moodline: ")
    assert "empty" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.data
@pytest.mark.skipif(not TIMELINE.is_file(), reason=f"needs {TIMELINE}")
def test_a_real_timeline_of_3207_posts_comes_to_a_mood(shared_servers: dict[str, str]) -> None:
    words = ("api.cli", "analyse", str(TIMELINE), "BarackObama")

    first = command(*words, env=shared_servers)
    second = command(*words, env=shared_servers)

    assert first.returncode == 0, first.stderr
    assert "3207 posts imported, 0 updated, 0 unchanged, 0 skipped" in first.stdout
    assert "3207 posts classified" in first.stdout
    assert re.search(r"^(Bright|Balanced|Tense|Heavy)$", first.stdout, re.MULTILINE)
    assert "0 posts classified, 3207 known" in second.stdout
