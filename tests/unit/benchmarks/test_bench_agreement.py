import dataclasses
import math

import pytest

from benchmarks.peers.agreement import SAME_FILE, UNQUANTISED, compare
from benchmarks.peers.contract import Answer

JOY = Answer("joy", {"joy": 0.9, "anger": 0.1}, 0.2)
ANGER = Answer("anger", {"joy": 0.1, "anger": 0.9}, 0.2)


def moved(answer: Answer, by: float) -> Answer:
    return dataclasses.replace(answer, irony=answer.irony + by)


def test_the_same_answers_agree_exactly() -> None:
    agreement = compare([JOY, ANGER], [JOY, ANGER])

    assert (agreement.texts, agreement.labels, agreement.mean, agreement.worst) == (2, 1.0, 0, 0)
    assert agreement.within(SAME_FILE)


def test_answers_in_another_order_do_not_agree_with_any_tolerance() -> None:
    agreement = compare([ANGER, JOY], [JOY, ANGER])

    assert agreement.labels == 0.0
    assert not agreement.within(SAME_FILE)
    assert not agreement.within(UNQUANTISED)


def test_one_score_far_off_is_enough_to_be_refused_as_the_same_file() -> None:
    agreement = compare([moved(JOY, 0.05)] + [JOY] * 99, [JOY] * 100)

    assert agreement.worst == pytest.approx(0.05)
    assert agreement.mean < SAME_FILE.mean
    assert not agreement.within(SAME_FILE)
    assert agreement.within(UNQUANTISED)


def test_a_small_error_in_every_score_is_refused_as_the_same_file() -> None:
    small = Answer("joy", {"joy": 0.89, "anger": 0.11}, 0.21)

    assert not compare([small] * 10, [JOY] * 10).within(SAME_FILE)


@pytest.mark.parametrize(
    ("answers", "reference"),
    [
        ([JOY], [JOY, ANGER]),
        ([], []),
        ([Answer("joy", {"joy": 1.0}, 0.2)], [JOY]),
        ([moved(JOY, math.nan)], [JOY]),
    ],
    ids=["another count", "none at all", "other emotions", "not a number"],
)
def test_what_cannot_be_compared_is_an_error(
    answers: list[Answer], reference: list[Answer]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        compare(answers, reference)
