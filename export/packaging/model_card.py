"""The model card: description, intended use, data, figures and known failures of a model.

Every figure and remark comes from the manifest: the card of a model trained without a set does
not mention it.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from export.evaluation.reliability_diagram import RELIABILITY_FILE

CAPABILITIES = 3
"""Number of weakest capabilities that are named."""

_FIGURES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "f1_ironic": "F1 of ironic"}
_WIDTH = 98

_HEAD = """# {name} {version}

Reads a post and says which of seven emotions it expresses (anger, fear, joy, love, sadness,
surprise, neutral) and how likely it is meant ironically. Fine-tuned from {base}, {precision}
ONNX, {megabytes:.1f} MB, at most {max_tokens} tokens of a text.

## Intended use and misuse

Meant for showing people how their own posts have felt, with their consent and in non-clinical
words. English only. It reads wording, not a person: it cannot tell how somebody is, and it
must not be used to diagnose, to judge health, to rank or select people, or to read people who
did not agree to it. Quotations, song lines, sarcasm and slang mislead it; most training texts
are public English posts of some years ago and carry the biases of those who wrote and of those
who labelled them.
"""

_REMARKS: Mapping[str, str] = {
    "carer": (
        "CARER is for educational and research purposes only, and so is a model trained on it; "
        "for other uses, train one on a configuration without it. It has no neutral texts."
    ),
    "goemotions": (
        "GoEmotions' 27 labels are mapped to the seven; its comments that mean several share "
        "the probability, and are measured by their first."
    ),
    "crowdflower": "CrowdFlower's 13 labels are mapped to the seven.",
    "tweeteval_emotion": "TweetEval has anger, joy (with optimism) and sadness.",
    "tweeteval_irony": "Irony is learned from the sets about it{sincere}.",
    "written": (
        "The written sets are the Moodline team's own, for what the others lack: figures on them "
        "say what the model was taught, less how it does on other people's posts."
    ),
}
"""What a reader must know about a training set."""

_KNOWN_LABELS = "The softmax of an example runs only over the labels that its set knows."

_OWN = "Of {sets} the sets' own labels were learned too, on outputs that the model no longer has."

_TEACHER = (
    "What {base}, a larger model fine-tuned on the same sets and never served, says of the "
    "texts of {sets} was learned beside their labels, or alone where these tell no emotion."
)

_MEASURED = """
## Measured

With this folder's {precision} model through the classifier that serves, on validation splits.
They also picked the best pass and the temperatures, so expect test figures to be a little
lower. Only the labels that a set knows compete. In brackets, where 95 % of 1,000 bootstrap
resamples of the texts lie: what the choice of texts leaves open, not what another kind of text
would score.

{table}
- fp32 ONNX differs from PyTorch by at most {onnx_max_abs_diff:.2g} in a probability.
- Labels of this {precision} model agree with fp32 on {agreement:.2%} of
  {agreement_set}.
- Padding and neighbours in a batch change a probability by at most {padding:.2g}.
"""

_COST_OF_PRECISION = """
## What {precision} costs

The same texts through the fp32 graph and through this one.

{table}"""

_BEHAVIOUR = """
## Behaviour

Small tests of single abilities (Ribeiro et al., ACL 2020): {passed} of {tests} pass, {rate:.1%}.
MFT asks for a label, INV for no change, DIR for a change in one direction. The list
(`export/behaviour.yaml`) was written before any model had been run on it. After version 1.0.0 had
passed 77 % of it, `export/written/` was written without sight of the list, for the kinds of posts
that had failed. No text is in both; but there are only so many emoji, so read `emoji_only` as
learnt by heart.

{table}"""

_CALIBRATION = """
## Calibration

Temperatures (emotion {emotion}, irony {irony}) divide the logits, so that probabilities mean what
they say; no label changes. In the irony sets half of the texts are ironic, which is far more than
elsewhere: read irony as "sounds like it", not as a share. The expected calibration error (ECE,
{bins} bins) is the mean distance of confidence from the share that came true. A temperature looks
better than it is on the texts it was fitted on, so each half of the validation texts was measured
with one fitted on the other. A small set scatters: "by chance" is what a perfectly calibrated
model would show on as many texts. One temperature serves all: where a set is too sure and another
not sure enough, they make up for each other in all texts together, so read each set's own row too.

