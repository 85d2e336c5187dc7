"""Copy wheels to a machine without a network, in parts: `python -m benchmarks.gpu.carry`.

`pack` downloads onnxruntime-gpu and what the server needs for Python 3.12 and writes parts into a
folder; `install` joins the parts and installs from them without a network once all are there.
Parts are checked by their SHA-256.
"""

import argparse
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = "parts.json"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64")
GPU = "onnxruntime-gpu==1.31.1"
"""Built for CUDA 13."""

PURE_PINS = ("flatbuffers", "nvidia-ml-py")
"""What onnxruntime-gpu and the reading of the GPU need besides numpy."""

MEASURING = ("psutil",)
"""What measuring the server needs."""

THERE = ("onnxruntime", "numpy", "tokenizers")
"""What is not downloaded for the server: the machine has it, or onnxruntime-gpu replaces it."""


def server_requirements() -> list[str]:
    """Return what the server is declared to need, without what is there, and what measures it."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    serving: list[str] = declared["project"]["optional-dependencies"]["serving"]
    return [*(one for one in serving if _name(one) not in THERE), *MEASURING]


def missing(requirements: Sequence[str]) -> list[str]:
    """Return the names of those that are not installed."""
    return [name for name in map(_name, requirements) if not any(distributions(name=name))]


def _name(requirement: str) -> str:
    return requirement.partition(">=")[0]


def download(folder: Path) -> None:
    """Download wheels into a folder, the small ones at their pinned versions."""
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    small = [line for line in pinned if line.partition("==")[0] in PURE_PINS]
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    fetch = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--python-version", "3.12"),
        *("--only-binary", ":all:", "--dest", str(folder), *platforms),
    ]
    subprocess.run([*fetch, "--no-deps", GPU, *small], check=True)
    constraints = ["--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*fetch, *constraints, *server_requirements()], check=True)
    for wheel in folder.glob("numpy-*"):  # the machine has its own, which torch was built with
        wheel.unlink()


def split(files: Sequence[Path], parts: Path, size: int) -> list[str]:
    """Write the files as one archive in parts of at most `size` bytes; return the parts' names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:  # wheels are compressed already
        for file in files:
            archive.add(file, file.name)
    whole = packed.getvalue()
    parts.mkdir(parents=True, exist_ok=True)
    sums = {}
    for number, at in enumerate(range(0, len(whole), size)):
        piece = whole[at : at + size]
        name = f"part-{number:02}"
        (parts / name).write_bytes(piece)
        sums[name] = hashlib.sha256(piece).hexdigest()
    (parts / LIST).write_text(json.dumps(sums), encoding="utf-8")
    return list(sums)


def join(parts: Path, target: Path) -> list[Path]:
    """Unpack the files into `target` and return them; ValueError names a part that is missing."""
    sums = json.loads((parts / LIST).read_text(encoding="utf-8"))
    whole = bytearray()
    for name, expected in sums.items():
        file = parts / name
        piece = file.read_bytes() if file.is_file() else b""
        if hashlib.sha256(piece).hexdigest() != expected:
            raise ValueError(f"{file} is missing or damaged")
        whole += piece
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        archive.extractall(target, filter="data")
    return sorted(target.iterdir())


def main(arguments: Sequence[str] | None = None) -> int:
    """Pack or install; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.carry", description=__doc__)
    parser.add_argument("what", choices=["pack", "install"])
    parser.add_argument("--parts", type=Path, default=Path(".carry"))
    parser.add_argument("--mib", type=int, default=30, help="size of a part")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="moodline-carry-") as folder:
        if options.what == "pack":
            download(Path(folder))
            names = split(sorted(Path(folder).iterdir()), options.parts, options.mib << 20)
            print(f"{options.parts}: {LIST} and {', '.join(names)}")
            return 0
        try:
            wheels = join(options.parts, Path(folder))
        except (OSError, ValueError) as exc:
            print(f"not installed: {exc}", file=sys.stderr)
            return 1
        pip = [sys.executable, "-m", "pip"]
        # The CPU's package has the same files, and would hide the GPU's.
        subprocess.run([*pip, "uninstall", "--quiet", "--yes", "onnxruntime"], check=True)
        install = [*pip, "install", "--quiet", "--no-index", "--no-deps", *map(str, wheels)]
        subprocess.run(install, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
