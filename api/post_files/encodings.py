"""Find out how a file encodes its text, and read its lines in bounded memory.

UTF-8, UTF-16 and UTF-32 can be recognised. What is left is a single-byte encoding, and no such
file names its own: files of Windows and old web tools are Windows-1252, those of old Macs Mac
Roman. Both are tried, and the one is taken whose letters and marks stand where a writer puts them.

Mojibake is undone as well: UTF-8 taken for Windows-1252 turns ’ into â€™; saved as Mac Roman and
read as Windows-1252 again, as spreadsheets on a Mac did, it becomes ‰Ûª. Both ways back are exact
but for the characters that Mac Roman lacks: the second reading put "_" in their place.
"""

import codecs
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from typing import BinaryIO

SINGLE_BYTE = ("cp1252", "mac_roman")
"""The encodings tried where a file is not Unicode, the commoner one first."""

MISREADINGS = (1, 2)
"""How often text may have been misread: more was never met, and each guess risks sound text."""

_CHUNK_BYTES = 64 * 1024
_HEAD_BYTES = 4 * 1024
_SAMPLES = 4_000
# In UTF-16 one in so many characters at least has a NUL: Latin letters, digits and delimiters.
_FEWEST_NULS = 20
_BEYOND_ASCII = bytes(range(0x80, 0x100))
# At most 256 bytes, and one "_" before them: a run of "_" must not be read anew from each of them.
_SAMPLE = re.compile(rb"[\x21-\x7e]?[ ]?_?[\x80-\xff][_\x80-\xff]{0,255}[ ]?[\x21-\x7e]?")
# Half an emoji, encoded as if it were a character: wrong in UTF-8, yet a sure sign of it.
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_LINE_END = re.compile("[\r\n]")
# A file cut in two inside a character, or with one bad byte, is still UTF-8.
_SOUND_PER_BROKEN = 10


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """A Python codec, and how often the text was misread before it was saved."""

    codec: str = "utf-8-sig"
    misreadings: int = 0

    def __str__(self) -> str:
        return f"{self.codec}, misread {self.misreadings} times" if self.misreadings else self.codec


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """Return the bytes of a file from its start, in pieces."""
    file.seek(0)
    return iter(partial(file.read, _CHUNK_BYTES), b"")


def encoding_of(chunks: Iterable[bytes]) -> TextEncoding:
    """Return the encoding of a file's text, from all of its bytes in pieces of any size.

    Any bytes have an encoding: where none fits well, what comes out is odd, but it is text.
    """
    pieces = iter(chunks)
    head = b""
    while len(head) < _HEAD_BYTES and (piece := next(pieces, None)) is not None:
        head += piece
    if codec := _wide_codec(head):
        return TextEncoding(codec)
    utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")
    samples: list[bytes] = []
    sound = broken = 0
    for chunk in chain([head], pieces):
        text = utf8.decode(chunk)
        if chunk.isascii():
            continue
        beyond_ascii = len(text) - len(chunk.translate(None, _BEYOND_ASCII))
        replaced = text.count("\ufffd") - chunk.count(b"\xef\xbf\xbd")
        if replaced:
            replaced -= 3 * len(_SURROGATE.findall(chunk))
        broken += max(replaced, 0)
        sound += max(beyond_ascii - replaced, 0)
        if len(samples) < _SAMPLES:
            samples += _SAMPLE.findall(chunk)
    # A file may end inside a character, which says nothing unless it is the only one.
    broken += bool(utf8.decode(b"", final=True)) and not sound
    if broken * _SOUND_PER_BROKEN <= sound or not samples:
        texts = [sample.decode("utf-8", "replace") for sample in samples]
        return TextEncoding(misreadings=_misreadings_of(texts)[0])
    return _single_byte_encoding(samples)


def _wide_codec(head: bytes) -> str | None:
    """Return the codec of UTF-16 or UTF-32, known by its mark or by where the NULs stand.

    Where characters take two bytes, one byte of each blank, digit and Latin letter is NUL.
    """
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    high, low = head[::2].count(0), head[1::2].count(0)
    if (
        # A NUL that strayed into UTF-8 is not at its start.
        0 not in head[:8]
        or max(high, low) * _FEWEST_NULS < len(head) // 2
        or max(high, low) < 8 * min(high, low)
    ):
        return None
    return "utf-16-be" if high > low else "utf-16-le"


def _single_byte_encoding(samples: list[bytes]) -> TextEncoding:
    """Take the codec under which most misread text can be restored, else the likelier letters."""
    found: list[tuple[int, int, TextEncoding]] = []
    for codec in SINGLE_BYTE:
        texts = [sample.decode(codec, "replace") for sample in samples]
        misreadings, restored = _misreadings_of(texts)
        found.append((restored, plausibility(texts), TextEncoding(codec, misreadings)))
    return max(found, key=lambda each: each[:2])[2]


