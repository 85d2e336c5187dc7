"""Undo text whose UTF-8 was read as if it were a single-byte encoding, once or twice.

Read once, UTF-8 taken for Windows-1252 turns ’ into â€™. Saved as Mac Roman and read as
Windows-1252 again, as spreadsheets on a Mac did, it becomes ‰Ûª. Both ways back are exact but for
the characters that Mac Roman lacks: the second reading put "_" in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# More than two misreadings were never met, and each guess at more risks harm to sound text.
MISREADINGS = (1, 2)

_HIGH = range(0x80, 0x100)
_CONTINUATION = range(0x80, 0xC0)
_LOST = "_"
# What stood where a lost byte is: X cuts a post with "…", by far the commonest of its group.
_LIKELY = {b"\xe2\x80": "…"}
_EMOJI_LEAD = 0xF0
_EMOJI_SECOND = 0x9F
_RUN = re.compile(r"_*[^\x00-\x7f][^\x00-\x5e\x60-\x7f]*")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Weigh what a way back restores against the characters that it cannot explain."""

    restored: int = 0
    unexplained: int = 0

    @property
    def convincing(self) -> bool:
        """Tell whether this is no accident: one group of three bytes or two of two, and few else.

        Sound text holds such groups as good as never: "Ã" before "©" is no word of any language.
        """
        return self.restored >= 2 and self.restored >= 4 * self.unexplained


def undo(text: str, misreadings: int) -> str:
    """Return the text with every misread character put right; 0 misreadings change nothing.

    A character whose bytes were lost becomes "…" where that is what was most likely there, else
    "_", the sign that the file itself puts in place of what it lost.
    """
    if misreadings == 0 or text.isascii():
        return text
    origins = _ORIGINS[misreadings]
    return _RUN.sub(lambda run: _undo_run(run[0], origins)[0], text)


def evidence(texts: Iterable[str], misreadings: int) -> Evidence:
    """Weigh how well these texts are explained by so many misreadings."""
    restored = unexplained = 0
    for text in texts:
        for run in _RUN.findall(text):
            _, gained, left = _undo_run(run, _ORIGINS[misreadings])
            restored += gained
            unexplained += left
    return Evidence(restored, unexplained)


def _undo_run(run: str, origins: Mapping[str, frozenset[int]]) -> tuple[str, int, int]:
    """Return the run put right, the weight of what was restored and how much was left."""
    out: list[str] = []
    restored = unexplained = at = 0
    while at < len(run):
        group = _group_at(run, at, origins)
        if group is None:
            out.append(run[at])
            unexplained += run[at] != _LOST
            at += 1
        else:
            character, length = group
            out.append(character)
            restored += length - 1
            at += length
    return "".join(out), restored, unexplained


def _group_at(run: str, at: int, origins: Mapping[str, frozenset[int]]) -> tuple[str, int] | None:
    """Return the character whose misread bytes start here, and how many they are, or None."""
    lead = _lead_at(run, at, origins)
    if lead is None:
        return None
    length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    tail = run[at + 1 : at + length]
    if len(tail) < length - 1:
        return None
    known = bytearray([lead])
    whole = True
    for character in tail:
        byte = next((b for b in origins.get(character, ()) if b in _CONTINUATION), None)
        if byte is None and not (character == _LOST and _LOST in origins):
            return None
        if byte is None or character == _LOST:
            whole = False
        elif whole:
            known.append(byte)
    if not whole:
        return _LIKELY.get(bytes(known), _LOST), length
    try:
        return known.decode("utf-8"), length
    except UnicodeDecodeError:
        return None


def _lead_at(run: str, at: int, origins: Mapping[str, frozenset[int]]) -> int | None:
    """Return the first byte of a UTF-8 group of several bytes, or None where none can start."""
    if run[at] != _LOST:
        return next((b for b in origins.get(run[at], ()) if 0xC2 <= b <= 0xF4), None)
    # Of the lead bytes that were lost, only an emoji's can be told: its second byte is always 9F.
    follower = origins.get(run[at + 1 : at + 2], frozenset())
    return _EMOJI_LEAD if _LOST in origins and _EMOJI_SECOND in follower else None


def _windows(byte: int) -> str:
    """Return what Windows-1252 shows for a byte; its five unused bytes are control characters."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def _saved_as_mac(character: str) -> int | None:
    """Return the byte that Mac Roman keeps of a character, or None where it is lost."""
    try:
        return character.encode("mac_roman")[0]
    except UnicodeEncodeError:
        return ord(character) if ord(character) in _HIGH else None


def _table(pairs: Iterable[tuple[str, int]]) -> Mapping[str, frozenset[int]]:
    """Gather the bytes that may stand behind each character."""
    table: dict[str, set[int]] = {}
    for character, byte in pairs:
        table.setdefault(character, set()).add(byte)
    return {character: frozenset(found) for character, found in table.items()}


def _read_once() -> Iterable[tuple[str, int]]:
    return ((_windows(byte), byte) for byte in _HIGH)


def _read_twice() -> Iterable[tuple[str, int]]:
    for byte in _HIGH:
        kept = _saved_as_mac(_windows(byte))
        if kept is None:
            yield _LOST, byte
            continue
        seen = _windows(kept)
        yield seen, byte
        if _saved_as_mac(seen) is None:
            # The file was itself saved in Mac Roman, so this one was lost on the second way.
            yield _LOST, byte
        elif "\x80" <= seen <= "\x9f":
            # A control character passed through as its byte, which Mac Roman shows as a letter.
            yield bytes([kept]).decode("mac_roman"), byte


_ORIGINS = {1: _table(_read_once()), 2: _table(_read_twice())}
