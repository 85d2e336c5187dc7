"""Bases that packages carry, whole or in parts."""

from __future__ import annotations

import io
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

import export.training.packaged
from export.errors import BaseModelError
from export.training.packaged import packaged_base

NAME = "all-mpnet-base-v2"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An archive of the base in five pieces, each in a package; the names that were asked for."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{NAME}/config.json", '{"model_type": "mpnet"}')
    whole = content.getvalue()
    asked: list[str] = []

    def files(package: str) -> list[SimpleNamespace]:
        asked.append(package)
        number = int(package[-3:])
        piece = tmp_path / f"{NAME}.zip.{number:03}"
        step = -(-len(whole) // 5)
        piece.write_bytes(whole[(number - 1) * step : number * step])
        return [
            SimpleNamespace(name="__init__.py"),
            SimpleNamespace(name=piece.name, locate=lambda: piece),
        ]

    monkeypatch.setattr(export.training.packaged, "files", files)
    monkeypatch.setattr(export.training.packaged, "UNPACKED", tmp_path / "bases")
    return asked


def test_a_base_in_parts_is_put_together_once(parts: list[str]) -> None:
    folder = packaged_base(NAME)

    assert folder is not None
    assert (folder / "config.json").read_text() == '{"model_type": "mpnet"}'
    assert packaged_base(NAME) == folder
    assert len(parts) == 5
    assert [one.name for one in folder.parent.iterdir()] == [NAME]  # no piece is left over


def test_a_part_that_is_not_installed_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(package: str) -> None:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(export.training.packaged, "files", missing)
    monkeypatch.setattr(export.training.packaged, "UNPACKED", tmp_path / "bases")

    with pytest.raises(BaseModelError, match="part-001 is not installed; run `make teacher`"):
        packaged_base(NAME)


def test_what_no_package_carries_is_left_to_others() -> None:
    assert packaged_base("bert-base-uncased") is None
