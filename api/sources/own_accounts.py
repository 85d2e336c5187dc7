"""Say which accounts at a source are those of the people who use this service."""

from __future__ import annotations

from collections.abc import Iterable

ANYBODY = "*"
"""Stands for every account, where a person's own word is enough."""


class OwnAccounts:
    """Hold the accounts that the operator names; names are compared without regard to case."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.strip().removeprefix("@").lower() for name in names)

    def __contains__(self, account: str) -> bool:
        return ANYBODY in self._names or account.lower() in self._names
