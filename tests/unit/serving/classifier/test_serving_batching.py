import itertools

from hypothesis import given
from hypothesis import strategies as st

from serving.classifier.batching import Sizing, plan_batches, warm_shapes

LENGTHS = st.lists(st.integers(min_value=2, max_value=256), max_size=120)
SIZINGS = st.builds(Sizing, st.integers(1, 2048), st.floats(1.0, 3.0))


@given(LENGTHS, SIZINGS)
def test_every_text_is_in_one_batch_within_the_budget_and_the_spread(
    lengths: list[int], sizing: Sizing
) -> None:
    batches = plan_batches(lengths, sizing)

    indices = [index for batch in batches for index in batch.indices]
    assert sorted(indices) == list(range(len(lengths)))
    for batch in batches:
        members = [lengths[index] for index in batch.indices]
        assert batch.width == max(members) <= sizing.spread * min(members)
        assert len(members) * batch.width <= sizing.token_budget or len(members) == 1


@given(LENGTHS)
def test_longer_texts_are_run_first_and_those_of_one_length_in_their_order(
    lengths: list[int],
) -> None:
    batches = plan_batches(lengths, Sizing())

    widths = [batch.width for batch in batches]
    assert widths == sorted(widths, reverse=True)
    for left, right in itertools.pairwise(index for batch in batches for index in batch.indices):
        assert lengths[left] != lengths[right] or left < right


def test_texts_of_like_length_share_a_run_and_others_do_not() -> None:
    batches = plan_batches([10, 100, 12, 11, 90], Sizing(token_budget=512, spread=1.2))

    assert [batch.indices for batch in batches] == [(1, 4), (2, 3, 0)]
    assert plan_batches([], Sizing()) == []


def test_warm_shapes_go_from_short_to_the_longest_and_fill_a_batch() -> None:
    shapes = warm_shapes(token_budget=1024, max_tokens=100)

    assert (1, 8) in shapes
    assert (128, 8) in shapes
    assert shapes[-1] == (10, 100)
