"""Behavioural tests of a model: how each kind is judged, and what is reported."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from export.behaviour import (
    BehaviourReport,
    CapabilityReport,
    Classify,
    Failure,
    check_behaviour,
    render,
    run_behaviour,
)
from export.errors import ExportError, VerificationError
from export.evaluation.behaviour_cases import load_capabilities
from serving.errors import ClassificationError
from serving.schemas import Classification
from tests.support.export.behaviour import write
from tests.support.export.classifications import says


def answering(answers: Mapping[str, Classification]) -> Classify:
    """Return a classifier with these answers; every other text is `neutral`, not ironic."""
    return lambda texts: [answers.get(text, says("neutral")) for text in texts]


def run(path: Path, **answers: Classification) -> BehaviourReport:
    return run_behaviour(answering(answers), load_capabilities(path))


def report(**rates: tuple[int, int]) -> BehaviourReport:
    """Return a report with (passed, tests) of each capability."""
    failure = Failure(("a",), "joy", "anger 0.90")
    return BehaviourReport(
        tuple(
            CapabilityReport(name, "MFT", tests, (failure,) * (tests - passed))
            for name, (passed, tests) in rates.items()
        )
    )


@pytest.mark.parametrize(
    ("rule", "answer", "got"),
    [
        ("joy", says("joy"), None),
        ("joy", says("fear", 0.7), "fear 0.70"),
        ("joy, love", says("joy"), None),
        ("joy, love", says("love"), None),
        ("joy, love", says("anger"), "anger 0.90"),
        ("ironic", says("joy", irony=0.5), None),
        ("ironic", says("joy", irony=0.49), "irony 0.49"),
        ("not ironic", says("joy", irony=0.49), None),
        ("not ironic", says("joy", irony=0.5), "irony 0.50"),
    ],
)
def test_a_text_needs_one_of_the_expected_labels_or_irony_from_one_half(
    tmp_path: Path, rule: str, answer: Classification, got: str | None
) -> None:
    found = run(write(tmp_path, "MFT", rule, "a"), a=answer)

    expected = () if got is None else (Failure(("a",), rule, got),)
    assert (found.tests, found.capabilities[0].failures) == (1, expected)


def test_variants_with_the_same_label_are_one_passed_test(tmp_path: Path) -> None:
    path = write(tmp_path, "INV", "same label", "<one|two|three>")

    found = run(path, one=says("fear"), two=says("fear", 0.4), three=says("fear"))

    assert (found.tests, found.passed) == (1, 1)


def test_one_variant_that_differs_fails_the_whole_group_once(tmp_path: Path) -> None:
    path = write(tmp_path, "INV", "same label", "<one|two|three>", "<four|five>")

    found = run(path, two=says("joy"), three=says("joy"))

    assert (found.tests, found.passed) == (2, 1)
    assert found.capabilities[0].failures == (
        Failure(("one", "two", "three"), "same label", "neutral, joy, joy"),
    )


@pytest.mark.parametrize(
    ("rule", "after", "passed"),
    [
        ("joy falls 0.2", 0.25, 1),
        ("joy falls 0.2", 0.35, 0),
        ("joy rises 0.2", 0.75, 1),
        ("joy rises 0.2", 0.65, 0),
        ("joy keeps 0.1", 0.95, 1),
        ("joy keeps 0.1", 0.45, 1),
        ("joy keeps 0.1", 0.35, 0),
    ],
)
def test_a_probability_moves_as_far_as_the_rule_asks(
    tmp_path: Path, rule: str, after: float, passed: int
) -> None:
    path = write(tmp_path, "DIR", rule, "<before|after>")

    found = run(path, before=says("joy", 0.5), after=says("joy", after))

    assert found.passed == passed


def test_every_later_variant_must_move_and_all_probabilities_are_shown(tmp_path: Path) -> None:
    path = write(tmp_path, "DIR", "irony rises 0.3", "<a|b|c>")

    found = run(path, b=says("joy", irony=0.6))

    assert found.capabilities[0].failures[0].got == "irony 0.10, then 0.60, 0.10"


def test_rates_reach_the_manifest_as_a_plain_table() -> None:
    table = report(negation=(3, 4), names=(1, 2)).table()

    assert json.loads(json.dumps(table)) == {
        "tests": 6,
        "passed": 4,
        "rate": 0.6667,
        "capabilities": {
            "negation": {"kind": "MFT", "tests": 4, "passed": 3, "rate": 0.75},
            "names": {"kind": "MFT", "tests": 2, "passed": 1, "rate": 0.5},
        },
    }


def test_rates_at_the_minimum_pass() -> None:
    check_behaviour(report(negation=(3, 4), names=(1, 4)), min_overall=0.5, min_capability=0.25)


def test_rates_below_the_minimum_are_named_in_one_line() -> None:
    found = report(negation=(1, 4), names=(4, 4), emoji=(0, 4))

    with pytest.raises(VerificationError) as caught:
        check_behaviour(found, min_overall=0.8, min_capability=0.5)

    assert str(caught.value) == (
        "behavioural tests passed too rarely: 41.7% of all 12 tests (80.0% is needed); "
        "negation 25.0% of 4, emoji 0.0% of 4 (50.0% of each capability is needed)"
    )


def test_a_low_capability_is_refused_though_the_overall_rate_is_high() -> None:
    with pytest.raises(VerificationError, match=r"rarely: names 0\.0% of 1 "):
        check_behaviour(report(negation=(9, 9), names=(0, 1)), 0.8, 0.5)


def test_the_table_has_a_line_for_each_capability_and_failures_on_demand() -> None:
    found = report(negation=(3, 4), names=(2, 2))

    lines = render(found).splitlines()

    assert [line.split() for line in lines] == [
        ["capability", "kind", "tests", "passed", "rate"],
        ["negation", "MFT", "4", "3", "75.0%"],
        ["names", "MFT", "2", "2", "100.0%"],
        ["overall", "6", "5", "83.3%"],
    ]
    assert render(found, failures=True).splitlines()[4:] == [
        "",
        "negation",
        "  a",
        "    expected joy; got anger 0.90",
    ]


def test_a_text_that_cannot_be_classified_is_an_export_error(tmp_path: Path) -> None:
    def broken(texts: Sequence[str]) -> list[Classification]:
        raise ClassificationError(0)

    capabilities = load_capabilities(write(tmp_path, "MFT", "joy", "a"))

    with pytest.raises(ExportError, match="index 0"):
        run_behaviour(broken, capabilities)


def test_no_tests_are_an_error() -> None:
    with pytest.raises(ExportError, match="no behavioural tests"):
        run_behaviour(answering({}), ())


def test_the_shipped_tests_run_on_any_classifier() -> None:
    found = run_behaviour(answering({}))
    rates = {one.name: one.rate for one in found.capabilities}

    assert rates["neutral_statements"] == rates["names"] == 1.0
    assert rates["plain_words"] == rates["negation_lowers"] == 0.0
    assert rates["sarcasm"] == 0.5
