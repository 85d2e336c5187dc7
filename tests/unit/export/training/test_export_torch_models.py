"""PyTorch models: packaged bases, which rows of a head are kept, and averages of weights."""

import io
import json
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertForSequenceClassification

import export.training.torch_models
from export.errors import BaseModelError
from export.labels import LABELS
from export.training.torch_models import (
    average_models,
    load_model,
    load_tokenizer,
    locate_base,
    resize_head,
)


@pytest.fixture
def wide(tiny_base: Path, tmp_path: Path) -> Path:
    """A checkpoint with two further outputs; row n of its head has only the value n."""
    model = load_model(str(tiny_base), side=("a", "b"))
    with torch.no_grad():
        model.classifier.weight.copy_(torch.arange(10.0)[:, None].expand(10, 32))
        model.classifier.bias.copy_(torch.arange(10.0))
    model.save_pretrained(tmp_path / "wide")
    return tmp_path / "wide"


def rows(model: BertForSequenceClassification) -> list[float]:
    """Return the value of each row of the head, -1 where it has several."""
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


def test_a_saved_cut_model_names_the_eight_outputs(wide: Path, tmp_path: Path) -> None:
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


def test_a_head_for_another_task_is_not_kept(tiny_base: Path, tmp_path: Path) -> None:
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


def test_a_missing_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="no model there"):
        load_model(str(tmp_path))


def test_a_name_that_is_not_packaged_is_left_to_the_hub() -> None:
    assert locate_base("bert-base-uncased") == "bert-base-uncased"


NAME = "all-mpnet-base-v2"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An archive of the base in five pieces, one per package; the requested package names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{NAME}/config.json", '{"model_type": "mpnet"}')
    whole = content.getvalue()
    asked: list[str] = []

    def files(package: str) -> list[SimpleNamespace]:
        asked.append(package)
        number = int(package[-3:])
        piece = tmp_path / f"{NAME}.zip.{number:03}"
        step = -(-len(whole) // 5)
        piece.write_bytes(whole[(number - 1) * step : number * step])
        return [
            SimpleNamespace(name="__init__.py"),
            SimpleNamespace(name=piece.name, locate=lambda: piece),
        ]

    monkeypatch.setattr(export.training.torch_models, "files", files)
    monkeypatch.setattr(export.training.torch_models, "UNPACKED", tmp_path / "bases")
    return asked


def test_a_base_in_parts_is_put_together_once(parts: list[str]) -> None:
    folder = Path(locate_base(NAME))

    assert (folder / "config.json").read_text() == '{"model_type": "mpnet"}'
    assert locate_base(NAME) == str(folder)
    assert len(parts) == 5
    assert [one.name for one in folder.parent.iterdir()] == [NAME]  # no piece is left over


def test_a_part_that_is_not_installed_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(package: str) -> None:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(export.training.torch_models, "files", missing)
    monkeypatch.setattr(export.training.torch_models, "UNPACKED", tmp_path / "bases")

    with pytest.raises(BaseModelError, match="part-001 is not installed; run `make teacher`"):
        locate_base(NAME)


@pytest.fixture
def models(tiny_base: Path, tmp_path: Path) -> list[Path]:
    """Three models of one base: 1, 2 and 6 added to every weight; the last one is wide."""
    folders = []
    for added, side in ((1.0, ()), (2.0, ()), (6.0, ("a", "b"))):
        torch.manual_seed(3)
        model = load_model(str(tiny_base), side=side)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.zero_().add_(added)
        folder = tmp_path / f"plus-{added:.0f}"
        model.save_pretrained(folder)
        load_tokenizer(str(tiny_base)).save_pretrained(folder)
        folders.append(folder)
    return folders


@pytest.mark.parametrize(
    ("count", "shares", "mean"),
    [(1, None, 1.0), (2, None, 1.5), (3, None, 3.0), (2, [0.75, 0.25], 1.25)],
)
def test_every_weight_is_the_mean_of_the_models_weighted_by_their_shares(
    models: list[Path], tmp_path: Path, count: int, shares: list[float] | None, mean: float
) -> None:
    average_models(models[:count], tmp_path / "mean", shares)

    averaged = load_model(str(tmp_path / "mean"))
    assert all((one == mean).all() for one in averaged.parameters())


def test_the_mean_has_a_tokenizer_and_the_outputs_of_what_is_served(
    models: list[Path], tmp_path: Path
) -> None:
    average_models([models[2], models[0]], tmp_path / "mean")

    config = json.loads((tmp_path / "mean" / "config.json").read_text())
    assert [*config["id2label"].values()] == list(LABELS)
    weights = load_file(tmp_path / "mean" / "model.safetensors")
    assert len(weights["classifier.weight"]) == len(weights["classifier.bias"]) == len(LABELS)
    assert load_tokenizer(str(tmp_path / "mean"))("i feel")["input_ids"]


def test_the_models_stay_as_they_were(models: list[Path], tmp_path: Path) -> None:
    before = [(path / "model.safetensors").read_bytes() for path in models]

    average_models(models, tmp_path / "mean")

    assert [(path / "model.safetensors").read_bytes() for path in models] == before


def test_a_folder_without_a_model_is_named(models: list[Path], tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="nowhere: no model there"):
        average_models([models[0], tmp_path / "nowhere"], tmp_path / "mean")
