"""Turn HTML into text with paragraphs and line breaks.

A text needs no tree, so tags are found one after another, in time linear in the length: parsers
that build a tree, or look for the end of a tag that never ends, are not (see DECISIONS).
"""

import html
import re

_TAG = re.compile(
    r"<!--(?:(?!-->).)*+(?:-->)?"
    r"|<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*+)(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>"
    r"|<[!?/][^<>]*+>",
    re.DOTALL,
)
# How many line ends stand at least between such an element and what is beside it.
_BREAKS = {
    "li": 1, "tr": 1, "div": 1, "ul": 1, "ol": 1,
    "p": 2, "blockquote": 2, "h1": 2, "h2": 2, "h3": 2,
}  # fmt: skip
_UNREAD = frozenset({"script", "style"})
_SPACES = re.compile(r"[ \t\r\n\f]+")
_SURE_SIGN = re.compile(
    r"<br\s{0,5}/?>|</(?:p|div|span|a|b|i|u|em|strong|blockquote|ul|ol|li|h[1-6])>", re.I
)
_LONG_REFERENCE = re.compile(r"&#[0-9]{100,};?")
_BREAKS_LINES = re.compile(r"<(?:br|p|div|li|blockquote)\b", re.I)


def looks_like_html(text: str) -> bool:
    """Return whether a text has a tag that closes an element, or one of a line break."""
    return _SURE_SIGN.search(text) is not None


def text_of_html(content: str) -> str:
    """Return the text of HTML, without tags; entities become the characters they stand for.

    What a server hides (class "invisible") is kept: it is the beginning of a URL. Line ends count
    where no tag breaks lines, as in a table's cell with a tag or two in it.
    """
    if "\n" in content and not _BREAKS_LINES.search(content):
        content = content.replace("\n", "<br>")
    out = _TextWithBreaks()
    unread: str | None = None
    position = 0
    for tag in _TAG.finditer(content):
        if unread is None:
            out.text(content[position : tag.start()])
        position = tag.end()
        name = (tag["name"] or "").lower()
        if unread is not None:
            unread = None if tag["end"] and name == unread else unread
        elif name == "br":
            out.line_end()
        elif name in _UNREAD and not tag["end"]:
            unread = name
        out.separate(_BREAKS.get(name, 0))
    if unread is None:
        out.text(content[position:])
    return "".join(out.parts).strip()


def characters_of_references(text: str) -> str:
    """Return the text with the character for each entity and numeric reference of HTML.

    A number of more digits than any character has is U+FFFD, as one beyond Unicode is;
    html.unescape raises ValueError for thousands of digits.
    """
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))


class _TextWithBreaks:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._line_ends = 0

    def text(self, source: str) -> None:
        text = characters_of_references(_SPACES.sub(" ", source))
        if self._line_ends and not (text := text.lstrip(" ")):
            return
        if self._line_ends and self.parts:
            self.parts[-1] = self.parts[-1].rstrip(" ")
        self.parts.append("\n" * min(self._line_ends, 2) + text)
        self._line_ends = 0

    def separate(self, line_ends: int) -> None:
        self._line_ends = max(self._line_ends, line_ends)

    def line_end(self) -> None:
        self._line_ends += 1
