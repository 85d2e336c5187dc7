"""Where a model is weakest, read from its own manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

CAPABILITIES = 3
"""Capabilities that are named at most, those of the lowest pass rate."""


def weakest(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for the lowest class of each set and for the lowest capabilities.

    Every figure is the manifest's; a capability that passed all of its tests is not named.
    """
    return (*_classes(manifest["accuracy"]), *_capabilities(manifest.get("behaviour") or {}))


def _classes(accuracy: Mapping[str, Any]) -> Iterator[str]:
    for name, row in accuracy.items():
        told = {label: one for label, one in row.get("classes", {}).items() if one["examples"]}
        if told:
            label = min(told, key=lambda label: told[label]["f1"])
            yield (
                f"{name}: lowest on {label}, F1 {told[label]['f1']:.3f} on "
                f"{told[label]['examples']:,} of {row['examples']:,} texts."
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
