"""The model card has what people must know, and only what its manifest contains."""

from typing import Any

import pytest

from export.packaging.model_card import model_card, weakest


def set_of(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "split": "train",
        "examples": 16_000,
        "terms": f"terms of {name}",
        "any_use": name != "carer",
        "share": 0.25,
        "source": name.upper(),
    }


@pytest.fixture
def manifest() -> dict[str, Any]:
    return {
        "name": "tiny",
        "version": "0.1.0",
        "base": "tiny-base",
        "precision": "int8",
        "max_tokens": 32,
        "temperature": {"emotion": 1.25, "irony": 0.75},
        "files": {"model.onnx": {"bytes": 24_000_000}, "tokenizer.json": {"bytes": 1_000_000}},
        "training": {
            "sets": [set_of("carer"), set_of("tweeteval_irony")],
            "config": {"base": "tiny-base", "sets": []},
            "seed": 17,
            "visits": 1_000,
            "seconds": 120,
            "machine": "2-core x86-64 CPU",
            "energy": {"watts": 20, "kwh": 0.0007, "kg_co2e": 0.0003, "formula": "2 cores x 8 W"},
            "command": "make model",
        },
        "accuracy": {
            "carer": {
                "split": "val",
                "examples": 2_000,
                "accuracy": 0.93,
                "accuracy_ci": [0.92, 0.941],
                "macro_f1": 0.9,
                "macro_f1_ci": [0.88, 0.92],
                "classes": {
                    "joy": {"f1": 0.95, "examples": 700},
                    "surprise": {"f1": 0.8, "examples": 81},
                },
            },
            "tweeteval_irony": {
                "split": "val",
                "examples": 10,
                "accuracy": 0.6,
                "accuracy_ci": [0.3, 0.9],
                "macro_f1": 0.5,
                "macro_f1_ci": [0.2, 0.8],
                "f1_ironic": 0.625,
                "f1_ironic_ci": [0.4, 0.75],
                "classes": {"irony": {"f1": 0.625, "examples": 5}},
            },
        },
        "verification": {
            "onnx_max_abs_diff": 1.5e-6,
            "int8_label_agreement": 0.991,
            "int8_agreement_set": "the 8,220 texts of carer val",
            "int8_padding_max_abs_diff": 0.0,
            "int8_cost": {
                "carer": {
                    "accuracy": {"fp32": 0.93, "int8": 0.935, "difference": 0.005},
                    "macro_f1": {"fp32": 0.9012, "int8": 0.9, "difference": -0.0012},
                }
            },
        },
        "calibration": {
            "bins": 15,
            "emotion": {
                "ece": 0.035,
                "ece_pooled": 0.021,
                "sets": {
                    "carer": {
                        "ece": 0.03,
                        "ece_at_1": 0.02,
                        "ece_by_chance": 0.017,
                        "confidence": 0.71,
                        "right": 0.68,
                        "kind": "tweets, lower-cased",
                    },
                    "other": {
                        "ece": 0.04,
                        "ece_at_1": 0.05,
                        "ece_by_chance": 0.023,
                        "confidence": 0.5,
                        "right": 0.6,
                    },
                },
            },
            "irony": {
                "ece": 0.07,
                "sets": {
                    "tweeteval_irony": {
                        "ece": 0.07,
                        "ece_at_1": 0.14,
                        "ece_by_chance": 0.055,
                        "confidence": 0.2,
                        "right": 0.125,
                    }
                },
            },
        },
        "behaviour": {
            "tests": 200,
            "passed": 150,
            "rate": 0.75,
            "capabilities": {
                "negation": {"kind": "MFT", "tests": 20, "passed": 5, "rate": 0.25},
                "names": {"kind": "INV", "tests": 180, "passed": 145, "rate": 0.8056},
            },
        },
    }


@pytest.mark.parametrize(
    "line",
    [
        "# tiny 0.1.0",
        "25.0 MB",
        "| carer | train | 16,000 | 25.0% | CARER | terms of carer | no |",
        "**For research.** The terms of carer do not",
        "| carer | val | 2,000 | 0.930 (0.920-0.941) | 0.900 (0.880-0.920) |  |",
        "| 0.600 (0.300-0.900) | 0.500 (0.200-0.800) | 0.625 (0.400-0.750) |",
        "99.10% of",
        "must not be used to diagnose",
        "    make model\n",
        "## What int8 costs",
        "| carer | accuracy | 0.9300 | 0.9350 | +0.0050 |",
        "| carer | macro-F1 | 0.9012 | 0.9000 | -0.0012 |",
        "150 of 200 pass, 75.0%",
        "| negation | MFT | 20 | 25.0% |",
        "(emotion 1.25, irony 0.75)",
        "| emotion | carer | tweets, lower-cased | 0.710 | 0.680 | 0.020 | 0.030 | 0.017 |",
        "| emotion | mean of the sets |  |  |  |  | 0.035 |  |",
        "| emotion | all texts together |  |  |  |  | 0.021 |  |",
        "](reliability.svg)",
        "- carer: lowest on surprise, F1 0.800 on 81 of 2,000 texts.",
        "- Behaviour, negation: 15 of 20 tests fail (MFT).",
    ],
)
def test_the_model_card_has_this_line(manifest: dict[str, Any], line: str) -> None:
    assert line in model_card(manifest)


