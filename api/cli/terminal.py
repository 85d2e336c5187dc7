"""Print text that other people wrote without letting it command the terminal."""

import re
import sys
from typing import TextIO

# Control characters, which move the cursor, clear the screen or set its title, but for line ends
# and tabs; and those that turn the direction of writing, so that a line reads otherwise than it is.
_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def shown(text: str) -> str:
    """Return the text without characters that command a terminal or turn the writing around."""
    return _COMMANDS.sub("", text)


def shown_json(text: str) -> str:
    """Return JSON that means the same, with those characters escaped."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str, *, end: str = "\n", file: TextIO | None = None) -> None:
    """Print the text as `shown`, on standard output where no file is given."""
    print(shown(text), end=end, file=sys.stdout if file is None else file, flush=file is not None)
