"""Read the values of settings: each function takes text and returns the value.

It raises ValueError, in words that go on after the variable's name, for text that is none.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

MONGO = ("mongodb://", "mongodb+srv://")
PEPPER_CHARACTERS = 16


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds, both of them allowed."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    """Return a parser of seconds within bounds, both of them allowed."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}")
        return value

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser of one of these words."""

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return text.lower()

    return parse


def address(text: str) -> str:
    """Read an IP address, or localhost."""
    # One address, so that the server has one socket: localhost may stand for two.
    text = "127.0.0.1" if text == "localhost" else text
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("must be an IP address such as 127.0.0.1, or localhost") from None
    return text


def web_address(text: str) -> str:
    """Read an http or https address."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an address such as http://127.0.0.1:3000")
    return text.rstrip("/")


def optional_web_address(text: str) -> str:
    """Read an http or https address, or nothing."""
    return web_address(text) if text else ""


def store_address(text: str) -> str:
    """Read where a store is, or nothing."""
    named = any(text.startswith(form) and text != form for form in ("sqlite:///", *MONGO))
    if text and not named:
        raise ValueError(
            "must look like sqlite:///folder/moodline.db or mongodb://host/moodline, or be empty"
        )
    return text


def host_names(text: str) -> tuple[str, ...]:
    """Read names of hosts, at least one."""
    found = names(text)
    if not found:
        raise ValueError("must name at least one host, separated by commas, without ports")
    return found


def origins(text: str) -> tuple[str, ...]:
    """Read origins of web pages, or none."""
    found = tuple(name.rstrip("/") for name in names(text))
    if not all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", each) for each in found):
        raise ValueError("must list origins such as https://app.example.org, separated by commas")
    return found


def rate(text: str) -> str | None:
    """Read a number of calls in a span of time; None: no limit."""
    if not re.fullmatch(r"off|[1-9]\d{0,8}/(second|minute|hour|day)", text):
        raise ValueError('must be such as 100/minute (second, minute, hour or day), or "off"')
    return None if text == "off" else text


def redis_address(text: str) -> str:
    """Read a Redis's address, or nothing."""
    if text and not re.fullmatch(r"rediss?://\S+", text):
        raise ValueError("must be an address such as redis://127.0.0.1:6379/0, or be empty")
    return text


def country_code(text: str) -> str:
    """Read a country's code, or nothing."""
    if text and not re.fullmatch("[A-Za-z]{2}", text):
        raise ValueError("must be a country's code of two letters such as IE, or be empty")
    return text.upper()


def optional_path(text: str) -> Path | None:
    """Read a path, or nothing."""
    return Path(text) if text else None


def pepper(text: str) -> str | None:
    """Read a secret long enough not to be guessed, or nothing."""
    if text and len(text) < PEPPER_CHARACTERS:
        raise ValueError(f"must have at least {PEPPER_CHARACTERS} characters; make it random")
    return text or None


def names(text: str) -> tuple[str, ...]:
    """Read names, or none."""
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


def named_accounts(text: str) -> tuple[str, ...]:
    """Read names of accounts at X, or none."""
    found = names(text)
    if any(not re.fullmatch(r"@?[a-z0-9_]{1,15}", name) for name in found):
        # X's terms leave no room for "*".
        raise ValueError("must name accounts at X one by one, separated by commas")
    return found


def price(text: str) -> float:
    """Read a price."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1000:
        raise ValueError("must be a price from 0 to 1000")
    return value


def token(text: str) -> str | None:
    """Read a secret that goes into a header, or nothing."""
    if not re.fullmatch(r"[!-~]*", text):
        raise ValueError("must be ASCII without blanks, as it goes into a header")
    return text or None


def sealing_keys(text: str) -> tuple[str, ...]:
    """Read keys of Fernet, or none."""
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if any(not re.fullmatch(r"[A-Za-z0-9_-]{43}=", key) for key in keys):
        raise ValueError("must be keys of 32 bytes as .env.example makes them")
    return keys
