"""Read the settings of the service from the environment, once, into one frozen object.

A field's variable is its name in capitals. `.env.example` names every variable with its default,
and a test proves it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from api.setting_values import (
    MONGO,
    address,
    country_code,
    host_names,
    named_accounts,
    names,
    one_of,
    optional_path,
    optional_web_address,
    origins,
    pepper,
    price,
    rate,
    redis_address,
    sealing_keys,
    seconds,
    store_address,
    token,
    web_address,
    whole,
)


class SettingsError(ValueError):
    """Say in one line which variable cannot be used, and what it may be."""


def _read(default: str, parse: Callable[[str], Any]) -> Any:
    return field(default=parse(default), metadata={"default": default, "parse": parse})


def _hidden(parse: Callable[[str], Any]) -> Any:
    """Read what is never shown: a secret, or an address that may hold a password."""
    return field(default=parse(""), repr=False, metadata={"default": "", "parse": parse})


def _text_or_none(text: str) -> str | None:
    return text or None


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold every setting; sizes are in bytes, times in seconds."""

    api_host: str = _read("127.0.0.1", address)
    api_port: int = _read("8000", whole(1, 65535))
    api_processes: int = _read("2", whole(1, 128))
    api_threads: int = _read("24", whole(4, 512))
    allowed_hosts: tuple[str, ...] = _read("localhost,127.0.0.1,[::1]", host_names)
    api_key_pepper: str | None = _hidden(pepper)
    cors_origins: tuple[str, ...] = _read("", origins)
    rate_limit: str | None = _read("3000/minute", rate)
    work_rate_limit: str | None = _read("300/minute", rate)
    redis_url: str = _hidden(redis_address)
    country: str = _read("", country_code)
    crisis_resources: Path | None = _read("", optional_path)  # noqa: RUF009  a field, as the others
    inference_url: str = _read("http://127.0.0.1:3000", web_address)
    inference_key: str | None = _hidden(_text_or_none)
    inference_timeout_seconds: float = _read("35", seconds(0.1, 600))
    inference_retry_seconds: float = _read("120", seconds(0, 86_400))
    data_dir: Path = _read(".data", Path)  # noqa: RUF009  a field, as the others
    store_url: str = _hidden(store_address)
    posts_retention_days: int = _read("30", whole(1, 20_000))
    moods_retention_days: int = _read("365", whole(1, 20_000))
    max_import_bytes: int = _read("134217728", whole(1024, 4 * 1024**3))
    max_body_bytes: int = _read("65536", whole(1024, 16 * 1024**2))
    chunk_posts: int = _read("256", whole(1, 256))
    requests_in_flight: int = _read("2", whole(1, 16))
    queue_url: str = _hidden(redis_address)
    worker_metrics_port: int = _read("0", whole(0, 65535))
    analysis_workers: int = _read("2", whole(1, 64))
    lease_seconds: float = _read("60", seconds(1, 3600))
    source_wait_seconds: float = _read("900", seconds(1, 86_400))
    queue_poll_seconds: float = _read("5", seconds(0.01, 3600))
    event_poll_seconds: float = _read("0.3", seconds(0.01, 60))
    event_heartbeat_seconds: float = _read("10", seconds(0.01, 600))
    long_call_seconds: float = _read("600", seconds(1, 86_400))
    long_calls: int = _read("12", whole(1, 500))
    shutdown_seconds: float = _read("10", seconds(0.1, 600))
    source_timeout_seconds: float = _read("20", seconds(0.1, 600))
    x_api_url: str = _read("https://api.x.com", web_address)
    x_bearer_token: str | None = _hidden(token)
    x_own_accounts: tuple[str, ...] = _read("", named_accounts)
    x_client_id: str | None = _read("", _text_or_none)
    x_client_secret: str | None = _hidden(token)
    x_redirect_uri: str | None = _read("", optional_web_address)
    x_liked_posts: int = _read("100", whole(0, 100))
    x_post_price: float = _read("0.005", price)
    x_user_price: float = _read("0.01", price)
    sign_in_key: tuple[str, ...] = _hidden(sealing_keys)
    bluesky_url: str = _read("https://public.api.bsky.app", web_address)
    bluesky_own_accounts: tuple[str, ...] = _read("", names)
    mastodon_url: str | None = _read("", optional_web_address)
    mastodon_own_accounts: tuple[str, ...] = _read("", names)
    moodline_api_url: str = _read("", optional_web_address)
    moodline_api_key: str | None = _hidden(_text_or_none)
    scoring: str = _read("default", one_of("default", "classic"))
    log_format: str = _read("plain", one_of("plain", "json"))
    log_level: str = _read("info", one_of("debug", "info", "warning", "error"))
    otel_exporter_otlp_endpoint: str = _read("", optional_web_address)

    @property
    def loopback(self) -> bool:
        """Tell whether the service listens to this machine alone."""
        return ipaddress.ip_address(self.api_host).is_loopback

    @property
    def x_sign_in_set(self) -> bool:
        """Tell whether all is set that signing in at X needs."""
        return bool(self.x_client_id and self.x_redirect_uri and self.sign_in_key)

    @property
    def store_is_mongo(self) -> bool:
        """Tell whether store_url names a MongoDB."""
        return self.store_url.startswith(MONGO)

    @property
    def store_path(self) -> Path:
        """Return the file of the embedded store: that of store_url, else one in data_dir."""
        if self.store_url:
            return Path(self.store_url.removeprefix("sqlite:///"))
        return self.data_dir / "moodline.db"


def variables() -> dict[str, str]:
    """Return every variable with its default as text, in the order of the settings."""
    return {item.name.upper(): item.metadata["default"] for item in fields(Settings)}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that an environment holds; raise SettingsError for a bad one.

    A variable that is missing or empty takes its default.
    """
    values: dict[str, Any] = {}
    for item in fields(Settings):
        variable = item.name.upper()
        text = environment.get(variable, "").strip() or item.metadata["default"]
        try:
            values[item.name] = item.metadata["parse"](text)
        except ValueError as error:
            # What a field does not show, such as a secret, its error does not show either.
            shown = repr(text) if item.repr else "set"
            raise SettingsError(f"{variable} is {shown} but {error}.") from error
    settings = Settings(**values)
    if not (settings.loopback or settings.api_key_pepper):
        raise SettingsError(
            f"API_HOST is {settings.api_host!r} but must be a loopback address such as 127.0.0.1"
            " until there are API keys, since all could read everybody's posts: set API_KEY_PEPPER"
            " to a long random text, then make a key with `python -m api.keys create`."
        )
    if settings.long_calls >= settings.api_threads:
        raise SettingsError(
            f"LONG_CALLS is {settings.long_calls} but must be less than API_THREADS"
            f" ({settings.api_threads}), so that short calls are still answered."
        )
    return settings
