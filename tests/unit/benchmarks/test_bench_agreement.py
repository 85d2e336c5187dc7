import dataclasses
import math

import pytest

from benchmarks.peers.agreement import SAME_FILE, UNQUANTISED, compare
from benchmarks.peers.contract import Answer

JOY = Answer("joy", {"joy": 0.9, "anger": 0.1}, 0.2)
ANGER = Answer("anger", {"joy": 0.1, "anger": 0.9}, 0.2)


def moved(answer: Answer, by: float) -> Answer:
    return dataclasses.replace(answer, irony=answer.irony + by)


@pytest.mark.parametrize(
    ("answers", "figures", "within"),
    [
        ([JOY] * 100, (1.0, 0.0, 0.0), [True, True]),
        ([moved(JOY, 0.05)] + [JOY] * 99, (1.0, 0.05 / 300, 0.05), [False, True]),
        ([Answer("joy", {"joy": 0.89, "anger": 0.11}, 0.21)] * 9, (1.0, 0.01, 0.01), [False, True]),
        ([ANGER] * 2, (0.0, 1.6 / 3, 0.8), [False, False]),
    ],
    ids=["the same", "one score far off", "every score a little off", "other labels"],
)
def test_answers_agree_within_the_tolerances(
    answers: list[Answer], figures: tuple[float, float, float], within: list[bool]
) -> None:
    agreement = compare(answers, [JOY] * len(answers))

    assert agreement.texts == len(answers)
    assert (agreement.labels, agreement.mean, agreement.worst) == pytest.approx(figures)
    assert [agreement.within(tolerance) for tolerance in (SAME_FILE, UNQUANTISED)] == within


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
