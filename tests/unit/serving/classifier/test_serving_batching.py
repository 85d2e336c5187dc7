import itertools

from hypothesis import given
from hypothesis import strategies as st

from serving.classifier.batching import plan_batches, warm_shapes

LENGTHS = st.lists(st.integers(min_value=2, max_value=256), max_size=120)
BUDGETS = st.integers(min_value=1, max_value=2048)
SPREADS = st.floats(min_value=1.0, max_value=3.0)


@given(LENGTHS, BUDGETS, SPREADS)
def test_every_text_is_in_exactly_one_batch(lengths: list[int], budget: int, spread: float) -> None:
    batches = plan_batches(lengths, budget, spread)

    assert sorted(index for batch in batches for index in batch.indices) == list(
        range(len(lengths))
    )


@given(LENGTHS, BUDGETS, SPREADS)
def test_a_batch_stays_within_the_budget_unless_one_text_alone_is_over_it(
    lengths: list[int], budget: int, spread: float
) -> None:
    for batch in plan_batches(lengths, budget, spread):
        assert len(batch.indices) * batch.width <= budget or len(batch.indices) == 1


@given(LENGTHS, BUDGETS, SPREADS)
def test_the_lengths_in_a_batch_lie_within_the_spread(
    lengths: list[int], budget: int, spread: float
) -> None:
    for batch in plan_batches(lengths, budget, spread):
        members = [lengths[index] for index in batch.indices]
        assert batch.width == max(members) <= spread * min(members)


@given(LENGTHS)
def test_longer_texts_are_run_first(lengths: list[int]) -> None:
    widths = [batch.width for batch in plan_batches(lengths)]

    assert widths == sorted(widths, reverse=True)


@given(LENGTHS)
def test_texts_of_one_length_keep_their_order(lengths: list[int]) -> None:
    order = [index for batch in plan_batches(lengths) for index in batch.indices]

    for left, right in itertools.pairwise(order):
        assert lengths[left] != lengths[right] or left < right


def test_texts_of_like_length_share_a_run_and_others_do_not() -> None:
    batches = plan_batches([10, 100, 12, 11, 90], token_budget=512, spread=1.2)

    assert [batch.indices for batch in batches] == [(1, 4), (2, 3, 0)]


def test_no_texts_make_no_batches() -> None:
    assert plan_batches([]) == []


def test_warm_shapes_go_from_short_to_the_longest_and_fill_a_batch() -> None:
    shapes = warm_shapes(token_budget=1024, max_tokens=100)

    assert (1, 8) in shapes
    assert (128, 8) in shapes
    assert shapes[-1] == (10, 100)
