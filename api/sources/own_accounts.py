"""Which accounts at a source may be read: those of people who use this service."""

from collections.abc import Iterable

from api.errors import FieldError, InvalidRequestError, NotOwnAccountError

ANYBODY = "*"
"""Stands for every account, where a person's own word is enough."""


class OwnAccounts:
    """Account names from a setting, compared without regard to case."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.strip().removeprefix("@").lower() for name in names)

    def __contains__(self, account: str) -> bool:
        return ANYBODY in self._names or account.lower() in self._names

    def require(self, account: str, *, setting: str) -> None:
        """Raise NotOwnAccountError unless the account is listed in the setting."""
        if account not in self:
            raise NotOwnAccountError(f"The operator has to name this account in {setting} first.")


def invalid_account(detail: str, rule: str) -> InvalidRequestError:
    """Return the error for what is no account name at a source; rule says what one must be."""
    return InvalidRequestError(detail, [FieldError("/source_user", rule)])