def _misreadings_of(texts: list[str]) -> tuple[int, int]:
    """Return how often the texts were misread and how much undoing that restores, or 0 and 0."""
    found = [(times, restorable(texts, times)) for times in MISREADINGS]
    best = max(found, key=lambda each: each[1])
    return best if best[1] else (0, 0)


def decoded(chunks: Iterable[bytes], encoding: TextEncoding) -> Iterator[str]:
    """Yield the decoded text of the pieces; bytes that mean nothing become U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors="replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def lines_of(
    chunks: Iterable[bytes], encoding: TextEncoding, max_characters: int
) -> Iterator[str | None]:
    r"""Yield the lines of a file with their endings (\n, \r\n or \r), misreadings undone.

    A line over max_characters is dropped and None yielded instead, so that no more than that
    and one piece are in memory.
    """
    for batch in line_batches(decoded(chunks, encoding), encoding.misreadings, max_characters):
        if batch is None:
            yield None
        else:
            yield from batch


def line_batches(
    texts: Iterable[str], misreadings: int, max_characters: int
) -> Iterator[list[str] | None]:
    """Yield the lines that end in each piece of text; None stands for one overlong line."""
    # The pieces of a line that has not ended yet: put together once, not anew at each piece.
    pending: list[str] = []
    characters = 0
    dropping = False
    for text in texts:
        # The last line may go on in the next text; so may a "\r", with its "\n".
        ends_none = not _LINE_END.search(text) and not (pending and pending[-1].endswith("\r"))
        pending.append(text)
        characters += len(text)
        if ends_none and characters <= max_characters:
            continue
        whole = "".join(pending)
        lines = list(io.StringIO(whole, newline=""))
        carried = "" if whole.endswith("\n") or not whole else lines.pop()
        if misreadings:
            lines = [undo_misreadings(line, misreadings) for line in lines]
        if dropping and lines:
            dropping = False
            del lines[0]
            yield None
        if len(whole) > max_characters:
            yield from _parted_at_overlong(lines, max_characters)
        elif lines:
            yield lines
        if len(carried) > max_characters:
            dropping = True
            # Only its end is kept, where the line may turn out to end in "\r".
            carried = carried[-1]
        pending, characters = [carried] if carried else [], len(carried)
    if dropping:
        yield None
    elif pending:
        yield [undo_misreadings("".join(pending), misreadings)]


def _parted_at_overlong(lines: Iterable[str], max_characters: int) -> Iterator[list[str] | None]:
    for overlong, group in groupby(lines, lambda line: len(line) > max_characters):
        if overlong:
            yield from (None for _ in group)
        else:
            yield list(group)


# Mojibake

_HIGH = range(0x80, 0x100)
_CONTINUATION = range(0x80, 0xC0)
_LOST = "_"
# What stood where a lost byte is: X cuts a post with "…", by far the commonest of its group.
_LIKELY = {b"\xe2\x80": "…"}
_EMOJI_LEAD = 0xF0
_EMOJI_SECOND = 0x9F
# A first byte of UTF-8 and another, shown as characters.
_GROUP = re.compile("[\xc2-\xf4][^\x00-\x7f]")
# One group is a sign where a control character is in it, or beside a small letter: capitals do end
# in "Ã" before a fixed space.
_SIGN = re.compile(
    "[\xc2-\xdf][\x80-\x9f]|[a-z][\xc2-\xc5][^\x00-\x7f]|(?<![A-Z])[\xc2-\xc5][^\x00-\x7f][a-z]"
)
# Of the "_" before a run only the last can stand for a lost byte of it.
_RUN = re.compile(r"_?[^\x00-\x7f][^\x00-\x5e\x60-\x7f]*")


def undo_misreadings(text: str, misreadings: int) -> str:
    """Return the text with every misread character put right; 0 misreadings change nothing.

    A character whose bytes were lost becomes "…" where that is what was most likely there, else
    "_", the sign that the file itself puts in place of what it lost.
    """
    if misreadings == 0 or text.isascii():
        return text
    origins = _ORIGINS[misreadings]
    return _RUN.sub(lambda run: _undo_run(run[0], origins)[0], text)


def undo_double_encoding(text: str) -> str:
    r"""Return the text with UTF-8 bytes that stand in it as characters put together.

    Meta's exports write "\u00e2\u0080\u0099" for "’": the damage shows once JSON is decoded. Text
    is left as it is unless that is no accident: a lone "Ã©" was typed, in "cafÃ©" it was not.
    """
    if text.isascii() or not _GROUP.search(text):
        return text
    if restorable([text], 1) or (_SIGN.search(text) and not _gain([text], 1)[1]):
        return undo_misreadings(text, 1)
    return text


def restorable(texts: Iterable[str], misreadings: int) -> int:
    """Return how many bytes undoing so many misreadings restores; 0 unless that is no accident.

    One group of three bytes or two of two are needed, and few characters left unexplained. Sound
    text has such groups as good as never: "Ã" before "©" is no word of any language.
    """
    restored, unexplained = _gain(texts, misreadings)
    return restored if restored >= 2 and restored >= 4 * unexplained else 0


def _gain(texts: Iterable[str], misreadings: int) -> tuple[int, int]:
    """Return how many bytes undoing restores, and how many characters it leaves unexplained."""
    restored = unexplained = 0
    for run, times in Counter(chain.from_iterable(map(_RUN.findall, texts))).items():
        _, gained, left = _undo_run(run, _ORIGINS[misreadings])
        restored += times * gained
        unexplained += times * left
    return restored, unexplained


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
    # Of the lead bytes that were lost, only an emoji's is known: its second byte is always 9F.
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


def _read_twice() -> Iterator[tuple[str, int]]:
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


def _table(pairs: Iterable[tuple[str, int]]) -> Mapping[str, frozenset[int]]:
    """Gather the bytes that may stand behind each character."""
    table: dict[str, set[int]] = {}
    for character, byte in pairs:
        table.setdefault(character, set()).add(byte)
    return {character: frozenset(found) for character, found in table.items()}


def _read_once() -> Iterator[tuple[str, int]]:
    for byte in _HIGH:
        yield _windows(byte), byte
        # Latin-1, for which many programs take Windows-1252, has control characters there.
        yield chr(byte), byte


_ORIGINS = {1: _table(_read_once()), 2: _table(_read_twice())}

# Plausibility: the wrong one of two single-byte encodings shows capitals inside words (cafÈ), signs
# of mathematics in prose (caf√©) and marks on the wrong side of a word. Weights are chosen by hand:
# only their order matters, and tests fix it for six languages.

_COMMON = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÃÄÅÆÇÈÉÊËÍÎÏÑÓÔÕÖØÚÛÜ")
_OPENING = frozenset("“‘«„‚‹¿¡")
_CLOSING = frozenset("”’»›…")
_BETWEEN = frozenset("–—•·")
_WITH_NUMBERS = frozenset("€£¥¢°²³½¼¾±×")
_TRADE = frozenset("©®™")
_FIXED_SPACE = "\xa0"
# Letters that words of the languages meant end in; the others stand inside words.
_ENDING = frozenset("éèàùòìöäåøüáíóúã")


def plausibility(texts: Iterable[str]) -> int:
    """Return the sum of the weights of all characters beyond ASCII, each with its neighbours."""
    total = 0
    for text, times in Counter(texts).items():
        for at, character in enumerate(text):
            if not character.isascii():
                total += times * _weight(
                    character, text[max(at - 1, 0) : at], text[at + 1 : at + 2]
                )
    return total


def _weight(character: str, before: str, after: str) -> int:
    """Weigh one character; before and after are its neighbours, "" at an end of the sample."""
    if character.isalpha() and character in _COMMON:
        return _letter_weight(character, before, after)
    if character == "’" and before.isalpha() and after.isalpha():
        # it’s, don’t, we’re, then l’ before a vowel
        return 4 if after in "stmrlvdSTMRLVD" else 3 if after in "aeiouyhàâéèêîôû" else 1
    if character in _OPENING:
        return 2 if after.isalnum() and not before.isalnum() else -1
    if character in _CLOSING:
        return 2 if before and not before.isspace() and not after.isalnum() else -1
    if character in _BETWEEN:
        return 2 if before.isalpha() and after.isalpha() else 1
    if character in _WITH_NUMBERS:
        return 1 if before.isdigit() or after.isdigit() else -1
    if character in _TRADE:
        return 2 if before.isalnum() and not after.isalnum() else 0
    if character == _FIXED_SPACE:
        return 0
    # Left are signs, bare accents, letters of neither's languages, and bytes without meaning.
    return -4 if unicodedata.category(character) in ("Cc", "So", "Sm", "Sk", "Lm") else -2


def _letter_weight(character: str, before: str, after: str) -> int:
    """Weigh an accented letter: small ones belong in words, capitals at the head of one."""
    if character.islower():
        if after.isupper():
            return -3
        if before.isalpha() and not after.isalpha():
            return 3 if character in _ENDING else 1
        return 3 if after.isalpha() else 1
    if before.islower():
        return -3
    if after.islower():
        return 3
    return 2 if before.isupper() or after.isupper() else -1
