import pytest

from benchmarks.figures import Spread, percentile, spread


def test_a_percentile_is_the_smallest_value_that_the_share_does_not_exceed() -> None:
    values = [float(value) for value in range(100, 0, -1)]

    assert percentile(values, 0.50) == 50.0
    assert percentile(values, 0.99) == 99.0
    assert percentile(values, 1.0) == 100.0
    assert percentile([3.5], 0.01) == 3.5
    assert percentile([], 0.5) is None


def test_a_spread_is_the_median_between_the_lowest_and_the_highest_round() -> None:
    assert spread([900.0, 1000.0, 700.0]) == Spread(900.0, 700.0, 1000.0)
    assert spread([None, 2.0, 4.0]) == Spread(3.0, 2.0, 4.0)
    assert spread([None, None]) is None


@pytest.mark.parametrize(
    ("figure", "digits", "shown"),
    [
        (Spread(1040.2, 1000.0, 1090.0), 0, "1,040 (1,000..1,090)"),
        (Spread(2.5, 2.5, 2.5), 1, "2.5"),
        (Spread(2.51, 2.49, 2.54), 1, "2.5"),
    ],
)
def test_a_spread_is_shown_where_its_digits_differ(figure: Spread, digits: int, shown: str) -> None:
    assert figure.shown(digits) == shown
