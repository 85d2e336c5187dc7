"""Name people to turn to beside a result that leans heavy, by country.

They are listed in a reviewed file (api/support.json, or one of the operator's own).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from api.domain.moods import Mood

EVERYWHERE = "*"
"""Stands in a file for any country."""

_FIELDS = {"name", "contact", "url", "countries"}
_HEAVY = frozenset((Mood.DEPRESSED.value, Mood.STRESSED.value))
_COUNTRY = re.compile(r"[A-Z]{2}")


class InvalidSupportError(ValueError):
    """Say which entry of the list is wrong, and how."""


@dataclass(frozen=True, slots=True)
class SupportEntry:
    """Hold one line or site to turn to; countries are codes such as IE, or EVERYWHERE."""

    name: str
    contact: str
    url: str
    countries: frozenset[str]


class SupportList:
    """Hold the entries in the order to show them, and the country assumed where none is named."""

    def __init__(self, entries: Sequence[SupportEntry], country: str = "") -> None:
        self._entries = tuple(entries)
        self._country = country

    def beside(self, result: Mapping[str, Any], country: str | None) -> list[dict[str, Any]]:
        """Return who to turn to beside a mood result: JSON values, empty unless it leans heavy.

        Those of the country come first, then those for any country, whose `country` is None.
        """
        if result.get("mood") not in _HEAVY:
            return []
        here = (country or self._country).upper()
        near = [entry for entry in self._entries if here in entry.countries]
        anywhere = [entry for entry in self._entries if EVERYWHERE in entry.countries]
        return [_values(entry, here) for entry in near] + [_values(each, None) for each in anywhere]


def parse_support(data: object) -> list[SupportEntry]:
    """Return the entries of [{"name", "contact", "url", "countries"}, ...], in the file's order.

    At least one is for any country, so that nobody is left without. Raises InvalidSupportError
    naming the first entry at fault.
    """
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise InvalidSupportError("the file must hold a list of entries")
    entries = [_entry(item, f"entry {number}") for number, item in enumerate(data, start=1)]
    if not any(EVERYWHERE in entry.countries for entry in entries):
        raise InvalidSupportError('at least one entry must have "*" among its countries')
    return entries


def _entry(item: object, where: str) -> SupportEntry:
    if not isinstance(item, Mapping) or set(item) != _FIELDS:
        raise InvalidSupportError(
            f"{where} must have name, contact, url and countries, and nothing else"
        )
    texts = (item["name"], item["contact"], item["url"])
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise InvalidSupportError(f"{where}: name, contact and url must be text")
    if not item["url"].startswith("https://") or not urlsplit(item["url"]).hostname:
        raise InvalidSupportError(f"{where} ({item['name']}): the url must start with https://")
    countries = item["countries"]
    if not isinstance(countries, Sequence) or isinstance(countries, str) or not countries:
        raise InvalidSupportError(f"{where} ({item['name']}): countries must be a list")
    for country in countries:
        if country != EVERYWHERE and not (isinstance(country, str) and _COUNTRY.fullmatch(country)):
            raise InvalidSupportError(
                f'{where} ({item["name"]}): a country is a code such as "IE", or "*"'
            )
    return SupportEntry(item["name"], item["contact"], item["url"], frozenset(countries))


def _values(entry: SupportEntry, country: str | None) -> dict[str, Any]:
    return {
        "name": entry.name,
        "contact": entry.contact,
        "url": entry.url,
        "country": country,
    }
