"""A tiny BERT, tiny data sets and a training configuration for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from export.config import TrainConfig
from export.training.torch_models import load_tokenizer
from tests.support.export.models import Runs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TEXTS = (
    "i feel so happy glad sad low angry furious scared afraid loved adored shocked amazed "
    "today because of my friend work rain the a it was never very great what day not sure"
)

CARER = {
    "joy": "i feel so happy today",
    "sadness": "i feel so sad because of the rain",
    "anger": "i feel so furious because of work",
    "fear": "i feel so afraid of the rain",
    "love": "i feel so adored because of my friend",
    "surprise": "i feel so amazed today",
}


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT checkpoint of two layers and forty words, without a head."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.set_num_threads(1)  # threads cost these tiny models more time than they save
    folder = tmp_path_factory.mktemp("tiny-base")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(TEXTS.split())]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tokenizer(tiny_base: Path) -> "PreTrainedTokenizerFast":
    return load_tokenizer(str(tiny_base))


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a few made-up examples in CARER's and TweetEval's form."""
    root = tmp_path_factory.mktemp("tiny-data")
    (root / "carer").mkdir()
    lines = [f"{text};{label}" for label, text in CARER.items()]
    (root / "carer" / "train.txt").write_text("\n".join(lines * 4) + "\n", encoding="utf-8")
    (root / "carer" / "val.txt").write_text("\n".join(lines * 4) + "\n", encoding="utf-8")
    for task, names in (("irony", "0\tnon_irony\n1\tirony\n"), ("hate", "0\tnot-hate\n1\thate\n")):
        folder = root / "tweeteval" / task
        folder.mkdir(parents=True)
        (folder / "mapping.txt").write_text(names, encoding="utf-8")
        for split in ("train", "val"):
            texts = "it was a great day\nwhat a great day of rain\n"
            (folder / f"{split}_text.txt").write_text(texts * 4, encoding="utf-8")
            (folder / f"{split}_labels.txt").write_text("0\n1\n" * 4, encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def tiny_config(tiny_base: Path) -> TrainConfig:
    """Two passes over the tiny data."""
    return TrainConfig.model_validate(
        {
            "name": "tiny",
            "version": "0.1.0",
            "base": str(tiny_base),
            "sets": [{"name": "carer", "weight": 1.5}, {"name": "tweeteval_irony"}],
            "passes": 2,
            "batch_size": 8,
            "learning_rate": 1e-3,
            "train_tokens": 32,
            "max_tokens": 32,
            "bf16": "off",
            "select_on": ["carer/accuracy"],
        }
    )


@pytest.fixture(scope="session")
def finished_run(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: TrainConfig, tiny_data: Path
) -> Path:
    from export.train import train

    run = tmp_path_factory.mktemp("runs") / "tiny"
    train(tiny_config, tiny_data, run)
    return run


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Name, seed, base and folder of each run that would have been trained, in order."""
    runs: Runs = []

    def once(config: TrainConfig, start: str, _: Path | None, __: Path, run: Path) -> Path:
        runs.append((config.name, config.seed, start, run))
        return run / "model"

    monkeypatch.setattr("export.train._train_once", once)
    return runs


@pytest.fixture(scope="session", autouse=True)
def matplotlib_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep matplotlib's list of fonts out of the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        yield
