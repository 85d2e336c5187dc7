"""Refuse accounts that the operator has not named, where a source has no sign-in."""

from __future__ import annotations

from api.errors import NotOwnAccountError
from api.sources.own_accounts import OwnAccounts


def refuse_unnamed(account: str, own: OwnAccounts, *, setting: str) -> None:
    """Raise NotOwnAccountError for an account that is not in own, which `setting` fills."""
    if account not in own:
        raise NotOwnAccountError(f"The operator has to name this account in {setting} first.")
