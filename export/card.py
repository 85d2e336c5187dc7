"""The model card: what the shipped model is, may be used for, and was measured at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = """# {name} {version}

Reads a post and says which of seven emotions it expresses (anger, fear, joy, love, sadness,
surprise, neutral) and how likely it is meant ironically. Fine-tuned from {base}, {precision}
ONNX, {megabytes:.1f} MB, at most {max_tokens} tokens of a text.

## Intended use and misuse

Meant for showing people how their own posts have felt, with their consent and in non-clinical
words. English only. It reads wording, not a person: it cannot tell how somebody is, and it
must not be used to diagnose, to judge health, to rank or select people, or to read people who
did not agree to it. Quotations, song lines, sarcasm and slang mislead it; the training texts
are English posts of 2018 and before, labelled by crowd workers or by hashtags, and carry the
biases of both.

## Data and terms

| set | training split | examples | from | terms |
| --- | --- | ---: | --- | --- |
"""

_LABELS = """
Because CARER is for educational and research purposes only, so is a model trained on it; leave
it out of `sets` in the configuration for other uses. The softmax of an example runs only over
the labels its set knows: CARER has no neutral, TweetEval has anger, joy (with optimism) and
sadness. GoEmotions' 27 labels are mapped to the seven; its comments that mean several share
the probability. Irony is learned from the irony set{sincere}.

## Measured

With this folder's {precision} model through the classifier that serves, on validation splits.
They also picked the best pass and the temperatures, so expect test figures to be a little
lower. Only the labels that a set knows compete.

| set | split | examples | accuracy | macro-F1 | |
| --- | --- | ---: | ---: | ---: | --- |
"""

_TAIL = """
- fp32 ONNX differs from PyTorch by at most {onnx_max_abs_diff:.1e} in a probability.
- Labels of this {precision} model agree with fp32 on {agreement:.2%} of
  {agreement_set}.
- Padding and neighbours in a batch change a probability by at most {padding:.1e}.
- Temperatures (emotion {emotion}, irony {irony}) divide the logits, so that probabilities mean
  what they say; fitted on the same texts, they change no label.

## Made by

    make model

or `python -m export.build --config export/configs/default.yaml`: {visits} example visits in
{minutes:.0f} minutes on a {machine}, seed {seed}.{note}

`manifest.json` holds the whole configuration, every figure above and the checksums of the
other files. To score a file of `text;label` lines: `make evaluate FILE=...`.
"""


def write_card(manifest: Mapping[str, Any]) -> str:
    """Return the card of the model that `manifest` describes, as Markdown."""
    training, verified = manifest["training"], manifest["verification"]
    precision = manifest["precision"]
    sizes = [record["bytes"] for record in manifest["files"].values()]
    parts = [_HEAD.format(**manifest, megabytes=sum(sizes) / 1e6)]
    parts += [
        f"| {one['name']} | {one['split']} | {one['examples']:,} | {one['source']} "
        f"| {one['terms']} |\n"
        for one in training["sets"]
    ]
    parts.append(_LABELS.format(**manifest, sincere=_sincere(training["config"])))
    parts += [_figures_row(name, row) for name, row in manifest["accuracy"].items()]
    parts.append(
        _TAIL.format(
            **manifest["temperature"],
            precision=precision,
            onnx_max_abs_diff=verified["onnx_max_abs_diff"],
            agreement=verified[f"{precision}_label_agreement"],
            agreement_set=verified[f"{precision}_agreement_set"],
            padding=verified[f"{precision}_padding_max_abs_diff"],
            visits=f"{training['visits']:,}",
            minutes=training["seconds"] / 60,
            machine=training["machine"],
            seed=training["seed"],
            note=f"\n{training['note']}" if training.get("note") else "",
        )
    )
    return "".join(parts)


def _sincere(config: Mapping[str, Any]) -> str:
    """Return what else taught irony, as the end of a sentence."""
    weight = config.get("sincere_weight", 0)
    if not weight:
        return " alone"
    return (
        f";\ntexts of other sets that were labelled joy or love count as not ironic, {weight} each"
    )


def _figures_row(name: str, row: Mapping[str, Any]) -> str:
    extra = f"F1 of ironic {row['f1_ironic']:.3f}" if "f1_ironic" in row else ""
    return (
        f"| {name} | {row['split']} | {row['examples']:,} | {row['accuracy']:.3f} "
        f"| {row['macro_f1']:.3f} | {extra} |\n"
    )
