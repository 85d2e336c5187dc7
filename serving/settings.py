"""Settings of the inference server, read from SERVING_... variables once into one frozen object.

A field's variable is SERVING_ and its name in capitals. `.env.example` names and explains every
variable with its default, and a test proves it. SERVING_KEYS may be in a file that
SERVING_KEYS_FILE names.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from serving.errors import SettingsError
from serving.logs import LogFormat
from serving.schemas import Limits

MODEL_DIR = Path(__file__).parent / "model"
LONGEST_DEADLINE = 50
"""BentoML's dispatcher gives requests up after 60 seconds; our answer must come first."""

Provider = Literal["tensorrt", "cuda", "openvino", "cpu"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
"""What may run the model, best first; serving.classifier.providers knows them by these names."""

UNIX = "unix:"
"""What SERVING_HOST begins with when the rest is the path of a Unix socket."""

_LONGEST_PATH = 107
"""Bytes of a Unix socket's path that the kernel takes: sun_path in unix(7), less its end."""

_DEADLINE = f"must be a number of seconds above 0, at most {LONGEST_DEADLINE}"
_PREFIX = "SERVING_"
_KEYS_VARIABLE = "SERVING_KEYS"
KEYS_FILE = "SERVING_KEYS_FILE"
"""Variable that names a file with the text of SERVING_KEYS, where each entry may have a line."""

_MOST_TEXTS = 1 << 20
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_KEY = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63}):(\S{16,512})")


def _address(text: str) -> str:
    if text.startswith(UNIX):
        path = text.removeprefix(UNIX)
        if not path.startswith("/") or "\0" in path or len(os.fsencode(path)) > _LONGEST_PATH:
            raise ValueError(
                f"must be unix: and an absolute path of at most {_LONGEST_PATH} bytes, for example"
                " unix:/run/moodline/inference.sock"
            )
        return text
    try:
        return "127.0.0.1" if text == "localhost" else str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(
            "must be an IP address or localhost, for example 127.0.0.1, or unix:/path/of/a/socket"
        ) from None


