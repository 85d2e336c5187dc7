"""What a peer is to the benchmark, and the errors that end its turn.

PeerError
+-- PeerUnavailableError   it cannot be installed or does not start here
+-- AnswersDifferError     it answers otherwise than the reference: its figures are refused
+-- LoadFailedError        the client under it broke off
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any, Protocol


class PeerError(Exception):
    """Be the root: one line that says why there are no figures."""


class PeerUnavailableError(PeerError):
    """Say why the peer cannot be installed or started here."""


class AnswersDifferError(PeerError):
    """Say how far the peer's answers are from the reference."""


class LoadFailedError(PeerError):
    """Say why the client under the peer broke off."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a server said of one text: probabilities by emotion, and that of irony."""

    label: str
    scores: Mapping[str, float]
    irony: float


@dataclass(frozen=True, slots=True)
class Call:
    """Describe one request: where it is posted, its JSON body, and how its answer is read.

    `read` raises ValueError when the body is not an answer.
    """

    path: str
    body: bytes
    read: Callable[[bytes], list[Answer]]


@dataclass(frozen=True, slots=True)
class Place:
    """Hold what a peer is started with; `folder` is its own, for its log and settings.

    `model_dir` is the model that everybody serves. `torch_dir` is the unquantised checkpoint it
    was made from, for a peer that cannot load an ONNX file.
    """

    python: Path
    port: int
    folder: Path
    model_dir: Path
    torch_dir: Path | None

    @classmethod
    def from_job(cls, job: Mapping[str, Any]) -> Place:
        """Read what `to_job` returned."""
        torch_dir = job["torch_dir"]
        return cls(
            python=Path(job["python"]),
            port=int(job["port"]),
            folder=Path(job["folder"]),
            model_dir=Path(job["model_dir"]),
            torch_dir=None if torch_dir is None else Path(torch_dir),
        )

    def to_job(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them, for a client process."""
        fields = asdict(self)
        return {
            name: str(value) if isinstance(value, Path) else value for name, value in fields.items()
        }

    @property
    def url(self) -> str:
        """Return where the peer is to listen."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Return where the peer's output goes."""
        return self.folder / "server.log"


@dataclass(frozen=True, slots=True)
class Server:
    """Hold a started peer; without a process the client itself runs the model.

    `mark` is in the environment of every process of the peer, and in no other's.
    """

    url: str
    log: Path
    process: Popen[bytes] | None = None
    mark: str = ""


class Peer(Protocol):
    """Be a server that is compared."""

    def start(self, place: Place) -> Server:
        """Start the process and return at once; PeerUnavailableError where that cannot be."""
        ...

    def call(self, place: Place, texts: Sequence[str]) -> Call:
        """Return the request that classifies `texts`, to the peer started with `place`."""
        ...

    def stop(self, server: Server) -> None:
        """End the process and all that it started."""
        ...
