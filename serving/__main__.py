"""Start the inference server: `python -m serving`.

Unusable settings (exit status 2), models (3) or addresses (4) are reported in one line each
before BentoML starts. Then `bentoml serve` takes this process over, so that signals reach it
directly.
"""

import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.providers import GPU_PROVIDERS
from serving.errors import AddressTakenError, ModelError, ServingError, SettingsError
from serving.settings import Settings

SERVICE = "serving.service:service"
WORKERS_OPTION = "services.moodline_inference.workers"
GRACE_SECONDS = 5
_STATUSES: dict[type[ServingError], int] = {SettingsError: 2, ModelError: 3, AddressTakenError: 4}


def main() -> NoReturn:
    """Check settings, model and address, then become `bentoml serve`."""
    try:
        settings = Settings.from_environment(os.environ)
        if set(settings.providers) - set(GPU_PROVIDERS):  # else a worker finds out, later
            check_model(settings.model_dir, settings.providers)
        if settings.gpu_model_dir is not None:
            open_model(settings.gpu_model_dir)
        check_address(settings.host, settings.port)
    except ServingError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"serving: {line}\n")
        status = next(status for kind, status in _STATUSES.items() if isinstance(error, kind))
        raise SystemExit(status) from None
    sys.stderr.write(f"serving: starting on http://{settings.host}:{settings.port}\n")
    command = bentoml_command(settings)
    environment = bentoml_environment(settings, os.environ)
    os.execve(command[0], command, environment)  # noqa: S606 -- no shell is meant


def check_model(folder: Path, providers: Sequence[str]) -> None:
    """Raise ModelError unless the model can be opened and loaded.

    A worker that fails is restarted over and over. The last provider loads fastest.
    """
    with EmotionClassifier(open_model(folder), threads=1, providers=providers[::-1]):
        pass


def check_address(host: str, port: int) -> None:
    """Raise AddressTakenError unless `host` and `port` can be listened on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise AddressTakenError(
                f"cannot listen on {host} port {port} ({os.strerror(exc.errno or 0)}): stop what"
                " uses it, or set SERVING_HOST or SERVING_PORT to another"
            ) from exc


def bentoml_command(settings: Settings) -> list[str]:
    """Return the command that serves, with this Python."""
    return [
        sys.executable,
        *("-m", "bentoml", "serve", SERVICE),
        *("--working-dir", str(Path(__file__).parent.parent)),
        *("--host", settings.host),
        *("--port", str(settings.port)),
        *("--timeout-graceful-shutdown", str(int(settings.deadline_seconds) + GRACE_SECONDS)),
    ]


def bentoml_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment to serve in; variables of BentoML that are set already stay.

    BentoML reports usage unless told not to. Its home is one folder per port, because BentoML
    empties the metrics of another server that shares it.
    """
    home = Path(tempfile.gettempdir()) / f"moodline-inference-{os.getuid()}-{settings.port}"
    return {
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(home),
        **environment,
        "SERVING_MODEL_DIR": str(settings.model_dir.resolve()),
        "BENTOML_CONFIG_OPTIONS": f"{WORKERS_OPTION}={settings.workers}",
    }


if __name__ == "__main__":
    main()
