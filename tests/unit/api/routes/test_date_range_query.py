"""The query parameters from, to and timezone."""

from datetime import date

import pytest
from pydantic import ValidationError

from api.domain.date_ranges import date_range
from api.errors import InvalidRequestError
from api.routes.request_models import DateRangeQuery


def test_the_parameters_are_read_as_days_of_the_zone() -> None:
    query = DateRangeQuery.model_validate(
        {"from": "2024-01-01", "to": "2024-12-31", "timezone": "Asia/Kolkata"}
    )

    assert query.days() == date_range(date(2024, 1, 1), date(2024, 12, 31), "Asia/Kolkata")


def test_without_parameters_there_are_no_limits_and_the_zone_is_utc() -> None:
    assert DateRangeQuery.model_validate({}).days() == date_range()


@pytest.mark.parametrize(
    "value", ["", "1704067200", "2024-01-01T00:00:00", "2024-1-1", "2024-02-30", "٢٠٢٤-٠١-٠١"]
)
def test_what_is_no_day_is_refused_under_the_name_of_the_parameter(value: str) -> None:
    with pytest.raises(ValidationError) as raised:
        DateRangeQuery.model_validate({"from": value})

    assert [fault["loc"] for fault in raised.value.errors()] == [("from",)]


@pytest.mark.parametrize(
    ("given", "where"),
    [({"from": "2024-02-01", "to": "2024-01-01"}, "to"), ({"timezone": "Mars"}, "timezone")],
)
def test_a_range_that_cannot_be_is_refused_under_the_name_of_the_parameter(
    given: dict[str, str], where: str
) -> None:
    query = DateRangeQuery.model_validate(given)

    with pytest.raises(InvalidRequestError) as raised:
        query.days()

    assert [fault.where for fault in raised.value.errors] == [where]
