"""Export a trained model to fp32 ONNX: `python -m export.to_onnx --model FOLDER --out FILE`."""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from export.command_line import command_parser, run_command
from export.errors import writing
from export.training.torch_models import load_model

OPSET = 18


def export_onnx(model: Path, target: Path) -> None:
    """Write the trained `model` folder as fp32 ONNX to the file `target`.

    Inputs are `input_ids`, `attention_mask` and `token_type_ids`, int64 of [batch, tokens];
    the output is `logits`, float32 of [batch, 8]. Raises BaseModelError when the folder
    contains no BERT checkpoint and StorageError when the file cannot be written.
    """
    trained = load_model(str(model))  # without the own labels of sets, if it is a checkpoint
    from optimum.exporters.onnx import main_export

    with tempfile.TemporaryDirectory(prefix="moodline-onnx-") as folder, warnings.catch_warnings():
        # torch deprecates its tracing exporter; Optimum has no other for BERT yet.
        warnings.simplefilter("ignore")
        plain, made = Path(folder) / "model", Path(folder) / "onnx"
        trained.save_pretrained(plain)
        main_export(
            str(plain), str(made), task="text-classification", opset=OPSET, do_validation=False
        )
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((made / "model.onnx").read_bytes())


def main(arguments: Sequence[str] | None = None) -> int:
    """Export a trained model to fp32 ONNX; return the exit status."""
    parser = command_parser("to_onnx", main.__doc__)
    parser.add_argument("--model", type=Path, default=Path(".runs/default/model"))
    parser.add_argument("--out", type=Path, default=Path(".runs/default/onnx/model.onnx"))
    return run_command(_export, parser, arguments)


def _export(options: argparse.Namespace) -> None:
    export_onnx(options.model, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, fp32")


if __name__ == "__main__":
    sys.exit(main())
