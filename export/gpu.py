"""Make the model folder for a GPU: `python -m export.gpu SOURCE OUT [--packing KIND]`.

SOURCE is an fp32 model folder, `python -m export.build --precision fp32 --out SOURCE`; OUT is the
same model in fp16, fused, with padding removed inside the graph, and its manifest. OUT is only
replaced after its labels agree with SOURCE's. Only CUDA runs a graph with padding removed, so
that is verified on the GPU; `--packing none` can be verified anywhere.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from export.command_line import command_parser, run_command
from export.errors import DataError, VerificationError
from export.graph.fusion import Packing, half_graph
from export.packaging.model_folder import (
    MANIFEST_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    ModelFacts,
    replace_folder,
    temporary_sibling,
    write_manifest,
)
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.errors import ModelCorrupt

MIN_AGREEMENT = 0.995
TEXTS = 2_000
PROVIDERS = ("cuda", "cpu")


def make_gpu_folder(
    source: Path, out: Path, packing: Packing, texts: Sequence[str]
) -> dict[str, object]:
    """Write the GPU model folder `out` from the fp32 folder `source`; return the verification.

    Raises VerificationError when labels agree on less than MIN_AGREEMENT of `texts` or nothing
    here can run the graph, and StorageError when the folder cannot be written.
    """
    manifest = json.loads((source / MANIFEST_FILE).read_text(encoding="utf-8"))
    if manifest["precision"] != "fp32":
        raise VerificationError(f"{source} is {manifest['precision']}; an fp32 folder is needed")
    with temporary_sibling(out) as workplace:
        made = workplace / "gpu"
        made.mkdir()
        (made / MODEL_FILE).write_bytes(half_graph(source / MODEL_FILE, packing))
        (made / TOKENIZER_FILE).write_bytes((source / TOKENIZER_FILE).read_bytes())
        kept = ("name", "version", "base", "max_tokens", "temperature", "training", "accuracy")
        facts = {key: manifest[key] for key in kept}
        write_manifest(made, ModelFacts(precision="fp16", **facts))
        found = _verify(source, made, texts)
        verification = {**found, "packing": packing, "accuracy_of": "the fp32 model"}
        write_manifest(made, ModelFacts(precision="fp16", verification=verification, **facts))
        replace_folder(made, out)
    return verification


def _verify(source: Path, made: Path, texts: Sequence[str]) -> dict[str, object]:
    """Return the share of texts with equal labels, their number, and the provider used."""
    if not texts:
        raise VerificationError("there are no texts to verify on")
    with EmotionClassifier(open_model(source), providers=PROVIDERS) as full:
        expected = [one.label for one in full.classify(texts)]
    try:
        half = EmotionClassifier(open_model(made), providers=PROVIDERS)
    except ModelCorrupt as exc:
        raise VerificationError(
            "nothing here can run, and so verify, a graph with padding removed: run this where"
            " onnxruntime-gpu and a GPU are, or pass --packing none"
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Make and verify the model folder for a GPU; return the exit status."""
    parser = command_parser("gpu", main.__doc__)
    parser.add_argument("source", type=Path, help="fp32 model folder")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--packing", choices=get_args(Packing), default="attention")
    default_texts = Path("../shared/data/tweeteval/emotion/train_text.txt")
    parser.add_argument("--texts", type=Path, default=default_texts, help="one text per line")
    return run_command(_make, parser, arguments)


def _make(options: argparse.Namespace) -> None:
    if not options.texts.is_file():
        raise DataError(f"{options.texts}: no such file; --texts names one with a text per line")
    lines = options.texts.read_text(encoding="utf-8").splitlines()
    texts = [line for line in lines if line.strip()][:TEXTS]
    found = make_gpu_folder(options.source, options.out, options.packing, texts)
    print(f"model in {options.out}: {found}")


if __name__ == "__main__":
    sys.exit(main())
