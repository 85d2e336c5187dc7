"""Tables of a model card, and the weakest classes and abilities, from a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

CAPABILITIES = 3
"""Number of weakest capabilities that are named."""

_FIGURES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "f1_ironic": "F1 of ironic"}


def sets_table(sets: Iterable[Mapping[str, Any]]) -> str:
    """Return the training sets with their size, origin and terms."""
    return _table(
        ("set", "training split", "examples", "from", "terms"),
        "llrll",
        (
            (one["name"], one["split"], f"{one['examples']:,}", one["source"], one["terms"])
            for one in sets
        ),
    )


def measured_table(accuracy: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures of each set with their intervals."""
    return _table(
        ("set", "split", "examples", *_FIGURES.values()),
        "llrrrr",
        (
            (name, row["split"], f"{row['examples']:,}", *(_figure(row, key) for key in _FIGURES))
            for name, row in accuracy.items()
        ),
    )


def precision_table(costs: Mapping[str, Mapping[str, Any]], precision: str) -> str:
    """Return each figure of each set in fp32 and in `precision`."""
    return _table(
        ("set", "figure", "fp32", precision, "difference"),
        "llrrr",
        (
            (
                name,
                _FIGURES[key],
                f"{one['fp32']:.4f}",
                f"{one[precision]:.4f}",
                f"{one['difference']:+.4f}",
            )
            for name, figures in costs.items()
            for key, one in figures.items()
        ),
    )


def behaviour_table(capabilities: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how many tests of each capability pass."""
    return _table(
        ("capability", "kind", "tests", "pass rate"),
        "llrr",
        (
            (name, one["kind"], str(one["tests"]), f"{one['rate']:.1%}")
            for name, one in capabilities.items()
        ),
    )


def calibration_table(calibration: Mapping[str, Any]) -> str:
    """Return the calibration error of each set, their mean, and that of all texts together."""
    rows = []
    for head in ("emotion", "irony"):
        found = calibration[head]
        rows += [
            (
                head,
                name,
                *(f"{one[key]:.3f}" for key in ("ece_at_1", "ece", "ece_by_chance")),
            )
            for name, one in found["sets"].items()
        ]
        if len(found["sets"]) > 1:
            rows += [
                (head, "mean of the sets", "", f"{found['ece']:.3f}", ""),
                (head, "all texts together", "", f"{found['ece_pooled']:.3f}", ""),
            ]
    return _table(
        ("", "set", "ECE without temperature", "ECE", "ECE by chance"),
        "llrrr",
        rows,
    )


def weakest(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence about the weakest class of each set and the weakest capabilities.

    A capability that passed all of its tests is not named.
    """
    return (*_classes(manifest["accuracy"]), *_capabilities(manifest.get("behaviour") or {}))


def _classes(accuracy: Mapping[str, Any]) -> Iterator[str]:
    for name, row in accuracy.items():
        tested = {label: one for label, one in row.get("classes", {}).items() if one["examples"]}
        if tested:
            label = min(tested, key=lambda label: tested[label]["f1"])
            yield (
                f"{name}: lowest on {label}, F1 {tested[label]['f1']:.3f} on "
                f"{tested[label]['examples']:,} of {row['examples']:,} texts."
            )


def _capabilities(behaviour: Mapping[str, Any]) -> Iterator[str]:
    tested = behaviour.get("capabilities", {})
    failed = [name for name, one in tested.items() if one["passed"] < one["tests"]]
    for name in sorted(failed, key=lambda name: tested[name]["rate"])[:CAPABILITIES]:
        one = tested[name]
        yield (
            f"Behaviour, {name}: {one['tests'] - one['passed']} of {one['tests']} tests fail "
            f"({one['kind']})."
        )


def _figure(row: Mapping[str, Any], key: str) -> str:
    if key not in row:
        return ""
    low, high = row[f"{key}_ci"]
    return f"{row[key]:.3f} ({low:.3f}-{high:.3f})"


def _table(head: Sequence[str], sides: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; `sides` has an l or r for each column."""
    ruler = ["---:" if side == "r" else "---" for side in sides]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ruler, *rows))
