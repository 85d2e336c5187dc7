"""The folder of a running server: BentoML's home, and the files in which workers share metrics.

Unless BENTOML_HOME names one, each server makes one of its own among the temporary files and locks
it for as long as it runs. The lock ends with the process, however it ends, so a folder whose lock
is free is a left one and is removed.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from serving.errors import SettingsError

_PREFIX = "moodline-inference"
_LOCK = "lock"
_METRICS_BYTES = 1 << 20
"""Room that the workers' metrics need. They are files mapped into memory: where the disk is full,
writing to them ends the process."""


def metrics_folder(home: Path) -> Path:
    """Return the folder of a home that the workers' metrics are in."""
    return home / "prometheus_multiproc_dir"


def prepare_named_home(home: Path) -> None:
    """Make the folder that BENTOML_HOME names ready for new metrics; raise SettingsError."""
    metrics = metrics_folder(home)
    try:
        metrics.mkdir(parents=True, exist_ok=True)
        for file in metrics.iterdir():
            file.unlink()
        _check_room(metrics)
    except OSError as exc:
        raise SettingsError(
            f"BENTOML_HOME must name a folder that can be written to, and {home} cannot be"
            f" ({os.strerror(exc.errno or 0)} at {exc.filename or metrics})"
        ) from exc


def make_own_home() -> Path:
    """Make a folder among the temporary files that is this process's until it ends.

    The lock's descriptor is inherited by what this process becomes (os.execve), and by no child.
    Raises SettingsError.
    """
    remove_left_homes()
    try:
        home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getuid()}-"))
        metrics = metrics_folder(home)
        metrics.mkdir()
        _check_room(metrics)  # before the lock is there, which others take if it is free
        lock = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise SettingsError(
            "BENTOML_HOME must be set to a folder that can be written to, or TMPDIR, because"
            f" temporary files cannot be made ({exc})"
        ) from exc
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.set_inheritable(lock, True)
    return home


def _check_room(folder: Path) -> None:
    """Raise OSError unless files can be made in a folder, with room for the metrics."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_METRICS_BYTES))


def end_own_home(environment: Mapping[str, str]) -> None:
    """Remove the home that this process made, if it did."""
    home = Path(environment.get("BENTOML_HOME", ""))
    if home.name.startswith(f"{_PREFIX}-{os.getuid()}-") and (home / _LOCK).exists():
        shutil.rmtree(home, ignore_errors=True)


def remove_left_homes() -> None:
    """Remove the folders of servers that have ended, whichever way."""
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError:
        return
    for lock in folder.glob(f"{_PREFIX}-{os.getuid()}-*/{_LOCK}"):
        with suppress(OSError), _locked(lock) as free:
            if free:
                shutil.rmtree(lock.parent, ignore_errors=True)


@contextmanager
def _locked(lock: Path) -> Iterator[bool]:
    """Yield whether the lock could be taken; it is held within the block."""
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)
