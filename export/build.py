"""Make the shipped model in one command: `python -m export.build [--config FILE]`.

Trains, exports, quantises, verifies and measures; only then does the new folder replace the old
one. Any failure leaves the old folder unchanged. An interrupted build continues when run again.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from export.behaviour import BehaviourReport, check_behaviour, run_behaviour
from export.command_line import command_parser, run_command
from export.config import DEFAULT_CONFIG, TrainConfig, load_config
from export.data import LoadedSet, data_folder, load_sets
from export.errors import DataError
from export.evaluation.calibration import Calibration, calibrate
from export.evaluation.irony_base_rate import as_if_half_ironic
from export.evaluation.metrics import classify_all
from export.evaluation.reliability_diagram import RELIABILITY_FILE, write_reliability
from export.evaluation.verification import MIN_HALF_AGREEMENT, MIN_LABEL_AGREEMENT, verify
from export.graph.irony_shift import shift_irony
from export.packaging.manifest_tables import (
    accuracy_table,
    calibration_table,
    training_stages,
    training_table,
    verification_table,
)
from export.packaging.model_card import model_card
from export.packaging.model_folder import (
    MODEL_CARD_FILE,
    MODEL_FILE,
    SHIPPED,
    TOKENIZER_FILE,
    ModelFacts,
    replace_folder,
    temporary_sibling,
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
class BuildRequest:
    """Inputs and output of a build; `trained` is the model of the folder `run`, or a checkpoint.

    `note` and `command`, which makes the model again, go into the manifest and the model card.
    """

    data: Path
    run: Path
    trained: Path
    out: Path
    precision: Precision = "int8"
    note: str = ""
    command: str = "make model"


def build(config: TrainConfig, request: BuildRequest) -> None:
    """Turn a trained model into the model folder `request.out`.

    Raises ExportErrors, above all VerificationError, and then leaves the folder unchanged.
    """
    trained, out, precision = request.trained, request.out, request.precision
    stages = training_stages(config, request.data, request.run)
    measured = [one for one in load_sets(config, request.data, "val") if one.measurable]
    if not measured:
        raise DataError("no set has validation examples to verify on")
    facts = ModelFacts(config.name, config.version, config.encoder, "fp32", config.max_tokens)
    with temporary_sibling(out) as workplace:
        exported, shipped = workplace / "fp32", workplace / "shipped"
        print("exporting to ONNX", flush=True)
        export_onnx(trained, exported / MODEL_FILE)
        _complete(exported, trained, facts)
        print(f"making {precision}", flush=True)
        observed = sample_texts(stages[-1].sets, trained, config.max_tokens)
        make_precision(exported / MODEL_FILE, shipped / MODEL_FILE, precision, observed)
        facts = replace(facts, precision=precision)
        _complete(shipped, trained, facts)
        texts = sum(len(one.examples) for one in measured)
        print(f"verifying on {texts} validation texts", flush=True)
        least = MIN_HALF_AGREEMENT if precision == "fp16" else MIN_LABEL_AGREEMENT
        found = verify(trained, exported, shipped, measured, least)
        print("measuring", flush=True)
        facts = replace(
            facts,
            training=training_table(stages, request.command, request.note),
            verification=verification_table(found, measured, precision),
        )
        facts, calibration, behaviour = _measure(shipped, measured, facts, config.irony_base_rate)
        check_behaviour(behaviour, config.min_behaviour, config.min_capability)
        write_reliability(calibration, shipped / RELIABILITY_FILE)
        manifest = write_manifest(shipped, facts)
        (shipped / MODEL_CARD_FILE).write_text(model_card(manifest), encoding="utf-8")
        open_model(shipped)
        replace_folder(shipped, out)
    for name, row in facts.accuracy.items():
        print(f"{name} {row['split']}: accuracy {row['accuracy']}, macro-F1 {row['macro_f1']}")


def _complete(folder: Path, trained: Path, facts: ModelFacts) -> None:
    """Add the tokenizer and a manifest to the graph, so that the classifier opens the folder."""
    tokenizer = load_tokenizer(str(trained)).backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER_FILE))
    write_manifest(folder, facts)


def _measure(
    folder: Path, sets: Sequence[LoadedSet], facts: ModelFacts, base_rate: float | None
) -> tuple[ModelFacts, Calibration, BehaviourReport]:
    """Return `facts` with the measured figures, and the calibration and behaviour themselves.

    With a `base_rate`, the bias that irony needs for it is written into the graph.
    """
    results = zip(sets, _classify(folder, sets), strict=True)
    found = calibrate(
        {one.source.name: (one.examples, result) for one, result in results},
        base_rate,
        [one.source.name for one in sets if one.source.by_author],
    )
    emotion, irony = found.emotion.fit, found.irony.fit
    if irony.bias:
        shift_irony(folder / MODEL_FILE, irony.bias)
    calibrated = replace(
        facts,
        temperature={"emotion": emotion.temperature, "irony": irony.temperature},
        calibration=calibration_table(found, base_rate),
        verification={
            **facts.verification,
            "emotion_nll": [round(emotion.before, 4), round(emotion.after, 4)],
            "irony_nll": [round(irony.before, 4), round(irony.after, 4)],
        },
    )
    write_manifest(folder, calibrated)  # so that the calibrated model is measured
    with EmotionClassifier(open_model(folder)) as classifier:
        behaviour = run_behaviour(classifier.classify, base_rate=base_rate)
    again = [as_if_half_ironic(one, base_rate) for one in _classify(folder, sets)]
    accuracy = accuracy_table(sets, again)
    return replace(calibrated, accuracy=accuracy, behaviour=behaviour.table()), found, behaviour


def _classify(folder: Path, sets: Sequence[LoadedSet]) -> list[list[Classification]]:
    with EmotionClassifier(open_model(folder)) as classifier:
        return [
            classify_all(classifier, [example.text for example in one.examples]) for one in sets
        ]


def remake_command(options: argparse.Namespace) -> str:
    """Return the command that makes the same model again, without its folders."""
    root, config = Path(__file__).parents[1].resolve(), options.config.resolve()
    arguments = []
    if config != DEFAULT_CONFIG.resolve():
        named = config.relative_to(root) if config.is_relative_to(root) else config
        arguments.append(f"--config {named}")
    if options.precision != "int8":
        arguments.append(f"--precision {options.precision}")
    return f'make model BUILD_ARGS="{" ".join(arguments)}"' if arguments else "make model"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the model folder; return the exit status."""
    parser = command_parser("build", main.__doc__, DEFAULT_CONFIG)
    parser.add_argument("--run", type=Path, default=DEFAULT_RUN)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--trained", type=Path, help="use this checkpoint instead of training")
    parser.add_argument("--precision", choices=get_args(Precision), default="int8")
    parser.add_argument("--note", default="", help="a sentence for manifest and model card")
    return run_command(_build, parser, arguments)


def _build(options: argparse.Namespace) -> None:
    config, data = load_config(options.config), data_folder(options.data)
    trained = options.trained or train(config, data, options.run)
    paths = (data, options.run, trained, options.out)
    command = remake_command(options)
    build(config, BuildRequest(*paths, options.precision, options.note, command))
    print(f"model in {options.out}")


if __name__ == "__main__":
    sys.exit(main())
