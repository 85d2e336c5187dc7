"""The folder of a running server: that it has room, which only a worker's death would show."""

import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.errors import SettingsError
from serving.home import make_own_home, prepare_named_home


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may have more than 4 KiB, as where a disk is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_folder_without_room_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BENTOML_HOME") as caught:
        prepare_named_home(tmp_path)

    assert str(tmp_path) in str(caught.value)


@pytest.mark.usefixtures("full_disk")
def test_no_room_for_temporary_files_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(SettingsError, match="TMPDIR"):
        make_own_home()


def test_a_folder_with_room_has_none_of_the_metrics_of_before(tmp_path: Path) -> None:
    prepare_named_home(tmp_path)
    (tmp_path / "prometheus_multiproc_dir" / "counter_1.db").write_bytes(b"old")

    prepare_named_home(tmp_path)

    assert not list((tmp_path / "prometheus_multiproc_dir").iterdir())
