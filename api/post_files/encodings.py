"""Tell in which form a file keeps its text, and read its lines in bounded memory.

UTF-8 and UTF-16 say what they are. What is left is a single-byte encoding, and no such file says
which: files of Windows and old web tools are Windows-1252, those of old Macs Mac Roman. Both are
tried and the one whose letters and marks stand where a writer puts them is taken.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from api.post_files import mojibake
from api.post_files.plausibility import plausibility

SINGLE_BYTE = ("cp1252", "mac_roman")
"""The encodings tried where a file is no Unicode, the commoner one first."""

_SAMPLES = 4_000
_SAMPLE = re.compile(rb"[\x21-\x7e]?[ ]?_*[\x80-\xff][_\x80-\xff]*[ ]?[\x21-\x7e]?")
# Half an emoji, encoded as if it were a character: wrong in UTF-8, yet a sure sign of it.
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
# A file cut in two inside a character, or with one bad byte, is still UTF-8.
_SOUND_PER_BROKEN = 10


@dataclass(frozen=True, slots=True)
class TextForm:
    """Name how text is kept: a Python codec, and how often its UTF-8 was misread before."""

    codec: str = "utf-8-sig"
    misreadings: int = 0

    def __str__(self) -> str:
        """Name the form as a log line shows it."""
        return f"{self.codec}, misread {self.misreadings} times" if self.misreadings else self.codec


@dataclass(frozen=True, slots=True)
class OverlongLine:
    """Stand in the place of a line that is longer than a reader takes."""


def form_of(chunks: Iterable[bytes]) -> TextForm:
    """Return the form of a file's text, from all of its bytes in pieces of any size.

    Any bytes have a form: where none fits well, what comes out is odd, but it is text.
    """
    utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")
    samples: list[bytes] = []
    sound = broken = 0
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return TextForm("utf-16")
        text = utf8.decode(chunk)
        if chunk.isascii():
            continue
        beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
        replaced = text.count("\ufffd") - chunk.count(b"\xef\xbf\xbd")
        replaced -= 3 * len(_SURROGATE.findall(chunk))
        broken += max(replaced, 0)
        sound += max(beyond_ascii - replaced, 0)
        if len(samples) < _SAMPLES:
            samples += _SAMPLE.findall(chunk)
    # A file may end inside a character, which says nothing unless it is the only one.
    broken += bool(utf8.decode(b"", final=True)) and not sound
    if broken * _SOUND_PER_BROKEN <= sound or not samples:
        return _utf8_form(samples)
    return _single_byte_form(samples)


def _utf8_form(samples: list[bytes]) -> TextForm:
    texts = [sample.decode("utf-8", "replace") for sample in samples]
    return TextForm(misreadings=_misreadings_of(texts)[0])


def _single_byte_form(samples: list[bytes]) -> TextForm:
    """Take the encoding that lets misread text be restored best, else the likelier letters."""
    found: list[tuple[int, int, TextForm]] = []
    for codec in SINGLE_BYTE:
        texts = [sample.decode(codec, "replace") for sample in samples]
        misreadings, restored = _misreadings_of(texts)
        found.append((restored, plausibility(texts), TextForm(codec, misreadings)))
    return max(found, key=lambda each: each[:2])[2]


def _misreadings_of(texts: list[str]) -> tuple[int, int]:
    """Return how often the texts were misread and how much undoing that restores, or 0 and 0."""
    best = (0, 0)
    for misreadings in mojibake.MISREADINGS:
        evidence = mojibake.evidence(texts, misreadings)
        if evidence.convincing and evidence.restored > best[1]:
            best = misreadings, evidence.restored
    return best


def texts_of(chunks: Iterable[bytes], form: TextForm) -> Iterator[str]:
    """Yield the decoded text of the pieces; bytes that mean nothing become U+FFFD."""
    decoder = codecs.getincrementaldecoder(form.codec)(errors="replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def lines_of(
    chunks: Iterable[bytes], form: TextForm, max_characters: int
) -> Iterator[str | OverlongLine]:
    r"""Yield the lines of a file with their endings (\n, \r\n or \r), misreadings undone.

    A line over max_characters is dropped and an OverlongLine yielded in its place, so no more
    than that and one piece are ever held.
    """
    carried = ""
    dropping = False
    for text in texts_of(chunks, form):
        pieces = list(io.StringIO(carried + text, newline=""))
        # The last piece may go on in the next text; so may a "\r", with its "\n".
        carried = "" if pieces[-1].endswith("\n") else pieces.pop()
        for piece in pieces:
            overlong = dropping or len(piece) > max_characters
            dropping = False
            yield OverlongLine() if overlong else mojibake.undo(piece, form.misreadings)
        if len(carried) > max_characters:
            dropping = True
            # Only its end is kept, where the line may turn out to end in "\r".
            carried = carried[-1]
    if carried or dropping:
        yield OverlongLine() if dropping else mojibake.undo(carried, form.misreadings)
