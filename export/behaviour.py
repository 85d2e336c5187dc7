"""Run the behavioural tests: `python -m export.behaviour [--model FOLDER] [--failures]`.

They are listed in `behaviour.yaml`: small claims about negation, names, emoji and so on, which
the accuracy on a data set averages away.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.command_line import command_parser, run_command
from export.errors import ExportError, VerificationError
from export.evaluation.behaviour_cases import Capability, Kind, load_capabilities
from export.evaluation.irony_base_rate import as_if_half_ironic, base_rate_of
from export.packaging.model_folder import SHIPPED
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.errors import ServingError
from serving.schemas import Classification

Classify = Callable[[Sequence[str]], list[Classification]]
"""Returns one classification per text, in order, as EmotionClassifier.classify."""


@dataclass(frozen=True)
class Failure:
    """One failed test: its texts, the rule of the file, and the actual result."""

    texts: tuple[str, ...]
    expected: str
    got: str


@dataclass(frozen=True)
class CapabilityReport:
    """Number of tests of one capability, and its failures; a group of variants is one test."""

    name: str
    kind: Kind
    tests: int
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> int:
        """Number of tests that passed."""
        return self.tests - len(self.failures)

    @property
    def rate(self) -> float:
        """Share of tests that passed."""
        return self.passed / self.tests


@dataclass(frozen=True)
class BehaviourReport:
    """Results by capability; every test counts the same in the overall rate."""

    capabilities: tuple[CapabilityReport, ...]

    @property
    def tests(self) -> int:
        """Number of all tests."""
        return sum(one.tests for one in self.capabilities)

    @property
    def passed(self) -> int:
        """Number of tests that passed."""
        return sum(one.passed for one in self.capabilities)

    @property
    def rate(self) -> float:
        """Share of all tests that passed."""
        return self.passed / self.tests

    def table(self) -> dict[str, Any]:
        """Return the figures as a table for a manifest, without the failures."""
        return {
            **_rates(self),
            "capabilities": {
                one.name: {"kind": one.kind, **_rates(one)} for one in self.capabilities
            },
        }


def _rates(report: CapabilityReport | BehaviourReport) -> dict[str, Any]:
    return {"tests": report.tests, "passed": report.passed, "rate": round(report.rate, 4)}


def run_behaviour(
    classify: Classify,
    capabilities: Sequence[Capability] | None = None,
    base_rate: float | None = None,
) -> BehaviourReport:
    """Classify the texts of all tests (by default those of `behaviour.yaml`) and judge them.

    `base_rate` is the share of ironic posts that the model's irony is calibrated for: the tests
    about irony are half ironic, so it is read as if half of all posts were.

    Raises ExportError when there are no tests, or a text cannot be classified.
    """
    chosen = load_capabilities() if capabilities is None else capabilities
    if not chosen:
        raise ExportError("there are no behavioural tests")
    texts = [text for one in chosen for case in one.cases for text in case.texts]
    try:
        results = iter(as_if_half_ironic(classify(texts), base_rate))
    except ServingError as exc:
        raise ExportError(str(exc)) from exc
    return BehaviourReport(tuple(_judge(one, results) for one in chosen))


def _judge(capability: Capability, results: Iterator[Classification]) -> CapabilityReport:
    """Judge one capability by the next results, as many as it has texts."""
    failures = []
    for case in capability.cases:
        got = case.judge([next(results) for _ in case.texts])
        if got is not None:
            failures.append(Failure(case.texts, case.expected, got))
    return CapabilityReport(
        capability.name, capability.kind, len(capability.cases), tuple(failures)
    )


def check_behaviour(report: BehaviourReport, min_overall: float, min_capability: float) -> None:
    """Raise VerificationError naming all pass rates below these minimum shares."""
    short = []
    if report.rate < min_overall:
        short.append(f"{report.rate:.1%} of all {report.tests} tests ({min_overall:.1%} is needed)")
    low = [one for one in report.capabilities if one.rate < min_capability]
    if low:
        named = ", ".join(f"{one.name} {one.rate:.1%} of {one.tests}" for one in low)
        short.append(f"{named} ({min_capability:.1%} of each capability is needed)")
    if short:
        raise VerificationError(f"behavioural tests passed too rarely: {'; '.join(short)}")


def render(report: BehaviourReport, failures: bool = False) -> str:
    """Return the rates as lines for a terminal, optionally with each failed test."""
    width = max(len("capability"), *(len(one.name) for one in report.capabilities))
    lines = [f"{'capability':<{width}}  kind  tests  passed    rate"]
    lines += [
        f"{one.name:<{width}}  {one.kind:<4}  {one.tests:>5}  {one.passed:>6}  {one.rate:>6.1%}"
        for one in report.capabilities
    ]
    overall = f"{report.tests:>5}  {report.passed:>6}  {report.rate:>6.1%}"
    lines += [f"{'overall':<{width}}        {overall}"]
    for one in report.capabilities if failures else ():
        if one.failures:
            lines += ["", one.name]
        lines += [
            f"  {' | '.join(failure.texts)}\n    expected {failure.expected}; got {failure.got}"
            for failure in one.failures
        ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the pass rate of each capability; return the exit status.

    A group of variants is one test, and fails when one of them does.
    """
    parser = command_parser("behaviour", main.__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--failures", action="store_true", help="print each failed test too")
    return run_command(_print_report, parser, arguments)


def _print_report(options: argparse.Namespace) -> None:
    capabilities = load_capabilities()
    with EmotionClassifier(open_model(options.model)) as classifier:
        report = run_behaviour(classifier.classify, capabilities, base_rate_of(options.model))
    print(render(report, options.failures))


if __name__ == "__main__":
    sys.exit(main())
