import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.classifier.batching import Sizing
from serving.errors import BusyError
from serving.scheduling.queue import Admission, pick_batch


class Recorder:
    """A clock that a test sets, in seconds, and an admission observer that records its calls."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tuple[int, float]] = []

    def queue_changed(self, texts: int, oldest_seconds: float) -> None:
        self.told.append((texts, oldest_seconds))

    def admission(self, limit: int = 100) -> Admission:
        return Admission(limit, lambda: self.now, self)


@pytest.fixture
def observer() -> Recorder:
    return Recorder()


def test_texts_over_the_limit_are_refused_and_the_others_stay_counted(
    observer: Recorder,
) -> None:
    admission = observer.admission(limit=10)

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
def test_retry_after_is_what_the_queued_texts_will_take(observer: Recorder, texts: int) -> None:
    admission = observer.admission()
    first = admission.reserve(20)
    observer.now += 1.0
    first.release(20)
    admission.reserve(100)

    with pytest.raises(BusyError) as caught:
        admission.reserve(texts)

    assert caught.value.retry_after == 5


def test_retry_after_follows_a_server_that_becomes_slower(observer: Recorder) -> None:
    admission = observer.admission()
    reservation = admission.reserve(100)
    for texts in (10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1):
        observer.now += 1.0
        reservation.release(texts)

    assert 70 / 30 <= reservation.left / admission.retry_after() < 80 / 10


def test_time_without_work_is_not_taken_for_slowness(observer: Recorder) -> None:
    admission = observer.admission()
    for _ in range(3):
        observer.now += 1000.0
        reservation = admission.reserve(20)
        observer.now += 1.0
        reservation.release(20)
    admission.reserve(100)

    assert admission.retry_after() == 5


def test_retry_after_is_never_more_than_half_a_minute(observer: Recorder) -> None:
    admission = observer.admission()
    reservation = admission.reserve(1)
    observer.now += 60.0
    reservation.release(1)
    admission.reserve(95)

    assert admission.retry_after() == 30


def test_it_tells_how_full_it_is_and_how_old_the_oldest_request_is(
    observer: Recorder,
) -> None:
    admission = observer.admission()

    first = admission.reserve(2)
    observer.now += 1.0
    second = admission.reserve(3)
    observer.now += 0.5
    first.release(1)
    first.release(1)
    second.release(3)
    admission.observe()

    assert observer.told == [(2, 0.0), (5, 1.0), (4, 1.5), (3, 0.5), (0, 0.0), (0, 0.0)]


QUEUED = st.dictionaries(st.integers(2, 256), st.integers(1, 40), min_size=1)
SIZINGS = st.builds(Sizing, st.integers(1, 2048), st.floats(1.0, 3.0))


@given(QUEUED, st.data(), st.integers(1, 99), SIZINGS)
def test_a_batch_is_picked_around_its_first_text_within_every_bound(
    queued: dict[int, int], data: st.DataObject, most: int, sizing: Sizing
) -> None:
    first = data.draw(st.sampled_from(sorted(queued)))

    picked = pick_batch(queued, first, most, sizing)

    texts = sum(picked.values())
    assert picked[first] >= 1
    assert all(0 < count <= queued[length] for length, count in picked.items())
    assert texts == 1 or (texts <= most and texts * max(picked) <= sizing.token_budget)
    assert max(picked) <= sizing.spread * min(picked) or texts == 1


def test_the_nearest_lengths_are_picked_first() -> None:
    queued = {10: 2, 11: 3, 12: 9, 20: 9}

    assert pick_batch(queued, 11, 6, Sizing()) == {11: 3, 10: 2, 12: 1}
    assert pick_batch(queued, 20, 99, Sizing(token_budget=100)) == {20: 5}
