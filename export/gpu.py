"""Make the model folder for a graphics card: `python -m export.gpu SOURCE OUT [--packing KIND]`.

SOURCE is an fp32 model folder, `python -m export.build --precision fp32 --out SOURCE`; OUT is
the same model in fp16, fused, with padding taken out, and its manifest. Nothing takes OUT's place
before its labels agree with SOURCE's. Padding can be taken out on CUDA alone, so that is verified
on the card; `--packing none` is verified anywhere.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from export.errors import DataError, StorageError, VerificationError, run_command
from export.graph.fusion import Packing, half_graph
from export.packaging.model_folder import (
    MANIFEST_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    ModelFacts,
    replace_folder,
    write_manifest,
)
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.errors import ModelCorrupt, ModelError

MIN_AGREEMENT = 0.995
TEXTS = 2_000
PROVIDERS = ("cuda", "cpu")


def make_gpu_folder(
    source: Path, out: Path, packing: Packing, texts: Sequence[str]
) -> dict[str, object]:
    """Write the folder `out` for a card from the fp32 folder `source`; return what was verified.

    Raises VerificationError when labels agree on less than MIN_AGREEMENT of `texts` or nothing
    here can run the graph, and StorageError when the folder cannot be written.
    """
    told = json.loads((source / MANIFEST_FILE).read_text(encoding="utf-8"))
    if told["precision"] != "fp32":
        raise VerificationError(f"{source} is {told['precision']}; an fp32 folder is needed")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.new-", dir=out.parent) as workplace:
        made = Path(workplace) / "gpu"
        made.mkdir()
        (made / MODEL_FILE).write_bytes(half_graph(source / MODEL_FILE, packing))
        (made / TOKENIZER_FILE).write_bytes((source / TOKENIZER_FILE).read_bytes())
        kept = ("name", "version", "base", "max_tokens", "temperature", "training", "accuracy")
        facts = {key: told[key] for key in kept}
        write_manifest(made, ModelFacts(precision="fp16", **facts))
        found = _verify(source, made, texts)
        verification = {**found, "packing": packing, "accuracy_of": "the fp32 model"}
        write_manifest(made, ModelFacts(precision="fp16", verification=verification, **facts))
        replace_folder(made, out)
    return verification


def _verify(source: Path, made: Path, texts: Sequence[str]) -> dict[str, object]:
    """Return on what share of the texts both folders name one label, and where that was seen."""
    if not texts:
        raise VerificationError("there are no texts to verify on")
    with EmotionClassifier(open_model(source), providers=PROVIDERS) as full:
        expected = [one.label for one in full.classify(texts)]
    try:
        half = EmotionClassifier(open_model(made), providers=PROVIDERS)
    except ModelCorrupt as exc:
        raise VerificationError(
            "nothing here can run a graph without padding, and so verify it: do this where"
            " onnxruntime-gpu and a card are, or say --packing none"
        ) from exc
    with half:
        same = [
            one.label == label for one, label in zip(half.classify(texts), expected, strict=True)
        ]
        provider = half.provider
    agreement = sum(same) / len(same)
    if not agreement >= MIN_AGREEMENT:
        raise VerificationError(
            f"labels agree on {agreement:.2%} of {len(same)} texts; {MIN_AGREEMENT:.1%} is needed"
        )
    return {"fp16_label_agreement": round(agreement, 5), "texts": len(same), "on": provider}


def read_texts(file: Path) -> list[str]:
    """Return the lines of a file that hold something, at most TEXTS of them."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip()][:TEXTS]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make and verify the model folder for a card; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.gpu", description=main.__doc__)
    parser.add_argument("source", type=Path, help="fp32 model folder")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--packing", choices=get_args(Packing), default="attention")
    default_texts = Path("../shared/data/tweeteval/emotion/train_text.txt")
    parser.add_argument("--texts", type=Path, default=default_texts, help="a text a line")
    options = parser.parse_args(arguments)

    def command() -> None:
        if not options.texts.is_file():
            raise DataError(f"{options.texts}: no such file; --texts names one with a text a line")
        try:
            found = make_gpu_folder(
                options.source, options.out, options.packing, read_texts(options.texts)
            )
        except ModelError as exc:
            raise StorageError(str(exc)) from exc
        print(f"model in {options.out}: {found}")

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
