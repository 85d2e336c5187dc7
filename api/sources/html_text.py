"""Convert the HTML that a source writes posts in to the text that a person reads."""

import re
from html.parser import HTMLParser

_BREAKS = {"p": "\n\n", "br": "\n", "li": "\n", "blockquote": "\n\n"}
_UNREAD = frozenset({"script", "style"})
_MANY_BREAKS = re.compile(r"\n{3,}")


def text_of_html(html: str) -> str:
    """Return the text with its line breaks; what a server hides (class "invisible") is kept, as
    it is the beginning of a URL."""
    parser = _TextParser()
    parser.feed(html)
    parser.close()
    return _MANY_BREAKS.sub("\n\n", "".join(parser.parts)).strip()


class _TextParser(HTMLParser):
    # A tag that never closes costs nothing but its own name.

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the base's signature
        self._unread += tag in _UNREAD
        self.parts.append(_BREAKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._unread = max(self._unread - (tag in _UNREAD), 0)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)
