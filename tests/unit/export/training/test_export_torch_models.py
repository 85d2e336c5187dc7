"""Base models: what loads, and which rows of a head are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import BertForSequenceClassification

from export.errors import BaseModelError
from export.labels import LABELS
from export.training.torch_models import load_model, locate_base, resize_head


@pytest.fixture
def wide(tiny_base: Path, tmp_path: Path) -> Path:
    """A checkpoint with two outputs behind the eight; its head's row n is all n."""
    model = load_model(str(tiny_base), side=("a", "b"))
    with torch.no_grad():
        model.classifier.weight.copy_(torch.arange(10.0)[:, None].expand(10, 32))
        model.classifier.bias.copy_(torch.arange(10.0))
    model.save_pretrained(tmp_path / "wide")
    return tmp_path / "wide"


def rows(model: BertForSequenceClassification) -> list[float]:
    """Return what each row of the head is made of, -1 where it is of several numbers."""
    head = torch.cat([model.classifier.weight, model.classifier.bias[:, None]], dim=1)
    return [row[0].item() if len(row.unique()) == 1 else -1.0 for row in head]


def outputs(model: BertForSequenceClassification) -> list[str]:
    names = model.config.id2label or {}
    return [names[index] for index in range(model.config.num_labels)]


KEPT = [0.0, 1, 2, 3, 4, 5, 6, 7]


def test_a_model_without_a_head_gets_one_of_all_outputs(tiny_base: Path) -> None:
    model = load_model(str(tiny_base), side=("a", "b"))

    assert outputs(model) == [*LABELS, "a", "b"]
    assert model(torch.tensor([[2, 3]])).logits.shape == (1, 10)


def test_a_wide_checkpoint_is_cut_to_the_eight_and_keeps_their_rows(wide: Path) -> None:
    model = load_model(str(wide))

    assert outputs(model) == list(LABELS)
    assert rows(model) == KEPT
    assert model(torch.tensor([[2, 3]])).logits.shape == (1, 8)


@pytest.mark.parametrize("side", [("c",), ("c", "d"), ("a", "b"), ("c", "d", "e")])
def test_other_own_labels_begin_anew_behind_the_rows_that_are_kept(
    wide: Path, side: tuple[str, ...]
) -> None:
    model = load_model(str(wide), side=side)

    assert outputs(model) == [*LABELS, *side]
    assert rows(model) == [*KEPT, *[-1.0] * len(side)]


def test_what_is_saved_of_a_cut_model_names_the_eight_outputs(wide: Path, tmp_path: Path) -> None:
    model = load_model(str(wide), side=("c", "d"))

    resize_head(model, LABELS)

    model.save_pretrained(tmp_path / "cut")
    saved = json.loads((tmp_path / "cut" / "config.json").read_text())
    assert saved["id2label"] == {str(index): label for index, label in enumerate(LABELS)}
    assert saved["label2id"] == {label: index for index, label in enumerate(LABELS)}
    assert rows(load_model(str(tmp_path / "cut"))) == KEPT


def test_a_head_of_the_eight_is_kept_as_it_is(wide: Path, tmp_path: Path) -> None:
    load_model(str(wide)).save_pretrained(tmp_path / "eight")

    assert rows(load_model(str(tmp_path / "eight"))) == KEPT


def test_a_head_for_something_else_is_not_kept(tiny_base: Path, tmp_path: Path) -> None:
    other = load_model(str(tiny_base), side=("a", "b"))
    other.config.id2label = {index: f"star {index}" for index in range(10)}
    other.save_pretrained(tmp_path / "other")

    model = load_model(str(tmp_path / "other"))

    assert outputs(model) == list(LABELS)
    assert not torch.equal(model.classifier.weight, other.classifier.weight[:8])


def test_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "distilbert"}')

    with pytest.raises(BaseModelError, match="is a distilbert model; a BERT one is needed"):
        load_model(str(tmp_path))


def test_a_base_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="no model there"):
        load_model(str(tmp_path))


def test_a_name_that_no_package_carries_is_left_to_the_hub() -> None:
    assert locate_base("bert-base-uncased") == "bert-base-uncased"