def _switch(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value not in ("on", "off"):
        raise ValueError("must be 'on' or 'off'")
    return value == "on"


def _provider_names(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    names = tuple(dict.fromkeys(name.strip().lower() for name in value.split(",") if name.strip()))
    if not set(names) <= set(PROVIDERS):
        raise ValueError(f"must be of {', '.join(PROVIDERS)}, separated by commas")
    return names or PROVIDERS


def _keys(value: Any) -> Any:
    """Return secrets by name; the message of an error never shows one."""
    if not isinstance(value, str):
        return value
    keys: dict[str, str] = {}
    for number, entry in enumerate(value.replace("\n", ",").split(","), start=1):
        if not entry.strip():
            continue
        found = _KEY.fullmatch(entry.strip())
        if found is None:
            raise ValueError(
                f"entry {number} must be name:secret, the name of letters, digits,"
                " '.', '_' and '-', the secret of 16 characters or more"
            )
        if found[1] in keys:
            raise ValueError(f"must not have the name of entry {number} twice")
        keys[found[1]] = found[2]
    if not keys:
        raise ValueError("must have at least one name:secret, or not be set: all may call then")
    return keys


def _origins(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    origins = tuple(dict.fromkeys(one.strip().lower() for one in value.split(",") if one.strip()))
    if origins != ("*",) and not all(_ORIGIN.fullmatch(origin) for origin in origins):
        example = "https://example.org or http://127.0.0.1:8080"
        raise ValueError(f"must be * or origins like {example}, separated by commas")
    return origins


def _whole(default: int | None, low: int, high: int) -> Any:
    requirement = f"must be a whole number from {low} to {high}"
    return Field(default, ge=low, le=high, description=requirement)


Switch = Annotated[bool, BeforeValidator(_switch)]


class Settings(BaseSettings):
    """Settings of one server."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True, env_prefix=_PREFIX)

    host: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    port: int = _whole(3000, 1, 65_535)
    # Port of the Open Inference Protocol's gRPC form; needs the extra `grpc`.
    grpc_port: int | None = _whole(None, 1, 65_535)
    model_dir: Path = MODEL_DIR
    gpu_model_dir: Path | None = None
    # Worker processes, each with its own model, and model runs at a time in each of them.
    workers: int = _whole(1, 1, 256)
    threads: int | None = _whole(None, 1, 1024)
    # Threads for one text that arrives while nothing runs, on a CPU.
    lone_threads: int | None = _whole(None, 1, 1024)
    token_budget: int | None = _whole(None, 1, 1 << 20)
    max_texts: int = _whole(Limits().texts, 1, Limits().texts)
    max_text_chars: int = _whole(Limits().text_chars, 1, 1_000_000)
    max_body_bytes: int = _whole(Limits().body_bytes, 64, 1 << 26)
    queue_texts: int = _whole(2048, 1, _MOST_TEXTS)
    queue_share: float = Field(0.5, gt=0, le=1, description="must be a number above 0, at most 1")
    deadline_seconds: float = Field(30.0, gt=0, le=LONGEST_DEADLINE, description=_DEADLINE)
    # Connections of a worker, and the time to send a request's head, then its body.
    connections: int = _whole(1000, 1, 100_000)
    receive_seconds: float = Field(15.0, gt=0, le=LONGEST_DEADLINE, description=_DEADLINE)
    keys: Annotated[
        Mapping[str, str], NoDecode, BeforeValidator(_keys), AfterValidator(MappingProxyType)
    ] = Field(default_factory=lambda: MappingProxyType({}), repr=False)
    cache_texts: int = _whole(10_000, 0, 1_000_000)
    scheduler: Literal["continuous", "bentoml"] = "continuous"
    providers: Annotated[tuple[Provider, ...], NoDecode, BeforeValidator(_provider_names)] = (
        PROVIDERS
    )
    cuda_graphs: Switch = False
    tensorrt_cache: Path | None = None
    # Origins of web pages whose scripts may call the server.
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = ()
    docs: Switch = True
    log_format: LogFormat = "plain"
    metrics: Literal["open", "key", "off"] = "open"

    @classmethod
    def settings_customise_sources(  # type: ignore[override] # the sources that are not used
        cls, _: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but the arguments; `from_environment` passes the variables."""
        return (init_settings,)

    @field_validator("grpc_port")
    @classmethod
    def _port_of_its_own(cls, port: int | None, info: ValidationInfo) -> int | None:
        if port is None:
            return None
        if str(info.data.get("host", "")).startswith(UNIX):
            raise ValueError("must be empty when SERVING_HOST is a Unix socket")
        if port == info.data.get("port"):
            raise ValueError("must differ from SERVING_PORT")
        return port

    @field_validator("queue_texts")
    @classmethod
    def _room_for_a_request(cls, texts: int, info: ValidationInfo) -> int:
        least = info.data.get("max_texts", 1)
        if texts < least:
            raise ValueError(f"must be a whole number from {least} to {_MOST_TEXTS}")
        return texts

    @property
    def key_share(self) -> float:
        """Share of the queue that one key may fill: all of it where there is no other key."""
        return self.queue_share if len(self.keys) > 1 else 1.0

    @property
    def limits(self) -> Limits:
        """Limits of a request."""
        return Limits(self.max_texts, self.max_text_chars, self.max_body_bytes)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings of an environment; a blank variable counts as not set.

        Raises SettingsError, which has one line per variable that cannot be used.
        """
        source = EnvSettingsSource(cls)
        source.env_vars = {
            name.lower(): text.strip()
            for name, text in {**environment, **_keys_in_file(environment)}.items()
            if text.strip()
        }
        try:
            return cls(**source())
        except ValidationError as error:
            raise SettingsError("\n".join(_line(fault) for fault in error.errors())) from None


def _keys_in_file(environment: Mapping[str, str]) -> dict[str, str]:
    """Return SERVING_KEYS from the file that the environment names, if it does."""
    path = environment.get(KEYS_FILE, "").strip()
    if not path:
        return {}
    if environment.get(_KEYS_VARIABLE, "").strip():
        raise SettingsError(f"{_KEYS_VARIABLE} and {KEYS_FILE} must not both be set")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as exc:
        raise SettingsError(
            f"{KEYS_FILE} must name a file that can be read, and {path} cannot be"
            f" ({os.strerror(exc.errno or 0)})"
        ) from exc
    except ValueError:
        raise SettingsError(f"{KEYS_FILE} must name a text file in UTF-8: {path}") from None
    if not text.strip():  # blank, it would be as no keys, and all could call
        raise SettingsError(
            f"{KEYS_FILE} must name a file with a name:secret a line: {path} is empty"
        )
    return {_KEYS_VARIABLE: text}


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a line per variable that begins with SERVING_ and is none of the settings."""
    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields] + [KEYS_FILE]
    lines = []
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in known:
            likely = get_close_matches(name, known, 1)
            meant = f"; is {likely[0]} meant?" if likely else ""
            lines.append(f"{name} is no setting and has no effect{meant}")
    return lines


def _line(fault: ErrorDetails) -> str:
    """Return what is wrong with a variable and what it may hold."""
    field = str(fault["loc"][0])
    requirement = fault["msg"].removeprefix("Value error, ").replace("Input should", "must")
    if fault["type"] != "value_error":
        requirement = Settings.model_fields[field].description or requirement
    return f"{_PREFIX}{field.upper()} {requirement}"
