"""Read the zone of a time: an offset, an abbreviation that means one zone, or a name."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_LARGEST_OFFSET = timedelta(hours=14)
_UTC_NAMES = frozenset({"UTC", "GMT", "UT", "Z"})

_HOURS_EAST: dict[str, float] = {
    # Of the United States, as RFC 2822 reads them wherever else they are used.
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "NST": -3.5, "NDT": -2.5, "BRT": -3,
    "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
    "MEZ": 1, "MESZ": 2,
    "WAT": 1, "CAT": 2, "SAST": 2, "EAT": 3, "PKT": 5, "NPT": 5.75, "WIB": 7, "ICT": 7,
    "HKT": 8, "SGT": 8, "PHT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5,
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
# Moscow's own offset changed, in 2011 and 2014.
_ZONES_BY_ABBREVIATION = {"MSK": "Europe/Moscow"}
_SHARED_ABBREVIATIONS = {
    "IST": "India, Ireland and Israel",
    "AST": "the Atlantic provinces and Arabia",
    "ADT": "the Atlantic provinces and Arabia",
    "GST": "the Gulf states and South Georgia",
    "SST": "Samoa and Singapore",
    "AMT": "the Amazon and Armenia",
    "ECT": "Ecuador and the Caribbean",
    "WST": "Western Australia and Samoa",
}

_OFFSET = re.compile(r"([+-])([0-9]{2})(?::?([0-5][0-9]))?")
_ZONE = re.compile(
    r"(?:(?:UTC|GMT|UT) ?)?([+-](?:[0-9]{2}:?[0-9]{2}|[0-9]{1,2}))"
    r"(?: ?(?:\(([^()]*)\)|\[([^][]*)\]|([A-Za-z]{1,5})))?",
    re.IGNORECASE,
)
_ENCLOSED = re.compile(r"\(([^()]*)\)|\[([^][]*)\]")
_NAME_AND_COMMENT = re.compile(r"([A-Za-z]{1,5}) ?(?:\([^()]*\)|\[[^][]*\])")
_IANA_NAME = re.compile(r"[A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2}")


class UnknownZoneError(ValueError):
    """A zone that cannot be read; the message is for the person who sent it."""


@lru_cache(maxsize=256)
def offset_of(text: str) -> tzinfo:
    """Return the zone of an offset such as +0200, +02:00 or +02.

    Raises UnknownZoneError where it is none, or more than 14 hours.
    """
    match = _OFFSET.fullmatch(text)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0)) if match else None
    if match is None or offset is None or offset > _LARGEST_OFFSET:
        raise UnknownZoneError(f"{_shown(text)} is no offset from UTC")
    return timezone(-offset if match[1] == "-" else offset) if offset else UTC


@lru_cache(maxsize=256)
def zone_of(text: str) -> tzinfo:
    """Return the zone that a text names.

    Takes an offset, also after GMT or UTC and before the zone's name ("GMT+0200 (Central European
    Summer Time)", "+0000 UTC"), an abbreviation, or a name of the IANA database. An hour that a
    named zone has twice, as summer time ends, counts as the first.
    Raises UnknownZoneError, also for abbreviations that several countries use.
    """
    if match := _ZONE.fullmatch(text):
        offset, label = match[1], match[4]
        zone = offset_of(offset if len(offset) > 2 else f"{offset[0]}0{offset[1]}")
        # The offset is what counts; yet a word that is no zone is text that nobody understood.
        if label and (not _is_abbreviation(label) or (_is_utc(label) and zone is not UTC)):
            raise UnknownZoneError(f"the zone {_shown(text)} is not known")
        return zone
    if match := _ENCLOSED.fullmatch(text):
        return _named(match[1] or match[2] or "")
    if match := _NAME_AND_COMMENT.fullmatch(text):
        return _named(match[1])
    return _named(text)


def _is_utc(name: str) -> bool:
    return name.upper() in _UTC_NAMES


def _is_abbreviation(name: str) -> bool:
    known = (_UTC_NAMES, _HOURS_EAST, _ZONES_BY_ABBREVIATION, _SHARED_ABBREVIATIONS)
    return any(name.upper() in names for names in known)


def _named(name: str) -> tzinfo:
    if _is_utc(name):
        return UTC
    abbreviation = name.upper()
    if users := _SHARED_ABBREVIATIONS.get(abbreviation):
        raise UnknownZoneError(
            f"the zone {abbreviation} means different times in {users}: write its offset, as +05:30"
        )
    if abbreviation in _HOURS_EAST:
        return timezone(timedelta(hours=_HOURS_EAST[abbreviation]))
    key = _ZONES_BY_ABBREVIATION.get(abbreviation, name)
    if _IANA_NAME.fullmatch(key):
        try:
            return ZoneInfo(key)
        except (KeyError, ValueError, OSError):
            pass
    raise UnknownZoneError(f"the zone {_shown(name)} is not known: write its offset, as +02:00")


def _shown(text: str) -> str:
    return f"'{text}'" if text.isprintable() else ascii(text)
