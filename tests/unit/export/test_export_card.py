"""The model card says what people must know."""

from __future__ import annotations

from typing import Any

import pytest

from export.card import write_card


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
            "sets": [
                {
                    "name": "carer",
                    "split": "train",
                    "examples": 16_000,
                    "terms": "educational and research purposes only",
                    "source": "CARER",
                }
            ],
            "config": {},
            "seed": 17,
            "visits": 1_000,
            "seconds": 120,
            "machine": "2-core x86-64 CPU",
        },
        "accuracy": {
            "carer": {"split": "val", "examples": 2_000, "accuracy": 0.93, "macro_f1": 0.9},
            "irony_set": {
                "split": "val",
                "examples": 10,
                "accuracy": 0.6,
                "macro_f1": 0.5,
                "f1_ironic": 0.625,
            },
        },
        "verification": {
            "onnx_max_abs_diff": 1.5e-6,
            "int8_label_agreement": 0.991,
            "int8_agreement_set": "the 8,220 texts of carer val",
            "int8_padding_max_abs_diff": 0.0,
        },
    }


@pytest.mark.parametrize(
    "said",
    [
        "# tiny 0.1.0",
        "25.0 MB",
        "| carer | train | 16,000 | CARER | educational and research purposes only |",
        "| carer | val | 2,000 | 0.930 | 0.900 |",
        "F1 of ironic 0.625",
        "99.10% of",
        "must not be used to diagnose",
        "make model",
        "Irony is learned from the irony set alone.",
    ],
)
def test_the_card_says(manifest: dict[str, Any], said: str) -> None:
    assert said in write_card(manifest)


def test_the_card_says_what_a_person_added(manifest: dict[str, Any]) -> None:
    manifest["training"]["note"] = "The third pass had other settings."

    assert "The third pass had other settings." in write_card(manifest)


def test_the_card_says_when_glad_texts_taught_irony_too(manifest: dict[str, Any]) -> None:
    manifest["training"]["config"]["sincere_weight"] = 0.25

    assert "count as not ironic, 0.25 each" in write_card(manifest)
