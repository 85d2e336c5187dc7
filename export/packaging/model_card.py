"""The model card: description, intended use, data, figures and known failures of a model.

The text is `model_card.md.jinja`. Every figure and remark comes from the manifest: a set is only
mentioned where the model was trained on it.
"""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from export.evaluation.reliability_diagram import RELIABILITY_FILE

CAPABILITIES = 3
"""Number of weakest capabilities that are named."""

_TEMPLATE = "model_card.md.jinja"
_WIDTH = 98


def model_card(manifest: Mapping[str, Any]) -> str:
    """Return the model card of the model that `manifest` describes, as Markdown.

    Raises jinja2.UndefinedError when the manifest lacks a figure.
    """
    environment = Environment(  # noqa: S701 - Markdown, in which nothing is to be escaped
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"spec": format, "wrapped": _wrapped}
    return environment.get_template(_TEMPLATE).render(
        manifest,
        megabytes=sum(record["bytes"] for record in manifest["files"].values()) / 1e6,
        own_label_sets=_own_label_sets(manifest["training"]["config"]),
        failures=weakest(manifest),
        picture=RELIABILITY_FILE,
    )


def _own_label_sets(config: Mapping[str, Any]) -> list[str]:
    """Return the sets whose own labels were learned too, in this run or in that of a base."""
    names: dict[str, None] = {}
    stage: Any = config
    while isinstance(stage, Mapping):
        names |= dict.fromkeys(one["name"] for one in stage["sets"] if one.get("own_weight"))
        stage = stage["base"]
    return list(names)


def _wrapped(text: str) -> str:
    filled = textwrap.fill(" ".join(text.split()), _WIDTH, break_on_hyphens=False)
    return f"{filled}\n"


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
