import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import BusyError
from serving.scheduling.queue import Admission, pick_batch


class HandClock:
    """A clock that a test sets, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Notes:
    """An admission observer that records its calls."""

    def __init__(self) -> None:
        self.told: list[tuple[int, float]] = []

    def queue_changed(self, texts: int, oldest_seconds: float) -> None:
        self.told.append((texts, oldest_seconds))


def admission_of(
    limit: int = 100, clock: HandClock | None = None, notes: Notes | None = None
) -> Admission:
    return Admission(limit, clock or HandClock(), notes or Notes())


def test_texts_over_the_limit_are_refused_and_the_others_stay_counted() -> None:
    admission = admission_of(limit=10)

    first = admission.reserve(8)
    with pytest.raises(BusyError) as caught:
        admission.reserve(3)
    second = admission.reserve(2)
    admitted = admission.texts
    first.release(8)
    second.release(2)

    assert admitted == 10
    assert admission.texts == 0
    assert caught.value.retry_after == 1


@pytest.mark.parametrize("texts", [1, 50])
def test_retry_after_is_what_the_texts_held_will_take_whoever_asks(texts: int) -> None:
    clock = HandClock()
    admission = admission_of(limit=100, clock=clock)
    first = admission.reserve(20)
    clock.now += 1.0
    first.release(20)
    admission.reserve(100)

    with pytest.raises(BusyError) as caught:
        admission.reserve(texts)

    assert caught.value.retry_after == 5


def test_retry_after_follows_a_server_that_becomes_slower() -> None:
    clock = HandClock()
    admission = admission_of(clock=clock)
    reservation = admission.reserve(100)
    for texts in (10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1):
        clock.now += 1.0
        reservation.release(texts)

    assert 70 / 30 <= reservation.left / admission.retry_after() < 80 / 10


def test_time_without_work_is_not_taken_for_slowness() -> None:
    clock = HandClock()
    admission = admission_of(clock=clock)
    for _ in range(3):
        clock.now += 1000.0
        reservation = admission.reserve(20)
        clock.now += 1.0
        reservation.release(20)
    admission.reserve(100)

    assert admission.retry_after() == 5


def test_retry_after_is_never_more_than_half_a_minute() -> None:
    clock = HandClock()
    admission = admission_of(clock=clock)
    reservation = admission.reserve(1)
    clock.now += 60.0
    reservation.release(1)
    admission.reserve(95)

    assert admission.retry_after() == 30


def test_it_tells_how_full_it_is_and_how_old_the_oldest_request_is() -> None:
    clock, notes = HandClock(), Notes()
    admission = admission_of(clock=clock, notes=notes)

    first = admission.reserve(2)
    clock.now += 1.0
    second = admission.reserve(3)
    clock.now += 0.5
    first.release(1)
    first.release(1)
    second.release(3)
    admission.observe()

    assert notes.told == [(2, 0.0), (5, 1.0), (4, 1.5), (3, 0.5), (0, 0.0), (0, 0.0)]


BUDGETS = st.integers(min_value=1, max_value=2048)
SPREADS = st.floats(min_value=1.0, max_value=3.0)
QUEUED = st.dictionaries(
    st.integers(min_value=2, max_value=256), st.integers(min_value=1, max_value=40), min_size=1
)


@given(
    QUEUED,
    st.data(),
    st.integers(min_value=1, max_value=99),
    st.integers(min_value=1, max_value=2048),
    st.floats(min_value=1.0, max_value=3.0),
)
def test_a_batch_is_picked_around_its_first_text_within_every_bound(
    queued: dict[int, int], data: st.DataObject, most: int, budget: int, spread: float
) -> None:
    first = data.draw(st.sampled_from(sorted(queued)))

    picked = pick_batch(queued, first, most, budget, spread)

    texts = sum(picked.values())
    assert picked[first] >= 1
    assert all(0 < count <= queued[length] for length, count in picked.items())
    assert texts == 1 or (texts <= most and texts * max(picked) <= budget)
    assert max(picked) <= spread * min(picked) or texts == 1


def test_the_nearest_lengths_are_picked_first() -> None:
    queued = {10: 2, 11: 3, 12: 9, 20: 9}

    assert pick_batch(queued, first=11, most=6) == {11: 3, 10: 2, 12: 1}
    assert pick_batch(queued, first=20, most=99, token_budget=100) == {20: 5}