{table}
![Share right against confidence, for emotions and irony]({picture})
"""

_FAILURES = """
## Known failures

Where the figures are lowest:

{list}
"""

_TAIL = """
## Cost

{cost}

## Made by

    {command}

{seed}

`manifest.json` holds the whole configuration, every figure above and the checksums of the
model's files. To score a file of `text;label` lines: `make evaluate FILE=...`.
"""


def model_card(manifest: Mapping[str, Any]) -> str:
    """Return the model card of the model that `manifest` describes, as Markdown."""
    sizes = [record["bytes"] for record in manifest["files"].values()]
    return "".join(
        [
            _HEAD.format(**manifest, megabytes=sum(sizes) / 1e6),
            _data(manifest["training"]),
            _measured(manifest),
            _cost_of_precision(manifest),
            _behaviour(manifest.get("behaviour") or {}),
            _calibration(manifest),
            _FAILURES.format(list="\n".join(f"- {one}" for one in weakest(manifest))),
            _tail(manifest["training"]),
        ]
    )


def _data(training: Mapping[str, Any]) -> str:
    names = [one["name"] for one in training["sets"]]
    remarks = [_REMARKS[name] for name in _REMARKS if name in names]
    config = training["config"]
    text = " ".join([*remarks, _KNOWN_LABELS, *_own(config), *_teacher(config)])
    text = text.format(sincere=_sincere(config))
    return f"\n## Data and terms\n\n{sets_table(training['sets'])}\n{_wrapped(text)}\n"


def _own(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sets whose own labels were learned too, in this run or in that of a base."""
    names: dict[str, None] = {}
    stage: Any = config
    while isinstance(stage, Mapping):
        names |= dict.fromkeys(one["name"] for one in stage["sets"] if one.get("own_weight"))
        stage = stage["base"]
    if names:
        yield _OWN.format(sets=", ".join(names))


def _teacher(config: Mapping[str, Any]) -> Iterator[str]:
    if "teacher" in config:
        names = [one["name"] for one in config["sets"] if one.get("teacher_weight")]
        yield _TEACHER.format(base=config["teacher"]["base"], sets=", ".join(names))


def _sincere(config: Mapping[str, Any]) -> str:
    """Return what else irony was learned from, as the end of a sentence."""
    weight = config.get("sincere_weight", 0)
    if not weight:
        return " alone"
    return (
        f"; texts of other sets that were labelled joy or love count as not ironic, {weight} each"
    )


def _measured(manifest: Mapping[str, Any]) -> str:
    precision, verified = manifest["precision"], manifest["verification"]
    return _MEASURED.format(
        precision=precision,
        table=measured_table(manifest["accuracy"]),
        onnx_max_abs_diff=verified["onnx_max_abs_diff"],
        agreement=verified[f"{precision}_label_agreement"],
        agreement_set=verified[f"{precision}_agreement_set"],
        padding=verified[f"{precision}_padding_max_abs_diff"],
    )


def _cost_of_precision(manifest: Mapping[str, Any]) -> str:
    precision = manifest["precision"]
    if precision == "fp32":
        return ""
    costs = manifest["verification"][f"{precision}_cost"]
    return _COST_OF_PRECISION.format(precision=precision, table=precision_table(costs, precision))


def _behaviour(behaviour: Mapping[str, Any]) -> str:
    if not behaviour:
        return ""
    return _BEHAVIOUR.format(
        **behaviour.get("overall", behaviour), table=behaviour_table(behaviour["capabilities"])
    )


def _calibration(manifest: Mapping[str, Any]) -> str:
    found = manifest["calibration"]
    return _CALIBRATION.format(
        **manifest["temperature"],
        bins=found["bins"],
        table=calibration_table(found),
        picture=RELIABILITY_FILE,
    )


