"""Check which posts a result picks out."""

from __future__ import annotations

import pytest

from api.domain.highlights import moved_most, peak
from api.domain.posts import ClassifiedPost, Ownership
from api.domain.scoring import adjusted
from api.domain.scoring_config import DEFAULT
from tests.unit.api.domain.builders import classified, emotions, post, said


def test_the_peak_of_an_emotion_is_the_own_post_highest_in_it() -> None:
    items = [
        classified(post("1"), joy=0.5, neutral=0.5),
        classified(post("2"), joy=0.7, neutral=0.3),
        classified(post("3", ownership=Ownership.SHARED), joy=0.9, neutral=0.1),
    ]

    found = peak("joy", items, [item.classification.scores for item in items])

    assert found is not None
    assert (found.post.post_id, found.probability) == ("2", 0.7)


def test_an_ironic_joy_is_not_the_happiest() -> None:
    items = [
        ClassifiedPost(post("ironic"), said(joy=0.9, neutral=0.1, irony=1.0)),
        ClassifiedPost(post("plain"), said(joy=0.6, neutral=0.4)),
    ]

    found = peak("joy", items, [adjusted(item.classification, DEFAULT) for item in items])

    # 0.9 * (1 - 0.5) = 0.45 < 0.6
    assert found is not None
    assert found.post.post_id == "plain"


def test_of_two_equal_peaks_the_newer_is_taken() -> None:
    items = [
        classified(post("1", days_old=2), joy=0.7),
        classified(post("2", days_old=1), joy=0.7),
        classified(post("3", days_old=3), joy=0.7),
    ]

    found = peak("joy", items, [item.classification.scores for item in items])

    assert found is not None
    assert found.post.post_id == "2"


def test_a_user_who_wrote_nothing_has_no_peak() -> None:
    items = [classified(post(ownership=Ownership.LIKED), joy=1.0)]

    assert peak("joy", items, [emotions(joy=1.0)]) is None


def test_a_peak_is_told_with_its_text_and_time() -> None:
    found = peak("sadness", [classified(post("7"))], [emotions(sadness=0.6)])

    assert found is not None
    assert found.to_dict() == {
        "post_id": "7",
        "text": "text of 7",
        "created_at": "2024-05-01T12:00:00+00:00",
        "emotion": "sadness",
        "probability": 0.6,
    }


def test_the_posts_that_moved_most_are_those_of_the_largest_share_times_balance() -> None:
    probabilities = [
        emotions(joy=0.6, sadness=0.4),  # share 0.5 * 0.2 = 0.1
        emotions(sadness=0.8, joy=0.2),  # share 0.3 * -0.6 = -0.18
        emotions(joy=0.9, neutral=0.1),  # share 0.2 * 0.9 = 0.18 - a shade, see weights
    ]
    items = [classified(post(name)) for name in ("even", "heavy", "light")]

    moved = moved_most(items, probabilities, [5.0, 3.0, 2.0 - 1e-6], 5)

    assert [(each.post.post_id, each.direction) for each in moved] == [
        ("heavy", "negative"),
        ("light", "positive"),
        ("even", "positive"),
    ]
    assert [each.contribution for each in moved] == pytest.approx([-0.18, 0.18, 0.1], abs=1e-6)
    assert [each.weight_share for each in moved] == pytest.approx([0.3, 0.2, 0.5], abs=1e-6)


def test_all_contributions_add_up_to_the_balance_of_the_result() -> None:
    probabilities = [emotions(joy=0.6, sadness=0.4), emotions(anger=0.9, love=0.1)]
    items = [classified(post("1")), classified(post("2"))]

    moved = moved_most(items, probabilities, [1.0, 3.0], 5)

    # 0.25 * 0.2 + 0.75 * -0.8
    assert sum(each.contribution for each in moved) == pytest.approx(-0.55)


def test_no_more_posts_are_named_than_asked_for() -> None:
    items = [classified(post(str(number))) for number in range(9)]

    moved = moved_most(items, [emotions(joy=1.0)] * 9, [1.0] * 9, 5)

    assert len(moved) == 5


def test_of_two_that_moved_as_much_the_newer_comes_first() -> None:
    items = [classified(post(str(days), days_old=days)) for days in (3, 1, 2)]

    moved = moved_most(items, [emotions(joy=1.0)] * 3, [1.0] * 3, 5)

    assert [each.post.post_id for each in moved] == ["1", "2", "3"]


def test_posts_that_moved_nothing_are_left_out() -> None:
    items = [classified(post("weightless")), classified(post("even")), classified(post("moves"))]
    probabilities = [emotions(joy=1.0), emotions(joy=0.5, sadness=0.5), emotions(joy=1.0)]

    moved = moved_most(items, probabilities, [0.0, 1.0, 1.0], 5)

    assert [each.post.post_id for each in moved] == ["moves"]
