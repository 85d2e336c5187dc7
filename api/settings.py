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
from urllib.parse import urlsplit


class SettingsError(ValueError):
    """Say in one line which variable cannot be used, and what it may be."""


def _read(default: str, parse: Callable[[str], Any]) -> Any:
    return field(default=parse(default), metadata={"default": default, "parse": parse})


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}")
        return value

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return text.lower()

    return parse


def _loopback(text: str) -> str:
    # One address, so that the server has one socket: localhost may stand for two.
    text = "127.0.0.1" if text == "localhost" else text
    try:
        loopback = ipaddress.ip_address(text).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            "must be a loopback address such as 127.0.0.1, since the service has no keys yet"
            " and would show everybody's posts to the network"
        )
    return text


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an address such as http://127.0.0.1:3000")
    return text.rstrip("/")


def _store_address(text: str) -> str:
    if text and (not text.startswith("sqlite:///") or text == "sqlite:///"):
        raise ValueError("must look like sqlite:///folder/moodline.db, or be empty")
    return text


def _queue_address(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("redis", "rediss", "unix") or not parts.netloc + parts.path):
        raise ValueError("must look like redis://127.0.0.1:6379/0, or be empty")
    return text


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError("must name at least one host, separated by commas, without ports")
    return names


# A secret has no default, and none of these is one.
_SECRET = {"default": "", "parse": lambda text: text or None}


# It may hold a password.
_QUEUE = {"default": "", "parse": _queue_address}


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold every setting; sizes are in bytes, times in seconds."""

    api_host: str = _read("127.0.0.1", _loopback)
    api_port: int = _read("8000", _whole(1, 65535))
    api_processes: int = _read("2", _whole(1, 128))
    api_threads: int = _read("24", _whole(4, 512))
    allowed_hosts: tuple[str, ...] = _read("localhost,127.0.0.1,[::1]", _host_names)
    inference_url: str = _read("http://127.0.0.1:3000", _web_address)
    inference_key: str | None = field(default=None, repr=False, metadata=_SECRET)
    inference_timeout_seconds: float = _read("35", _seconds(0.1, 600))
    inference_retry_seconds: float = _read("120", _seconds(0, 86_400))
    data_dir: Path = _read(".data", Path)  # noqa: RUF009  a field, as the others
    store_url: str = _read("", _store_address)
    max_import_bytes: int = _read("134217728", _whole(1024, 4 * 1024**3))
    max_body_bytes: int = _read("65536", _whole(1024, 16 * 1024**2))
    chunk_posts: int = _read("256", _whole(1, 256))
    requests_in_flight: int = _read("2", _whole(1, 16))
    queue_url: str = field(default="", repr=False, metadata=_QUEUE)
    worker_metrics_port: int = _read("0", _whole(0, 65535))
    analysis_workers: int = _read("2", _whole(1, 64))
    lease_seconds: float = _read("60", _seconds(1, 3600))
    source_wait_seconds: float = _read("900", _seconds(1, 86_400))
    queue_poll_seconds: float = _read("5", _seconds(0.01, 3600))
    event_poll_seconds: float = _read("0.3", _seconds(0.01, 60))
    event_heartbeat_seconds: float = _read("10", _seconds(0.01, 600))
    long_call_seconds: float = _read("600", _seconds(1, 86_400))
    long_calls: int = _read("12", _whole(1, 500))
    shutdown_seconds: float = _read("10", _seconds(0.1, 600))
    moodline_api_url: str = _read("", lambda text: text and _web_address(text))
    moodline_api_key: str | None = field(default=None, repr=False, metadata=_SECRET)
    scoring: str = _read("default", _one_of("default", "classic"))
    log_format: str = _read("plain", _one_of("plain", "json"))
    log_level: str = _read("info", _one_of("debug", "info", "warning", "error"))

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
            raise SettingsError(f"{variable} is {text!r} but {error}.") from error
    settings = Settings(**values)
    if settings.long_calls >= settings.api_threads:
        raise SettingsError(
            f"LONG_CALLS is {settings.long_calls} but must be less than API_THREADS"
            f" ({settings.api_threads}), so that short calls are still answered."
        )
    return settings
