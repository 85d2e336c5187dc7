"""SERVING_HOST=unix:/path: the real server behind a Unix socket, and who may take its path."""

import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.client import InferenceClient
from tests.support.serving.started import (
    SECONDS_TO_READY,
    command,
    end,
    free_port,
    wait_until,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@contextmanager
def server_at(folder: Path, home: Path, path: Path) -> Iterator[int]:
    """Start a server at a Unix socket, and yield its process id when it is ready."""
    process = command(folder, free_port(), home, SERVING_HOST=f"unix:{path}")

    def ready() -> bool:  # httpcore leaves a socket open when it cannot connect: ask the log
        return "warm and ready" in (home / "output").read_text(encoding="utf-8")

    try:
        wait_until(ready, SECONDS_TO_READY, "the server is ready")
        yield process.pid
    finally:
        end(process)


def test_a_server_at_a_unix_socket_is_called_by_the_client(
    tiny_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))  # left behind by a server that was killed

    with server_at(tiny_model, tmp_path, path), InferenceClient(f"unix:{path}") as client:
        found = client.classify(["a quiet morning"])
        mode = path.stat().st_mode

    assert len(found) == 1
    assert stat.S_IMODE(mode) == 0o660
    assert not path.exists()


def test_a_living_servers_socket_and_a_file_are_not_taken(tiny_model: Path, tmp_path: Path) -> None:
    living, file = tmp_path / "s", tmp_path / "file"
    file.write_text("kept", encoding="ascii")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as taken:
        taken.bind(str(living))
        taken.listen()
        for number, path in enumerate([living, file, tmp_path / "none" / "s"]):
            home = tmp_path / f"home{number}"
            process = command(tiny_model, free_port(), home, SERVING_HOST=f"unix:{path}")
            status = process.wait(timeout=60)
            (line,) = (home / "output").read_text(encoding="utf-8").splitlines()

            assert status == 4
            assert str(path) in line

    assert file.read_text(encoding="ascii") == "kept"
    assert living.is_socket()
