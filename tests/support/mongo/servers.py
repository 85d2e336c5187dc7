"""Find a MongoDB server: the one that MONGODB_URI names, else mongod, else the stand-in."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.support.serving.started import free_port

ROOT = Path(__file__).parents[3]
STAND_IN_PYTHON = ROOT / ".venv-mongo" / "bin" / "python"
REQUIRE = "MOODLINE_REQUIRE_MONGO"
"""Set by `make test` where Python 3.13 is there to make the stand-in's environment of."""

_DEADLINE = 60  # seconds that a server may take to start


@dataclass(frozen=True, slots=True)
class MongoServer:
    """A MongoDB server: its connection string and a description."""

    url: str
    what: str

    def url_of(self, database: str) -> str:
        parts = urlsplit(self.url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.username and "authSource" not in query:
            query["authSource"] = parts.path.strip("/") or "admin"
        return parts._replace(path=f"/{database}", query=urlencode(query)).geturl()


@contextmanager
def server(folder: Path) -> Iterator[MongoServer | None]:
    """Start a server with its data in folder, or name one that runs; None where there is none."""
    if url := os.environ.get("MONGODB_URI"):
        yield MongoServer(url, "the server that MONGODB_URI names")
    elif mongod := shutil.which("mongod"):
        with _mongod(mongod, folder) as url:
            yield MongoServer(url, "mongod, a replica set of one")
    elif STAND_IN_PYTHON.exists():
        with _stand_in(folder) as url:
            yield MongoServer(url, "the stand-in mongoeco (no MONGODB_URI, no mongod)")
    else:
        yield None


@contextmanager
def _stand_in(folder: Path) -> Iterator[str]:
    command = [STAND_IN_PYTHON, Path(__file__).with_name("stand_in.py"), folder / "mongo.db"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            # On a busy machine the stand-in is slower than any server may be to the store.
            yield f"mongodb://127.0.0.1:{port}/?socketTimeoutMS=120000&wTimeoutMS=120000"
        finally:
            process.kill()


@contextmanager
def _mongod(mongod: str, folder: Path) -> Iterator[str]:
    port = free_port()
    command = [mongod, "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1"]
    command += ["--replSet", "one", "--logpath", folder / "mongod.log", "--nounixsocket"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            member = {"_id": 0, "host": f"127.0.0.1:{port}"}
            with MongoClient("127.0.0.1", port, directConnection=True) as client:
                client.admin.command("replSetInitiate", {"_id": "one", "members": [member]})
                _await_primary(client)
            yield f"mongodb://127.0.0.1:{port}/?replicaSet=one"
        finally:
            process.terminate()


def _await_primary(client: MongoClient[dict[str, object]]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline:
        try:
            if client.admin.command("hello")["isWritablePrimary"]:
                return
        except PyMongoError:
            continue
    raise TimeoutError("mongod did not become primary in time")
