"""Rate-limit resets are read whatever they hold, and own accounts compared."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import NotOwnAccountError
from api.sources.own_accounts import OwnAccounts
from api.sources.refusals import DEFAULT, LONGEST, SHORTEST, reset_time

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("stated", "at"),
    [
        ([str(SOON.timestamp())], SOON),
        ([SOON.isoformat()], SOON),
        (["2026-03-01T12:05:00"], SOON),
        ([None, "soon", str(SOON.timestamp())], SOON),
        (
            [str(SOON.timestamp()), (SOON + timedelta(hours=1)).isoformat()],
            SOON + timedelta(hours=1),
        ),
        ([], NOW + DEFAULT),
        ([None, ""], NOW + DEFAULT),
        (["0"], NOW + SHORTEST),
        (["99999999999"], NOW + LONGEST),
        (["-1e300", "nan", "9" * 400, "2026-99-99"], NOW + DEFAULT),
    ],
)
def test_the_time_to_wait_is_the_latest_stated_within_bounds(
    stated: list[str | None], at: datetime
) -> None:
    assert reset_time(stated, NOW) == at


TIME_LIKE = st.text(st.sampled_from("0123456789-+:.TZeinfa _٣\x00\ud83d"), max_size=25)


@given(st.lists(TIME_LIKE | st.none() | st.floats().map(str), max_size=5))
def test_nothing_that_is_stated_breaks_the_bounds(stated: list[str | None]) -> None:
    assert NOW + SHORTEST <= reset_time(stated, NOW) <= NOW + LONGEST


def test_own_accounts_are_compared_without_case_and_sign() -> None:
    own = OwnAccounts(["@Ana", " ben "])

    assert "ANA" in own
    assert "ben" in own
    assert "cleo" not in own
    assert "" not in OwnAccounts([])


def test_an_account_that_is_not_named_is_refused_with_the_setting_to_name_it_in() -> None:
    with pytest.raises(NotOwnAccountError, match="TOWN_OWN_ACCOUNTS"):
        OwnAccounts(["ana"]).require("bob", setting="TOWN_OWN_ACCOUNTS")


@pytest.mark.parametrize("named", ["ana", "*"])
def test_an_account_that_is_named_passes_and_a_star_names_everybody(named: str) -> None:
    OwnAccounts([named]).require("ana", setting="TOWN_OWN_ACCOUNTS")
