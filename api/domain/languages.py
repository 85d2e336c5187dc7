"""Tell what a source's language code says about a post."""

from __future__ import annotations

import re
from typing import TypeGuard

# BCP 47: undetermined, no linguistic content, several, uncoded; and q.., the codes for private
# use, with which X marks posts of mentions, hashtags or media only (qam, qht, qme, ...).
_SAYS_NOTHING = re.compile(r"und|zxx|mul|mis|q[a-t][a-z]")


def is_known(language: str | None) -> TypeGuard[str]:
    """Tell whether the code names a language."""
    if language is None:
        return False
    primary = _primary(language)
    return bool(primary) and not _SAYS_NOTHING.fullmatch(primary)


def is_english(language: str) -> bool:
    """Tell whether the code is English of any region: en, en-GB, EN_us, eng."""
    return _primary(language) in ("en", "eng")


def _primary(language: str) -> str:
    """Return the part of a code before its region or script, lower-cased."""
    return re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
