"""The snippets of README.md and docs/*.md: commands, one each, and blocks of anything else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.serving.started import ROOT

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"(?:make|curl|python|pip|docker|kubectl|npx|cat|deploy/\S+) ?")
_COMMENT = re.compile(r"\s+# .*")


@dataclass(frozen=True)
class Snippet:
    """A command, or the whole text of a block that is none; language as the block names it."""

    language: str
    text: str


def documents() -> list[Path]:
    """Return README.md and the documents of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def snippets(document: Path) -> Iterator[Snippet]:
    """Yield the snippets of a document in order; lines that end in a backslash are one command."""
    for indent, language, body in _BLOCK.findall(document.read_text(encoding="utf-8")):
        text = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
        if language or not _SHELL.match(text):
            yield Snippet(language, text)
            continue
        for line in re.sub(r"\\\n\s*", "", text).splitlines():
            if command := _COMMENT.sub("", line).strip():
                yield Snippet("shell", command)
