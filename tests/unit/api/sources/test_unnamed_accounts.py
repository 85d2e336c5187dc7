"""Sources without a sign-in read only the accounts that the operator has named."""

from __future__ import annotations

import pytest

from api.errors import NotOwnAccountError
from api.sources.own_accounts import OwnAccounts
from api.sources.unnamed_accounts import refuse_unnamed


def test_an_account_that_is_not_named_is_refused_with_the_setting_to_name_it_in() -> None:
    with pytest.raises(NotOwnAccountError) as raised:
        refuse_unnamed("bob", OwnAccounts(["ana"]), setting="TOWN_OWN_ACCOUNTS")

    assert "TOWN_OWN_ACCOUNTS" in raised.value.detail


@pytest.mark.parametrize("named", ["ana", "*"])
def test_an_account_that_is_named_passes(named: str) -> None:
    refuse_unnamed("ana", OwnAccounts([named]), setting="TOWN_OWN_ACCOUNTS")
