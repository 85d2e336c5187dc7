"""Make the shipped model in one command: `python -m export.build [--config FILE]`.

Trains, exports, shrinks, verifies and measures, and only then lets the new folder take the
old one's place. Whatever goes wrong before leaves the old folder as it was. Started again, an
interrupted run continues.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from export.behaviour import BehaviourReport, check_behaviour, run_behaviour
from export.config import DEFAULT_CONFIG, TrainConfig, load_config
from export.data import LoadedSet, data_folder, load_sets
from export.errors import DataError, run_command
from export.evaluation.cross_fit import Calibration, calibrate
from export.evaluation.measure import classify_all
from export.evaluation.reliability_diagram import RELIABILITY_FILE, write_reliability
from export.evaluation.verification import MIN_HALF_AGREEMENT, MIN_LABEL_AGREEMENT, verify
from export.packaging.manifest_tables import (
    accuracy_table,
    calibration_table,
    training_stages,
    training_table,
    verification_table,
)
from export.packaging.model_card import write_card
from export.packaging.model_folder import (
    CARD_FILE,
    MODEL_FILE,
    SHIPPED,
    TOKENIZER_FILE,
    ModelFacts,
    replace_folder,
    write_manifest,
)
from export.quantize import Precision, make_precision, sample_texts
from export.to_onnx import export_onnx
from export.train import DEFAULT_RUN, train
from export.training.torch_models import load_tokenizer
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.schemas import Classification


@dataclass(frozen=True)
class Build:
    """Where a build reads and writes: `trained` is the model that `run` made, or a checkpoint.

    `note` and `command`, which makes the model anew, go into the manifest and onto the card.
    """

    data: Path
    run: Path
    trained: Path
    out: Path
    precision: Precision = "int8"
    note: str = ""
    command: str = "make model"


def build(config: TrainConfig, told: Build) -> None:
    """Turn a trained model into the model folder `told.out`.

    Raises ExportError's kinds, VerificationError first among them, and leaves the
    folder as it was when it does.
    """
    trained, out = told.trained, told.out
    stages = training_stages(config, told.data, told.run)
    measured = [one for one in load_sets(config, told.data, "val") if one.measurable]
    if not measured:
        raise DataError("no set has validation examples to verify on")
    base = config.encoder
    facts = ModelFacts(config.name, config.version, base, "fp32", config.max_tokens)
    out.parent.mkdir(parents=True, exist_ok=True)
    # Beside `out`, because only a folder of the same file system can be renamed to it.
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.new-", dir=out.parent) as workplace:
        exported, shipped = Path(workplace) / "fp32", Path(workplace) / "shipped"
        print("exporting to ONNX", flush=True)
        export_onnx(trained, exported / MODEL_FILE)
        _complete(exported, trained, facts)
        print(f"making {told.precision}", flush=True)
        observed = sample_texts(stages[-1].sets, trained, config.max_tokens)
        make_precision(exported / MODEL_FILE, shipped / MODEL_FILE, told.precision, observed)
        facts = replace(facts, precision=told.precision)
        _complete(shipped, trained, facts)
        texts = sum(len(one.examples) for one in measured)
        print(f"verifying on {texts} validation texts", flush=True)
        least = MIN_HALF_AGREEMENT if told.precision == "fp16" else MIN_LABEL_AGREEMENT
        found = verify(trained, exported, shipped, measured, least)
        print("measuring", flush=True)
        verification = verification_table(found, measured, told.precision)
        facts = replace(
            facts,
            training=training_table(stages, told.command, told.note),
            verification=verification,
        )
        facts, calibration, behaviour = _measure(shipped, measured, facts)
        check_behaviour(behaviour, config.min_behaviour, config.min_capability)
        write_reliability(calibration, shipped / RELIABILITY_FILE)
        manifest = write_manifest(shipped, facts)
        (shipped / CARD_FILE).write_text(write_card(manifest), encoding="utf-8")
        open_model(shipped)
        replace_folder(shipped, out)
    for name, row in facts.accuracy.items():
        print(f"{name} {row['split']}: accuracy {row['accuracy']}, macro-F1 {row['macro_f1']}")


def _complete(folder: Path, trained: Path, facts: ModelFacts) -> None:
    """Put the tokenizer and a manifest beside the graph, so that the classifier opens it."""
    tokenizer = load_tokenizer(str(trained)).backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER_FILE))
    write_manifest(folder, facts)


def _measure(
    folder: Path, sets: Sequence[LoadedSet], facts: ModelFacts
) -> tuple[ModelFacts, Calibration, BehaviourReport]:
    """Return `facts` with what was measured, and the calibration and behaviour themselves."""
    found = calibrate(
        {
            one.source.name: (one.examples, said)
            for one, said in zip(sets, _classify(folder, sets), strict=True)
        }
    )
    emotion, irony = found.emotion.fit, found.irony.fit
    calibrated = replace(
        facts,
        temperature={
            "emotion": emotion.temperature,
            "irony": irony.temperature,
        },
        calibration=calibration_table(found),
        verification={
            **facts.verification,
            "emotion_nll": [round(emotion.before, 4), round(emotion.after, 4)],
            "irony_nll": [round(irony.before, 4), round(irony.after, 4)],
        },
    )
    write_manifest(folder, calibrated)  # what is measured next is what will serve
    with EmotionClassifier(open_model(folder)) as classifier:
        behaviour = run_behaviour(classifier)
    measured = replace(
        calibrated,
        accuracy=accuracy_table(sets, _classify(folder, sets)),
        behaviour=behaviour.table(),
    )
    return measured, found, behaviour


def _classify(folder: Path, sets: Sequence[LoadedSet]) -> list[list[Classification]]:
    """Return what the model in `folder` says of the texts of each set."""
    with EmotionClassifier(open_model(folder)) as classifier:
        return [
            classify_all(classifier, [example.text for example in one.examples]) for one in sets
        ]


def remake_command(options: argparse.Namespace) -> str:
    """Return the command that does again what `options` asked for, but not where."""
    told = []
    if options.config.resolve() != DEFAULT_CONFIG.resolve():
        told.append(f"--config {_from_repository(options.config)}")
    if options.precision != "int8":
        told.append(f"--precision {options.precision}")
    return f'make model BUILD_ARGS="{" ".join(told)}"' if told else "make model"


def _from_repository(path: Path) -> Path:
    """Return `path` as it is called from the repository's root, or whole if it is elsewhere."""
    root, whole = Path(__file__).parents[1].resolve(), path.resolve()
    return whole.relative_to(root) if whole.is_relative_to(root) else whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the model folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.build", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--run", type=Path, default=DEFAULT_RUN)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--trained", type=Path, help="use this checkpoint instead of training")
    parser.add_argument("--precision", choices=get_args(Precision), default="int8")
    parser.add_argument("--note", default="", help="a sentence for manifest and card")
    options = parser.parse_args(arguments)

    def command() -> None:
        config, data = load_config(options.config), data_folder(options.data)
        trained = options.trained or train(config, data, options.run)
        told = Build(
            data,
            options.run,
            trained,
            options.out,
            options.precision,
            options.note,
            remake_command(options),
        )
        build(config, told)
        print(f"model in {options.out}")

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
