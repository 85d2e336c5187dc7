import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.classifier.batching import Sizing
from serving.errors import BusyError
from serving.scheduling.queue import Admission, Turns, pick_batch


class Recorder:
    """A clock that a test sets, in seconds, and an admission observer that records its calls."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tuple[int, float]] = []

    def queue_changed(self, texts: int, oldest_seconds: float) -> None:
        self.told.append((texts, oldest_seconds))

    def admission(self, limit: int = 100, share: float = 1.0) -> Admission:
        return Admission(limit, lambda: self.now, self, share)


@pytest.fixture
def observer() -> Recorder:
    return Recorder()


def test_texts_over_the_limit_are_refused_and_the_others_stay_counted(
    observer: Recorder,
) -> None:
    admission = observer.admission(limit=10)

    first = admission.reserve(8, "team")
    with pytest.raises(BusyError) as caught:
        admission.reserve(3, "team")
    second = admission.reserve(2, "team")
    admitted = admission.texts
    first.release(8)
    second.release(2)

    assert admitted == 10
    assert admission.texts == 0
    assert caught.value.retry_after == 1


@pytest.mark.parametrize("texts", [1, 50])
def test_retry_after_is_what_the_queued_texts_will_take(observer: Recorder, texts: int) -> None:
    admission = observer.admission()
    first = admission.reserve(20, "team")
    observer.now += 1.0
    first.release(20)
    admission.reserve(100, "team")

    with pytest.raises(BusyError) as caught:
        admission.reserve(texts, "team")

    assert caught.value.retry_after == 5


def test_retry_after_follows_a_server_that_becomes_slower(observer: Recorder) -> None:
    admission = observer.admission()
    reservation = admission.reserve(100, "team")
    for texts in (10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1):
        observer.now += 1.0
        reservation.release(texts)

    assert 70 / 30 <= reservation.left / admission.retry_after() < 80 / 10


def test_time_without_work_is_not_taken_for_slowness(observer: Recorder) -> None:
    admission = observer.admission()
    for _ in range(3):
        observer.now += 1000.0
        reservation = admission.reserve(20, "team")
        observer.now += 1.0
        reservation.release(20)
    admission.reserve(100, "team")

    assert admission.retry_after() == 5


def test_retry_after_is_never_more_than_half_a_minute(observer: Recorder) -> None:
    admission = observer.admission()
    reservation = admission.reserve(1, "team")
    observer.now += 60.0
    reservation.release(1)
    admission.reserve(95, "team")

    assert admission.retry_after() == 30


def test_it_tells_how_full_it_is_and_how_old_the_oldest_request_is(
    observer: Recorder,
) -> None:
    admission = observer.admission()

    first = admission.reserve(2, "team")
    observer.now += 1.0
    second = admission.reserve(3, "team")
    observer.now += 0.5
    first.release(1)
    first.release(1)
    second.release(3)
    admission.observe()

    assert observer.told == [(2, 0.0), (5, 1.0), (4, 1.5), (3, 0.5), (0, 0.0), (0, 0.0)]


def fill(admission: Admission, key: str, texts: int = 1) -> int:
    """Reserve so many texts at a time until the key is refused; return how many it then has."""
    filled = 0
    with contextlib.suppress(BusyError):
        while True:
            admission.reserve(texts, key)
            filled += texts
    return filled


def test_one_key_alone_fills_its_share_of_the_queue_and_is_told_so(observer: Recorder) -> None:
    admission = observer.admission(limit=1000, share=0.5)

    filled = fill(admission, "team-a", 10)
    with pytest.raises(BusyError, match=r"500 texts of your key .* 0\.5 of the queue of 1000"):
        admission.check_room("team-a")

    assert filled == 500
    assert admission.texts == 500


@pytest.mark.parametrize(("share", "filled"), [(0.25, 250), (0.9, 900), (1, 1000)])
def test_the_share_is_what_the_operator_says(observer: Recorder, share: float, filled: int) -> None:
    assert fill(observer.admission(limit=1000, share=share), "team-a") == filled


def test_however_many_keys_fill_the_queue_there_is_room_for_one_more(observer: Recorder) -> None:
    admission = observer.admission(limit=1000, share=0.5)

    for number in range(9):
        fill(admission, f"team-{number}")
        admission.reserve((1000 - admission.texts) // 2, f"newcomer-{number}").release(1)

    assert admission.texts < 1000


def test_a_key_without_texts_may_send_the_largest_request_that_fits(observer: Recorder) -> None:
    admission = observer.admission(limit=256, share=0.1)

    admission.reserve(256, "team-a")

    with pytest.raises(BusyError, match="256 texts are waiting already"):
        admission.reserve(1, "team-b")


def test_a_key_has_its_share_again_when_its_texts_are_done(observer: Recorder) -> None:
    admission = observer.admission(limit=100, share=0.5)
    reservation = admission.reserve(40, "team-a")
    fill(admission, "team-a")

    reservation.release(40)

    assert fill(admission, "team-a") == 40


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40)), max_size=60))
def test_no_key_goes_over_its_share_unless_by_one_request(wanted: list[tuple[str, int]]) -> None:
    admission = Recorder().admission(limit=100, share=0.5)
    held: dict[str, list[int]] = {}
    for key, texts in wanted:
        try:
            admission.reserve(texts, key)
        except BusyError:
            continue
        held.setdefault(key, []).append(texts)

    assert admission.texts == sum(map(sum, held.values())) <= 100
    assert all(len(one) == 1 or sum(one) <= 50 for one in held.values())


def test_texts_of_one_key_are_due_in_the_order_in_which_they_came() -> None:
    turns = Turns()

    assert [turns.number("team", texts) for texts in (3, 1, 5)] == [1, 4, 5]


def test_a_key_that_comes_anew_is_due_next_however_many_texts_another_has_queued() -> None:
    turns = Turns()
    turns.number("team-a", 1000)
    turns.reached(17)

    first, second = turns.number("team-b", 2), turns.number("team-b", 1)

    assert (first, second) == (18, 20)


def test_texts_that_are_dropped_cost_a_key_no_turns() -> None:
    turns = Turns()
    turns.number("team-a", 1000)
    turns.withdraw("team-a", 1000)

    assert turns.number("team-a", 1) == turns.number("team-b", 1)


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
