"""Start the inference server: `python -m serving`.

Unusable settings (exit status 2), models (3) or addresses (4) are reported in one line each
before anything is started. Then the supervisor takes this process over, without the model runtime
that was loaded to check the model, and signals reach it directly.
"""

import hashlib
import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from serving.address import check_grpc_port, listen, stop_listening, url
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.providers import GPU_PROVIDERS
from serving.errors import AddressTakenError, ModelError, ServingError, SettingsError
from serving.logs import configure_logs
from serving.settings import Settings

logger = logging.getLogger("serving")

_STATUSES: dict[type[ServingError], int] = {SettingsError: 2, ModelError: 3, AddressTakenError: 4}


def main() -> NoReturn:
    """Check settings and model, listen on the address, then become the supervisor."""
    asked = os.environ.get("SERVING_LOG_FORMAT", "").strip()  # settings may be wrong
    configure_logs("json" if asked == "json" else "plain")
    logging.getLogger("serving.classifier").setLevel(logging.WARNING)  # the worker tells the rest
    try:
        settings = Settings.from_environment(os.environ)
        check_grpc(settings)
        if set(settings.providers) - set(GPU_PROVIDERS):  # else a worker finds out, later
            check_model(settings.model_dir, settings.providers)
        if settings.gpu_model_dir is not None:
            open_model(settings.gpu_model_dir)
        listener = listen(settings)
        try:
            environment = worker_environment(settings, os.environ)
        except SettingsError:
            stop_listening(listener)
            raise
    except ServingError as error:
        for line in str(error).splitlines():
            logger.error(line)
        status = next(status for kind, status in _STATUSES.items() if isinstance(error, kind))
        raise SystemExit(status) from None
    logger.info("starting on %s", url(settings))
    listener.set_inheritable(True)
    os.chdir(Path(__file__).parent.parent)  # where the workers find this package
    command = [sys.executable, "-m", "serving.supervisor", str(listener.fileno())]
    os.execve(command[0], command, environment)  # noqa: S606 -- no shell is meant


def check_grpc(settings: Settings) -> None:
    """Raise SettingsError or AddressTakenError when calls cannot be taken over gRPC as asked."""
    if settings.grpc_port is not None and not (
        importlib.util.find_spec("grpc") and importlib.util.find_spec("google.protobuf")
    ):
        raise SettingsError(
            "SERVING_GRPC_PORT needs the packages of the extra `grpc`: pip install"
            " 'moodline[serving,grpc]', or leave it empty"
        )
    check_grpc_port(settings)


def check_model(folder: Path, providers: Sequence[str]) -> None:
    """Raise ModelError unless the model can be opened and loaded.

    A worker would find out later, and start in vain. The last provider loads fastest.
    """
    with EmotionClassifier(open_model(folder), threads=1, providers=providers[::-1]):
        pass


def worker_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment to serve in; variables of BentoML that are set already stay.

    BentoML reports usage unless told not to. Its home is one folder per address, and the metrics
    of the workers, which are shared through files there, begin anew. Raises SettingsError when
    the home cannot be written to.
    """
    named = environment.get("BENTOML_HOME", "").strip()
    home = Path(named).absolute() if named else _own_home(settings)
    metrics = home / "prometheus_multiproc_dir"
    try:
        metrics.mkdir(parents=True, exist_ok=True)
        for file in metrics.iterdir():
            file.unlink()
        with tempfile.TemporaryFile(dir=metrics):  # whether files can be made there
            pass
    except OSError as exc:
        raise SettingsError(
            f"BENTOML_HOME must name a folder that can be written to, and {home} cannot be"
            f" ({os.strerror(exc.errno or 0)} at {exc.filename or metrics})"
        ) from exc
    folders = ("model_dir", "gpu_model_dir", "tensorrt_cache")
    named_folders = ((name, getattr(settings, name)) for name in folders)
    return {
        "BENTOML_DO_NOT_TRACK": "True",
        **environment,
        "BENTOML_HOME": str(home),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        # The workers run in another folder.
        **{f"SERVING_{name.upper()}": str(path.resolve()) for name, path in named_folders if path},
    }


def _own_home(settings: Settings) -> Path:
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError as exc:
        raise SettingsError(
            "BENTOML_HOME must be set to a folder that can be written to, or TMPDIR, because there"
            " is no folder for temporary files"
        ) from exc
    address = hashlib.sha256(url(settings).encode()).hexdigest()[:12]
    return folder / f"moodline-inference-{os.getuid()}-{address}"


if __name__ == "__main__":
    main()
