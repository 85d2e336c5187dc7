from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from serving.classifier.batching import pick_group, plan_groups

LENGTHS = st.lists(st.integers(min_value=2, max_value=256), max_size=120)
BUDGETS = st.integers(min_value=1, max_value=2048)
SPREADS = st.floats(min_value=1.0, max_value=3.0)


@given(LENGTHS, BUDGETS, SPREADS)
def test_every_text_is_in_exactly_one_group(lengths: list[int], budget: int, spread: float) -> None:
    groups = plan_groups(lengths, budget, spread)

    assert sorted(index for group in groups for index in group.indices) == list(range(len(lengths)))


@given(LENGTHS, BUDGETS, SPREADS)
def test_a_group_stays_within_the_budget_unless_one_text_alone_is_over_it(
    lengths: list[int], budget: int, spread: float
) -> None:
    for group in plan_groups(lengths, budget, spread):
        assert len(group.indices) * group.width <= budget or len(group.indices) == 1


@given(LENGTHS, BUDGETS, SPREADS)
def test_the_lengths_in_a_group_lie_within_the_spread(
    lengths: list[int], budget: int, spread: float
) -> None:
    for group in plan_groups(lengths, budget, spread):
        members = [lengths[index] for index in group.indices]
        assert group.width == max(members) <= spread * min(members)


@given(LENGTHS)
def test_longer_texts_are_run_first(lengths: list[int]) -> None:
    widths = [group.width for group in plan_groups(lengths)]

    assert widths == sorted(widths, reverse=True)


@given(LENGTHS)
def test_texts_of_one_length_keep_their_order(lengths: list[int]) -> None:
    order = [index for group in plan_groups(lengths) for index in group.indices]

    for left, right in itertools.pairwise(order):
        assert lengths[left] != lengths[right] or left < right


def test_texts_of_like_length_share_a_run_and_others_do_not() -> None:
    groups = plan_groups([10, 100, 12, 11, 90], token_budget=512, spread=1.2)

    assert [group.indices for group in groups] == [(1, 4), (2, 3, 0)]


def test_no_texts_make_no_groups() -> None:
    assert plan_groups([]) == []


WAITING = st.dictionaries(
    st.integers(min_value=2, max_value=256), st.integers(min_value=1, max_value=40), min_size=1
)


@given(WAITING, st.data(), st.integers(min_value=1, max_value=99), BUDGETS, SPREADS)
def test_a_group_is_picked_around_its_first_text_within_every_bound(
    waiting: dict[int, int], data: st.DataObject, most: int, budget: int, spread: float
) -> None:
    first = data.draw(st.sampled_from(sorted(waiting)))

    picked = pick_group(waiting, first, most, budget, spread)

    texts = sum(picked.values())
    assert picked[first] >= 1
    assert all(0 < count <= waiting[length] for length, count in picked.items())
    assert texts == 1 or (texts <= most and texts * max(picked) <= budget)
    assert max(picked) <= spread * min(picked) or texts == 1


def test_the_nearest_lengths_are_picked_first() -> None:
    waiting = {10: 2, 11: 3, 12: 9, 20: 9}

    assert pick_group(waiting, first=11, most=6) == {11: 3, 10: 2, 12: 1}
    assert pick_group(waiting, first=20, most=99, token_budget=100) == {20: 5}