def _tail(training: Mapping[str, Any]) -> str:
    energy = training["energy"]
    cost = (
        f"{training['visits']:,} example visits in {training['seconds'] / 60:.0f} minutes on a "
        f"{training['machine']}, an estimated {energy['kwh']:.3f} kWh and "
        f"{energy['kg_co2e']:.3f} kg CO2e. Nothing was metered; the estimate is "
        f"{energy['formula']}."
    )
    return _TAIL.format(
        cost=_wrapped(cost),
        command=training["command"],
        seed=_wrapped(f"Seed {training['seed']}. {training.get('note', '')}"),
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_on_hyphens=False)


def sets_table(sets: Iterable[Mapping[str, Any]]) -> str:
    """Return the training sets with their size, origin and terms."""
    return _table(
        ("set", "training split", "examples", "from", "terms"),
        "llrll",
        (
            (one["name"], one["split"], f"{one['examples']:,}", one["source"], one["terms"])
            for one in sets
        ),
    )


def measured_table(accuracy: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures of each set with their intervals."""
    return _table(
        ("set", "split", "examples", *_FIGURES.values()),
        "llrrrr",
        (
            (name, row["split"], f"{row['examples']:,}", *(_figure(row, key) for key in _FIGURES))
            for name, row in accuracy.items()
        ),
    )


def precision_table(costs: Mapping[str, Mapping[str, Any]], precision: str) -> str:
    """Return each figure of each set in fp32 and in `precision`."""
    return _table(
        ("set", "figure", "fp32", precision, "difference"),
        "llrrr",
        (
            (
                name,
                _FIGURES[key],
                f"{one['fp32']:.4f}",
                f"{one[precision]:.4f}",
                f"{one['difference']:+.4f}",
            )
            for name, figures in costs.items()
            for key, one in figures.items()
        ),
    )


def behaviour_table(capabilities: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how many tests of each capability pass."""
    return _table(
        ("capability", "kind", "tests", "pass rate"),
        "llrr",
        (
            (name, one["kind"], str(one["tests"]), f"{one['rate']:.1%}")
            for name, one in capabilities.items()
        ),
    )


def calibration_table(calibration: Mapping[str, Any]) -> str:
    """Return the calibration error of each set, their mean, and that of all texts together."""
    rows = []
    for head in ("emotion", "irony"):
        found = calibration[head]
        rows += [
            (
                head,
                name,
                *(f"{one[key]:.3f}" for key in ("ece_at_1", "ece", "ece_by_chance")),
            )
            for name, one in found["sets"].items()
        ]
        if len(found["sets"]) > 1:
            rows += [
                (head, "mean of the sets", "", f"{found['ece']:.3f}", ""),
                (head, "all texts together", "", f"{found['ece_pooled']:.3f}", ""),
            ]
    return _table(
        ("", "set", "ECE without temperature", "ECE", "ECE by chance"),
        "llrrr",
        rows,
    )


def weakest(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence on the weakest class of each set and the weakest failing capabilities."""
    return (*_classes(manifest["accuracy"]), *_capabilities(manifest.get("behaviour") or {}))


def _classes(accuracy: Mapping[str, Any]) -> Iterator[str]:
    for name, row in accuracy.items():
        tested = {label: one for label, one in row.get("classes", {}).items() if one["examples"]}
        if tested:
            label = min(tested, key=lambda label: tested[label]["f1"])
            yield (
                f"{name}: lowest on {label}, F1 {tested[label]['f1']:.3f} on "
                f"{tested[label]['examples']:,} of {row['examples']:,} texts."
            )


def _capabilities(behaviour: Mapping[str, Any]) -> Iterator[str]:
    tested = behaviour.get("capabilities", {})
    failed = [name for name, one in tested.items() if one["passed"] < one["tests"]]
    for name in sorted(failed, key=lambda name: tested[name]["rate"])[:CAPABILITIES]:
        one = tested[name]
        yield (
            f"Behaviour, {name}: {one['tests'] - one['passed']} of {one['tests']} tests fail "
            f"({one['kind']})."
        )


def _figure(row: Mapping[str, Any], key: str) -> str:
    if key not in row:
        return ""
    low, high = row[f"{key}_ci"]
    return f"{row[key]:.3f} ({low:.3f}-{high:.3f})"


def _table(head: Sequence[str], sides: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; `sides` has an l or r for each column."""
    ruler = ["---:" if side == "r" else "---" for side in sides]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ruler, *rows))
