"""The environment that settings are read from: secrets in files, and names that nothing reads.

A secret may be given as a file: NAME_FILE is the path of a file whose text is the value of NAME.
Other processes can see an environment, and container engines show it; a file has an owner.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

_log = logging.getLogger(__name__)

ENV_FILE = Path(".env")
FILE_SUFFIX = "_FILE"

COMPOSE_VARIABLES = frozenset(
    {
        "DEPLOY_ADDRESS",
        "DEPLOY_API_TMPFS",
        "DEPLOY_GPU_MODEL_DIR",
        "DEPLOY_GRAFANA_PORT",
        "DEPLOY_INFERENCE",
        "DEPLOY_PORT",
    }
)
"""What docker-compose.yml itself reads from .env."""

SERVING_VARIABLES = frozenset(
    f"SERVING_{name}"
    for name in (
        *("CACHE_TEXTS", "CONNECTIONS", "CORS_ORIGINS", "CUDA_GRAPHS", "DEADLINE_SECONDS", "DOCS"),
        *("GPU_MODEL_DIR", "GRPC_PORT", "HOST", "KEYS", "KEYS_FILE", "LOG_FORMAT", "LONE_THREADS"),
        *("MAX_BODY_BYTES", "MAX_TEXTS", "MAX_TEXT_CHARS", "METRICS", "MODEL_DIR", "PORT"),
        *("PROVIDERS", "QUEUE_SHARE", "QUEUE_TEXTS", "RECEIVE_SECONDS", "SCHEDULER"),
        *("TENSORRT_CACHE", "THREADS", "TOKEN_BUDGET", "WORKERS"),
    )
)
"""Settings of the inference server. docker-compose.yml passes it those that it names itself, so a
misspelt one in .env reaches nobody; the API sees the file and says so."""

# Read by programs and libraries that are started with this environment.
_OTHERS_PREFIXES = (
    *("BENTOML_", "CELERY_", "COMPOSE_", "DOCKER_", "GUNICORN_", "LC_", "NVIDIA_"),
    *("OMP_", "OTEL_", "PIP_", "PYTHON"),
)
_OTHERS_NAMES = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "LANG", "NO_PROXY", "PATH", "PROMETHEUS_MULTIPROC_DIR"}
    | {"SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ", "WEB_CONCURRENCY"}
)
_ALMOST_THE_SAME = 0.9
_SIMILAR = 0.75


def read_secret_files(
    environment: Mapping[str, str], secrets: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Return the secrets that the environment names files for, and what is wrong with others.

    Neither a value nor the text of a file is in what is wrong.
    """
    found, faults = {}, []
    for name in secrets:
        path = environment.get(f"{name}{FILE_SUFFIX}", "").strip()
        if not path:
            continue
        if environment.get(name, "").strip():
            faults.append(f"{name} and {name}{FILE_SUFFIX} are both set: set one of them.")
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            faults.append(f"{name}{FILE_SUFFIX}: {path} cannot be read: {error.strerror}.")
        except ValueError:
            faults.append(f"{name}{FILE_SUFFIX}: {path} is not text in UTF-8.")
        else:
            if not found[name]:
                faults.append(f"{name}{FILE_SUFFIX}: {path} is empty.")
    return found, faults


def warn_of_unread_names(
    environment: Mapping[str, str], defaults: Mapping[str, str], secrets: Collection[str]
) -> None:
    """Log which lines of the file .env in this folder have no effect on this process.

    defaults has the default of every variable that the API reads. Values are not logged.
    """
    try:
        of_file = dotenv_values(ENV_FILE, interpolate=False) if ENV_FILE.is_file() else {}
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read: %s", ENV_FILE, error)
        return
    for line in unread_names(of_file, environment, defaults, secrets):
        _log.warning("%s: %s", ENV_FILE, line)


def unread_names(
    of_file: Mapping[str, str | None],
    environment: Mapping[str, str],
    defaults: Mapping[str, str],
    secrets: Collection[str],
) -> Iterator[str]:
    """Yield a line per name of a file that is no setting, or is set otherwise in the process."""
    not_read_here = COMPOSE_VARIABLES | SERVING_VARIABLES
    known = {*defaults, *(f"{name}{FILE_SUFFIX}" for name in secrets), *not_read_here}
    for name, given in of_file.items():
        value = (given or "").strip()
        if name not in known:
            if not _is_of_others(name, known):
                likely = get_close_matches(name, known, 1, _SIMILAR)
                yield f"{name} is no setting" + (f"; is {likely[0]} meant?" if likely else ".")
        elif name in not_read_here or value in ("", defaults.get(name)):
            continue
        elif name not in environment:
            yield f"{name} is not in the environment of this process, so it has no effect."
        elif environment[name].strip() != value:
            yield f"{name} has another value in the environment of this process, which counts."


def _is_of_others(name: str, known: Collection[str]) -> bool:
    if name in _OTHERS_NAMES or name.upper() in _OTHERS_NAMES:
        return True
    return name.startswith(_OTHERS_PREFIXES) and not get_close_matches(
        name, known, 1, _ALMOST_THE_SAME
    )
