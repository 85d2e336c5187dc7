"""A virtual environment per peer, made of exactly what its requirements file pins."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.contract import PeerUnavailableError
from benchmarks.peers.processes import ROOT
from benchmarks.peers.registry import Entry

FOLDER = ROOT / ".runs" / "peers"
INSTALL_SECONDS = 3600
SHOWN = ("onnxruntime", "tokenizers", "numpy", "torch", "transformers", "optimum", "uvicorn")
_LIST = (
    "import importlib.metadata as m, json;"
    "print(json.dumps({d.name.lower().replace('_', '-'): d.version for d in m.distributions()}))"
)


def prepare(entry: Entry) -> Path:
    """Return the peer's Python, installing its packages first unless they are there already.

    Raises PeerUnavailableError with pip's last line when they cannot be installed.
    """
    if entry.requirements is None:
        return Path(sys.executable)
    venv = FOLDER / entry.requirements.stem / "venv"
    python = venv / "bin" / "python"
    stamp = venv / "requirements.sha256"
    wanted = hashlib.sha256(entry.requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return python
    sys.stderr.write(f"benchmarks: installing {entry.title} into {venv}\n")
    _run(entry, [sys.executable, "-m", "venv", "--clear", str(venv)])
    install = [str(python), "-m", "pip", "install", "--quiet"]
    _run(entry, [*install, "--requirement", str(entry.requirements)])
    stamp.write_text(wanted, encoding="ascii")
    return python


def versions(entry: Entry, python: Path) -> dict[str, str]:
    """Return the versions of what matters for speed in the peer's environment."""
    listed = subprocess.check_output([str(python), "-c", _LIST], timeout=60)
    installed: dict[str, str] = json.loads(listed)
    return {name: installed[name] for name in (entry.package, *SHOWN) if name in installed}


def _run(entry: Entry, command: list[str]) -> None:
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=INSTALL_SECONDS)
    except subprocess.CalledProcessError as exc:
        lines = exc.stderr.decode(errors="replace").strip().splitlines() or ["pip said nothing"]
        raise PeerUnavailableError(f"{entry.title} cannot be installed: {lines[-1]}") from exc
    except subprocess.TimeoutExpired as exc:
        raise PeerUnavailableError(f"{entry.title} takes too long to install") from exc
