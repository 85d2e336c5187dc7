"""The interface of a peer, the request that most peers get, and the errors that end a turn."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any, Protocol


class PeerError(Exception):
    """One line that says why a turn has no figures."""


class PeerUnavailableError(PeerError):
    """The peer cannot be installed or started here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer to one text: probabilities by emotion, and that of irony."""

    label: str
    scores: Mapping[str, float]
    irony: float


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its path, its JSON body, and how its answer is read.

    `read` raises ValueError when the body is not an answer.
    """

    path: str
    body: bytes
    read: Callable[[bytes], list[Answer]]


@dataclass(frozen=True, slots=True)
class Setup:
    """Arguments of a peer; `folder` is its own, for its log and settings.

    `model_dir` is the model that all peers serve, `torch_dir` the unquantised checkpoint it was
    made from, for a peer that cannot load an ONNX file.
    """

    python: Path
    port: int
    folder: Path
    model_dir: Path
    torch_dir: Path | None = None

    @property
    def url(self) -> str:
        """Address at which the peer is to listen."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """File of the peer's output."""
        return self.folder / "server.log"


@dataclass(frozen=True, slots=True)
class Server:
    """A started peer; without a process the client runs the model itself.

    `mark` is in the environment of every process of the peer, and in no other's.
    """

    process: Popen[bytes] | None = None
    mark: str = ""


class Peer(Protocol):
    """A server that is compared."""

    def start(self, setup: Setup) -> Server:
        """Start the process and return at once; PeerUnavailableError where that is impossible."""
        ...

    def call(self, setup: Setup, texts: Sequence[str]) -> Call:
        """Return the request that classifies `texts`, to the peer started with `setup`."""
        ...


def classify_call(path: str, texts: Sequence[str]) -> Call:
    """Return `{"texts": [...]}` posted to `path`, answered by an array as in our contract.

    Most peers get this request, so that none of them parses or writes more than another.
    """
    return Call(path, json.dumps({"texts": list(texts)}).encode(), read_items)


def read_items(body: bytes) -> list[Answer]:
    """Read an array of classifications; ValueError when it is something else."""
    return [_read_item(item) for item in json.loads(body)]


def _read_item(item: Any) -> Answer:
    try:
        scores = {str(name): float(score) for name, score in item["scores"].items()}
        return Answer(str(item["label"]), scores, float(item["irony"]))
    except (AttributeError, KeyError, TypeError) as exc:
        raise ValueError("an item of the answer is not a classification") from exc
