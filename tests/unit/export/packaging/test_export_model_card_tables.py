"""Known failures come from the figures and from nothing else."""

from __future__ import annotations

from typing import Any

from export.packaging.model_card_tables import weakest


def manifest(**behaviour: tuple[int, int]) -> dict[str, Any]:
    return {
        "accuracy": {
            "carer": {
                "examples": 2_000,
                "classes": {
                    "joy": {"f1": 0.95, "examples": 700},
                    "surprise": {"f1": 0.8344, "examples": 81},
                    "fear": {"f1": 0.0, "examples": 0},
                },
            }
        },
        "behaviour": {
            "capabilities": {
                name: {"kind": "MFT", "tests": tests, "passed": passed, "rate": passed / tests}
                for name, (passed, tests) in behaviour.items()
            }
        },
    }


def test_the_lowest_class_of_a_set_is_named_unless_the_set_has_no_example_of_it() -> None:
    found = weakest(manifest())

    assert found == ("carer: lowest on surprise, F1 0.834 on 81 of 2,000 texts.",)


def test_the_three_lowest_capabilities_are_named_worst_first() -> None:
    found = weakest(manifest(names=(9, 10), negation=(2, 10), emoji=(8, 10), slang=(5, 10)))

    assert found[1:] == (
        "Behaviour, negation: 8 of 10 tests fail (MFT).",
        "Behaviour, slang: 5 of 10 tests fail (MFT).",
        "Behaviour, emoji: 2 of 10 tests fail (MFT).",
    )


def test_a_capability_that_passed_everything_is_no_failure() -> None:
    assert len(weakest(manifest(names=(10, 10)))) == 1


def test_a_manifest_without_behaviour_still_tells_its_classes() -> None:
    told = manifest()
    del told["behaviour"]

    assert len(weakest(told)) == 1
