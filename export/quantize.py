"""Make the graph smaller: `python -m export.quantize SOURCE TARGET [--precision int8|fp16]`.

int8 is for CPUs (see export.graph.int8_quantisation), fp16 for GPUs. Both start from a graph with
fused attention, GELU and layer norms. int8 observes the activations on real training texts to
choose its scales; it does not use their labels.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from export.command_line import command_parser, run_command
from export.config import DEFAULT_CONFIG, load_config
from export.data import LoadedSet, data_folder, load_sets
from export.errors import DataError, StorageError, writing
from export.training.torch_models import load_tokenizer
from serving.classifier.preprocess import normalise

Precision = Literal["int8", "fp16", "fp32"]

OBSERVED_TEXTS = 2_400
_SEED = 17


def make_precision(
    source: Path, target: Path, precision: Precision, texts: Sequence[Sequence[int]] = ()
) -> None:
    """Write the fp32 graph `source` to `target` in `precision`.

    int8 observes `texts`, the token ids of a few hundred real texts. Raises DataError when there
    are none and StorageError when `target` cannot be written.
    """
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if precision == "fp32":
            target.write_bytes(source.read_bytes())
        elif precision == "fp16":
            from export.graph.fusion import half_graph

            target.write_bytes(half_graph(source))
        else:
            target.write_bytes(_int8(source, texts))


def sample_texts(sets: Sequence[LoadedSet], tokenizer: Path, max_tokens: int) -> list[list[int]]:
    """Return the token ids of `OBSERVED_TEXTS` texts, as many of each set."""
    share = max(1, OBSERVED_TEXTS // max(1, len(sets)))
    draw = random.Random(_SEED)  # noqa: S311 - a sample, not a secret
    texts = []
    for loaded in sets:
        chosen = draw.sample(loaded.examples, min(share, len(loaded.examples)))
        texts += [normalise(example.text) for example in chosen]
    encode = load_tokenizer(str(tokenizer))
    return [encode(text, truncation=True, max_length=max_tokens)["input_ids"] for text in texts]


def _int8(source: Path, texts: Sequence[Sequence[int]]) -> bytes:
    from export.graph.cpu_optimisation import optimise_for_cpu
    from export.graph.fusion import fuse
    from export.graph.int8_quantisation import observe, quantise_rows, quantised_inputs

    if not texts:
        raise DataError("int8 needs texts to observe, and there are none")
    model = optimise_for_cpu(fuse(source).model)
    observed = observe(model, quantised_inputs(model), texts)
    return bytes(quantise_rows(model, observed).SerializeToString())


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a graph in another precision; return the exit status."""
    parser = command_parser("quantize", main.__doc__, DEFAULT_CONFIG)
    parser.add_argument("source", type=Path, help="fp32 graph, from export.to_onnx")
    parser.add_argument("target", type=Path)
    parser.add_argument("--precision", choices=get_args(Precision), default="int8")
    parser.add_argument("--tokenizer", type=Path, default=Path(".runs/default/model"))
    return run_command(_quantize, parser, arguments)


def _quantize(options: argparse.Namespace) -> None:
    if not options.source.is_file():
        raise StorageError(f"{options.source}: no such file; `python -m export.to_onnx` first")
    texts: list[list[int]] = []
    if options.precision == "int8":
        config = load_config(options.config)
        sets = load_sets(config, data_folder(options.data), "train")
        texts = sample_texts(sets, options.tokenizer, config.max_tokens)
    make_precision(options.source, options.target, options.precision, texts)
    size = options.target.stat().st_size / 1e6
    print(f"{options.target}: {size:.1f} MB, {options.precision}")


if __name__ == "__main__":
    sys.exit(main())
