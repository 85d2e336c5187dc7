"""Start the inference server: `python -m serving`.

Unusable settings (exit status 2), models (3) or addresses (4) are reported in one line each
before anything is started. Then the supervisor takes this process over, without the model runtime
that was loaded to check the model, and signals reach it directly.
"""

import importlib.util
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from serving.address import check_grpc_port, listen, stop_listening, url
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.providers import GPU_PROVIDERS
from serving.errors import AddressTakenError, ModelError, ServingError, SettingsError
from serving.home import make_own_home, metrics_folder, prepare_named_home
from serving.logs import configure_logs
from serving.settings import KEYS_FILE, Settings, unknown_variables

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
    for line in unknown_variables(os.environ):
        logger.warning(line)
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

    BentoML reports usage unless told not to. Raises SettingsError when there is no folder that can
    be written to.
    """
    named = environment.get("BENTOML_HOME", "").strip()
    if named:
        home = Path(named).absolute()
        prepare_named_home(home)
    else:
        home = make_own_home()
    folders = ("model_dir", "gpu_model_dir", "tensorrt_cache")
    paths = {f"SERVING_{name.upper()}": getattr(settings, name) for name in folders}
    if keys := environment.get(KEYS_FILE, "").strip():
        paths[KEYS_FILE] = Path(keys)
    return {
        "BENTOML_DO_NOT_TRACK": "True",
        **environment,
        "BENTOML_HOME": str(home),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_folder(home)),
        # The workers run in another folder.
        **{name: str(path.resolve()) for name, path in paths.items() if path},
    }


if __name__ == "__main__":
    main()
