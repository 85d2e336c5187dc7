"""Crisis lines shown with a Depressed or Stressed result, by country.

They come from a reviewed file (api/support.json, or the operator's own).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from api.domain.mood.moods import Mood

EVERYWHERE = "*"
"""Stands for any country in the file."""

_FIELDS = {"name", "contact", "url", "countries"}
_HEAVY = frozenset((Mood.DEPRESSED.value, Mood.STRESSED.value))
_COUNTRY = re.compile(r"[A-Z]{2}")


class InvalidSupportError(ValueError):
    """A list that is not valid; the message names the first entry at fault."""


@dataclass(frozen=True, slots=True)
class SupportEntry:
    """One crisis line or site; countries are codes such as IE, or EVERYWHERE."""

    name: str
    contact: str
    url: str
    countries: frozenset[str]


class SupportList:
    """Entries in the order to show them; `country` is assumed if a request names none."""

    def __init__(self, entries: Sequence[SupportEntry], country: str = "") -> None:
        self._entries = tuple(entries)
        self._country = country

    def entries_for(self, result: Mapping[str, Any], country: str | None) -> list[dict[str, Any]]:
        """Return the entries to show with a mood result, as JSON values; empty for lighter moods.

        They are shown with a heavy mood, and also where there are too few posts for a mood and what
        there is leans heavy. Those of the country come first, then those for any country, whose
        `country` is None.
        """
        if not _leans_heavy(result):
            return []
        here = (country or self._country).upper()
        near = [entry for entry in self._entries if here in entry.countries]
        anywhere = [entry for entry in self._entries if EVERYWHERE in entry.countries]
        return [
            {"name": each.name, "contact": each.contact, "url": each.url, "country": code}
            for code, entries in ((here, near), (None, anywhere))
            for each in entries
        ]


def _leans_heavy(result: Mapping[str, Any]) -> bool:

    if result.get("mood") is not None:
        return result["mood"] in _HEAVY
    return (result.get("negativity") or 0) > (result.get("positivity") or 0)


def parse_support(data: object) -> list[SupportEntry]:
    """Return the entries of [{"name", "contact", "url", "countries"}, ...], in the file's order.

    Raises InvalidSupportError for an invalid entry, or if none is for any country.
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
