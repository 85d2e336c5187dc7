"""Settings of the service, read from environment variables once into one frozen object.

A field's variable is its name in capitals. `.env.example` names every variable with its default,
and a test proves it. A secret may be in a file that NAME_FILE names.
"""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from api.domain.mood.scoring import PRESETS
from api.environment import read_secret_files


class SettingsError(ValueError):
    """Unusable settings; the message has one line per variable and says what to write instead."""


def _ip_address(text: str) -> str:
    # One address, so that the server has one socket: localhost may stand for two.
    text = "127.0.0.1" if text == "localhost" else text
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("must be an IP address such as 127.0.0.1, or localhost") from None
    return text


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an address such as http://127.0.0.1:3000")
    return text.rstrip("/")


def _host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("must name at least one host, separated by commas, without ports")
    for name in names:
        # Any other name is one that no Host header can have: all calls would be refused with 421.
        if not re.fullmatch(r"[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\]", name):
            raise ValueError(
                "must list host names such as mood.example.org, separated by commas, without"
                f" https://, port, quotes or *, and {name!r} is none"
            )
    return names


def _split(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _lower(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


def _matching(pattern: str, requirement: str) -> AfterValidator:
    """Return a validator of a text, or of each item of a list, against a regular expression."""

    def check(value: Any) -> Any:
        for text in (value,) if isinstance(value, str) else value:
            if not re.fullmatch(pattern, text, re.DOTALL):
                raise ValueError(f"must {requirement}")
        return value

    return AfterValidator(check)


_Items = Annotated[tuple[str, ...], BeforeValidator(_split)]
_Names = Annotated[_Items, AfterValidator(_lower)]
_WebAddress = Annotated[str, AfterValidator(_web_address)]
_HostNames = Annotated[_Names, AfterValidator(_host_names)]
_Rate = Annotated[
    str,
    _matching(
        r"off|[1-9]\d{0,8}/(second|minute|hour|day)",
        'be such as 100/minute (second, minute, hour or day), or "off"',
    ),
    AfterValidator(lambda text: None if text == "off" else text),
]
_Redis = Annotated[
    str,
    _matching(r"rediss?://\S+", "be an address such as redis://127.0.0.1:6379/0, or be empty"),
]
_Token = Annotated[
    str, _matching("[!-~]*", "be ASCII without blanks, as it is sent in an HTTP header")
]


def _scoring(text: str) -> str:
    """Return the name of a preset in lower case, or the path of a file as it is."""
    if text.lower() in PRESETS:
        return text.lower()
    if not text.lower().endswith(".json"):
        raise ValueError(f"must be {', '.join(PRESETS)}, or the path of a .json file")
    return text


def _secret(default: Any = None) -> Any:
    """Return a field that is never shown: a secret, or an address that may have a password."""
    return Field(default, repr=False)


class Settings(BaseSettings):
    """All settings of the API and its workers; sizes are in bytes, times in seconds."""

    model_config = SettingsConfigDict(
        frozen=True, enable_decoding=False, validate_default=False, hide_input_in_errors=True
    )

    api_host: Annotated[str, AfterValidator(_ip_address)] = "127.0.0.1"
    api_port: int = Field(8000, ge=1, le=65535)
    api_processes: int = Field(2, ge=1, le=128)
    api_threads: int = Field(24, ge=4, le=512)
    receive_seconds: float = Field(15.0, ge=0.1, le=600)
    api_connections: int = Field(1000, ge=16, le=100_000)
    allowed_hosts: _HostNames = ("localhost", "127.0.0.1", "[::1]")
    api_key_pepper: (
        Annotated[str, _matching(".{16,}", "have at least 16 characters; make it random")] | None
    ) = _secret()
    api_key_pepper_old: str | None = _secret()
    cors_origins: Annotated[
        _Names,
        AfterValidator(lambda origins: tuple(origin.rstrip("/") for origin in origins)),
        _matching(
            r"https?://[a-z0-9.-]+(:[0-9]{1,5})?",
            "list origins such as https://app.example.org, separated by commas",
        ),
    ] = ()
    trusted_proxy: Annotated[
        str, _matching(r"[0-9a-fA-F.:]+|\*|", "be the IP address of a proxy, *, or be empty")
    ] = ""
    rate_limit: _Rate | None = "3000/minute"
    work_rate_limit: _Rate | None = "300/minute"
    redis_url: _Redis = _secret("")
    country: Annotated[
        str,
        _matching("[A-Za-z]{2}", "be a country's code of two letters such as IE, or be empty"),
        AfterValidator(str.upper),
    ] = ""
    crisis_resources: Path | None = None
    inference_url: _WebAddress = "http://127.0.0.1:3000"
    inference_key: str | None = _secret()
    inference_timeout_seconds: float = Field(35.0, ge=0.1, le=600)
    inference_retry_seconds: float = Field(120.0, ge=0, le=86_400)
    data_dir: Path = Path(".data")
    store_url: Annotated[
        str,
        _matching(
            r"(sqlite:///|mongodb(\+srv)?://).+",
            "look like sqlite:///folder/moodline.db or mongodb://host/moodline, or be empty",
        ),
    ] = _secret("")
    erasure_log: Path | None = None
    posts_retention_days: int = Field(30, ge=1, le=20_000)
    moods_retention_days: int = Field(365, ge=1, le=20_000)
    max_import_bytes: int = Field(128 * 1024**2, ge=1024, le=4 * 1024**3)
    max_spool_bytes: int = Field(512 * 1024**2, ge=1024, le=1024**4)
    max_body_bytes: int = Field(64 * 1024, ge=1024, le=16 * 1024**2)
    chunk_posts: int = Field(256, ge=1, le=256)
    requests_in_flight: int = Field(2, ge=1, le=16)
    queue_url: _Redis = _secret("")
    worker_metrics_port: int = Field(0, ge=0, le=65535)
    analysis_workers: int = Field(2, ge=1, le=64)
    lease_seconds: float = Field(60.0, ge=1, le=3600)
    source_wait_seconds: float = Field(900.0, ge=1, le=86_400)
    queue_poll_seconds: float = Field(5.0, ge=0.01, le=3600)
    event_poll_seconds: float = Field(0.3, ge=0.01, le=60)
    event_heartbeat_seconds: float = Field(10.0, ge=0.01, le=600)
    long_call_seconds: float = Field(600.0, ge=1, le=86_400)
    long_calls: int = Field(12, ge=1, le=500)
    long_calls_per_key: int = Field(6, ge=1, le=500)
    shutdown_seconds: float = Field(10.0, ge=0.1, le=600)
    source_timeout_seconds: float = Field(20.0, ge=0.1, le=600)
    x_api_url: _WebAddress = "https://api.x.com"
    x_bearer_token: _Token | None = _secret()
    # X's terms do not allow "*", which would be any account.
    x_own_accounts: Annotated[
        _Names, _matching("@?[a-z0-9_]{1,15}", "name accounts at X one by one, separated by commas")
    ] = ()
    x_client_id: str | None = None
    x_client_secret: _Token | None = _secret()
    x_redirect_uri: _WebAddress | None = None
    x_liked_posts: int = Field(100, ge=0, le=100)
    x_post_price: float = Field(0.005, ge=0, le=1000)
    x_user_price: float = Field(0.01, ge=0, le=1000)
    sign_in_key: Annotated[
        _Items, _matching("[A-Za-z0-9_-]{43}=", "be keys of 32 bytes as .env.example makes them")
    ] = _secret(())
    bluesky_url: _WebAddress = "https://public.api.bsky.app"
    bluesky_own_accounts: _Names = ()
    mastodon_url: _WebAddress | None = None
    mastodon_own_accounts: _Names = ()
    moodline_api_url: _WebAddress = ""
    moodline_api_key: str | None = _secret()
    scoring: Annotated[str, AfterValidator(_scoring)] = "default"
    log_format: Annotated[Literal["plain", "json"], BeforeValidator(str.lower)] = "plain"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)
    ] = "info"
    otel_exporter_otlp_endpoint: _WebAddress = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the constructor's arguments only: read_settings passes the environment in them."""
        return (init_settings,)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if not (self.loopback or self.api_key_pepper):
            raise ValueError(
                f"API_HOST is {self.api_host!r} but must be a loopback address such as 127.0.0.1"
                " until there are API keys, since all could read everybody's posts: set"
                " API_KEY_PEPPER to a long random text, then make a key with"
                " `python -m api.keys create`."
            )
        if self.api_key_pepper_old and not self.api_key_pepper:
            raise ValueError(
                "API_KEY_PEPPER_OLD is set but API_KEY_PEPPER is not: set that to the new pepper."
            )
        if self.long_calls >= self.api_threads:
            raise ValueError(
                f"LONG_CALLS is {self.long_calls} but must be less than API_THREADS"
                f" ({self.api_threads}), so that short calls are still answered."
            )
        if self.max_spool_bytes < self.max_import_bytes:
            raise ValueError(
                f"MAX_SPOOL_BYTES is {self.max_spool_bytes} but must be MAX_IMPORT_BYTES"
                f" ({self.max_import_bytes}) or more, so that one import of that size has room."
            )
        return self

    @property
    def loopback(self) -> bool:
        """Whether the service listens on a loopback address."""
        return ipaddress.ip_address(self.api_host).is_loopback

    @property
    def x_sign_in_set(self) -> bool:
        """Whether all settings that the sign-in at X needs are set."""
        return bool(self.x_client_id and self.x_redirect_uri and self.sign_in_key)

    @property
    def store_is_mongo(self) -> bool:
        """Whether store_url names a MongoDB."""
        return self.store_url.startswith("mongodb")

    @property
    def store_path(self) -> Path:
        """File of the embedded store: the one of store_url, or else moodline.db in data_dir."""
        if self.store_url:
            return Path(self.store_url.removeprefix("sqlite:///"))
        return self.data_dir / "moodline.db"

    @property
    def erasure_log_path(self) -> Path | None:
        """File of the erasures: erasure_log, or else beside the embedded store."""
        if self.erasure_log is not None or self.store_is_mongo:
            return self.erasure_log
        return self.store_path.with_name(f"{self.store_path.name}.erasures")