def test_the_sections_are_in_the_order_in_which_people_need_them(manifest: dict[str, Any]) -> None:
    sections = [line for line in model_card(manifest).splitlines() if line.startswith("## ")]

    assert sections == [
        "## Intended use and misuse",
        "## Data and terms",
        "## Measured",
        "## What int8 costs",
        "## Behaviour",
        "## Calibration",
        "## Known failures",
        "## Cost",
        "## Made by",
    ]


def test_a_model_made_without_carer_does_not_mention_it(manifest: dict[str, Any]) -> None:
    manifest["training"]["sets"] = [set_of("goemotions"), set_of("tweeteval_irony")]
    del manifest["accuracy"]["carer"]
    del manifest["verification"]["int8_cost"]["carer"]
    del manifest["calibration"]["emotion"]["sets"]["carer"]
    manifest["verification"]["int8_agreement_set"] = "the 10 texts of tweeteval_irony val"

    text = model_card(manifest)

    assert "carer" not in text.lower()
    assert "**For any use**" in text


def test_irony_at_a_base_rate_is_explained(manifest: dict[str, Any]) -> None:
    manifest["calibration"]["irony"] |= {"base_rate": 0.125, "bias": -2.0}

    text = " ".join(model_card(manifest).split())

    assert "where 12.5% of the posts are ironic" in text
    assert "(a bias of -2.00 is in the graph)" in text
    assert "sounds like it" not in text


def test_an_fp32_model_has_no_section_on_the_cost_of_precision(manifest: dict[str, Any]) -> None:
    manifest["precision"] = "fp32"
    for name in ("label_agreement", "agreement_set", "padding_max_abs_diff"):
        manifest["verification"][f"fp32_{name}"] = manifest["verification"][f"int8_{name}"]

    assert "costs" not in model_card(manifest)


def test_a_model_without_behavioural_tests_has_no_such_section(manifest: dict[str, Any]) -> None:
    assert "ehaviour" not in model_card({**manifest, "behaviour": {}})


def test_a_single_set_needs_no_mean(manifest: dict[str, Any]) -> None:
    assert "| irony | mean of the sets |" not in model_card(manifest)


EMOJI = {"name": "tweeteval_emoji"}


@pytest.mark.parametrize(
    ("training", "text"),
    [
        ({}, "Irony is learned from the sets about it alone."),
        (
            {},
            "1,000 example visits in 2 minutes on a 2-core x86-64 CPU, an estimated 0.001 kWh and",
        ),
        ({}, "Nothing was metered; the estimate is 2 cores x 8 W."),
        ({"note": "The third pass had other settings."}, "The third pass had other settings."),
        (
            {"config": {"base": "tiny-base", "sets": [], "sincere_weight": 0.25}},
            "count as not ironic, 0.25 each",
        ),
        (
            {"config": {"base": {"base": "b", "sets": [{**EMOJI, "own_weight": 1.0}]}, "sets": []}},
            "Of tweeteval_emoji the sets' own labels were learned too",
        ),
        (
            {
                "config": {
                    "base": "tiny-base",
                    "teacher": {"name": "large", "version": "1"},
                    "sets": [{"name": "carer"}, {**EMOJI, "teacher_weight": 1.0}],
                }
            },
            "What another model (large 1) says of the texts of tweeteval_emoji was learned",
        ),
        (
            {
                "config": {
                    "base": "tiny-base",
                    "teacher": {"name": "large", "version": "1"},
                    "teacher_irony": False,
                    "sets": [{"name": "carer"}, {**EMOJI, "teacher_weight": 1.0}],
                }
            },
            "tweeteval_emoji (its emotions, not its irony) was learned",
        ),
    ],
)
def test_the_model_card_tells_how_the_model_was_trained(
    manifest: dict[str, Any], training: dict[str, Any], text: str
) -> None:
    manifest["training"] |= training

    assert text in " ".join(model_card(manifest).split())


def with_behaviour(**behaviour: tuple[int, int]) -> dict[str, Any]:
    classes = {
        "joy": {"f1": 0.95, "examples": 700},
        "surprise": {"f1": 0.8344, "examples": 81},
        "fear": {"f1": 0.0, "examples": 0},
    }
    capabilities = {
        name: {"kind": "MFT", "tests": tests, "passed": passed, "rate": passed / tests}
        for name, (passed, tests) in behaviour.items()
    }
    return {
        "accuracy": {"carer": {"examples": 2_000, "classes": classes}},
        "behaviour": {"capabilities": capabilities},
    }


def test_the_weakest_class_of_a_set_is_named_unless_the_set_has_no_example_of_it() -> None:
    assert weakest(with_behaviour()) == (
        "carer: lowest on surprise, F1 0.834 on 81 of 2,000 texts.",
    )


def test_the_three_weakest_capabilities_are_named_worst_first() -> None:
    found = weakest(with_behaviour(names=(9, 10), negation=(2, 10), emoji=(8, 10), slang=(5, 10)))

    assert found[1:] == (
        "Behaviour, negation: 8 of 10 tests fail (MFT).",
        "Behaviour, slang: 5 of 10 tests fail (MFT).",
        "Behaviour, emoji: 2 of 10 tests fail (MFT).",
    )


def test_a_capability_that_passed_everything_is_no_failure() -> None:
    assert len(weakest(with_behaviour(names=(10, 10)))) == 1


def test_a_manifest_without_behaviour_still_has_its_weakest_classes() -> None:
    manifest = with_behaviour()
    del manifest["behaviour"]

    assert len(weakest(manifest)) == 1