def variables() -> dict[str, str]:
    """Return every variable with its default as text, in the order of the settings."""
    return {name.upper(): _as_text(field.default) for name, field in Settings.model_fields.items()}


def secrets() -> list[str]:
    """Return every variable that holds a secret, or an address that may have a password."""
    return [name.upper() for name, field in Settings.model_fields.items() if not field.repr]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; raise SettingsError for unusable ones.

    A variable that is missing or blank has its default.
    """
    of_files, faults = read_secret_files(environment, secrets())
    if faults:
        raise SettingsError("\n".join(faults))
    source = EnvSettingsSource(Settings)
    source.env_vars = {
        name.lower(): text.strip()
        for name, text in {**environment, **of_files}.items()
        if name.isupper() and text.strip()
    }
    try:
        return Settings(**source())
    except ValidationError as error:
        raise SettingsError("\n".join(_fault(each) for each in error.errors())) from error


def _fault(error: ErrorDetails) -> str:
    if not error["loc"]:
        return str(error["ctx"]["error"])
    name = str(error["loc"][0])
    field = Settings.model_fields[name]
    limits = [getattr(limit, bound, None) for limit in field.metadata for bound in ("ge", "le")]
    if numbers := [limit for limit in limits if limit is not None]:
        kind = "whole number" if field.annotation is int else "number"
        requirement = f"must be a {kind} from {numbers[0]} to {numbers[1]}"
    else:
        requirement = error["msg"].removeprefix("Value error, ").replace("Input should", "must")
    shown = repr(error["input"]) if field.repr else "set"
    return f"{name.upper()} is {shown} but {requirement}."


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
