"""Behavioural tests: reading `behaviour.yaml`, expanding variants, judging classifications.

The head of that file explains its form.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from export.errors import DataError
from export.evaluation.metrics import NOT_IRONIC
from export.labels import EMOTIONS, IRONY, LABELS
from export.yaml_files import first_fault, read_yaml
from serving.schemas import Classification

BEHAVIOUR = Path(__file__).parents[1] / "behaviour.yaml"
IRONIC = "ironic"
SAME_LABEL = "same label"

Kind = Literal["MFT", "INV", "DIR"]
Judge = Callable[[Sequence[Classification]], str | None]
"""Takes the classifications of a case's texts; returns the fault, None when the case passes."""

_VARIANTS = re.compile(r"<([^<>|]*(?:\|[^<>|]*)+)>")
_MOVE = re.compile(r"(\w+) (rises|falls|keeps) (0\.\d+)")


@dataclass(frozen=True)
class Case:
    """One test: its texts (one for MFT, variants otherwise) and what is expected of them."""

    texts: tuple[str, ...]
    expected: str
    judge: Judge


@dataclass(frozen=True)
class Capability:
    """Tests of one kind for one ability of a model."""

    name: str
    kind: Kind
    why: str
    cases: tuple[Case, ...]


Text = Annotated[str, Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Kind
    why: Text
    cases: dict[str, Annotated[list[Text], Field(min_length=1)]] = Field(min_length=1)


_FILE = TypeAdapter(Annotated[dict[str, _Entry], Field(min_length=1)])


def load_capabilities(path: Path = BEHAVIOUR) -> tuple[Capability, ...]:
    """Read the tests at `path`, in the order of the file.

    Raises DataError when the file is missing, not YAML, has an unknown field, kind, label or
    rule, a text without the variants that its kind needs, or a text twice.
    """
    content = read_yaml(path, DataError)
    try:
        capabilities = tuple(
            Capability(name, entry.kind, entry.why, tuple(_cases(name, entry)))
            for name, entry in _FILE.validate_python(content).items()
        )
        _refuse_repeats(capabilities)
    except ValidationError as exc:
        raise DataError(f"{path}: {first_fault(exc, 'file')}") from exc
    except ValueError as exc:
        raise DataError(f"{path}: {exc}") from exc
    return capabilities


def parse_rule(kind: Kind, rule: str) -> Judge:
    """Return the judge for `rule` in a capability of `kind`; raises ValueError if invalid."""
    if kind == "INV":
        if rule == SAME_LABEL:
            return _same_label
        raise ValueError(f"{rule!r} is not {SAME_LABEL!r}")
    if kind == "DIR":
        found = _MOVE.fullmatch(rule)
        if found is None or found[1] not in LABELS:
            raise ValueError(f"{rule!r} is not a probability that rises, falls or keeps an amount")
        return partial(_moves, found[1], found[2], float(found[3]))
    if rule in (IRONIC, NOT_IRONIC):
        return partial(_ironic, rule == IRONIC)
    labels = tuple(rule.split(", "))
    if unknown := [label for label in labels if label not in EMOTIONS]:
        known = ", ".join((*EMOTIONS, IRONIC, NOT_IRONIC))
        raise ValueError(f"label {unknown[0]!r} is none of {known}")
    return partial(_one_of, labels)


def expand(text: str) -> tuple[str, ...]:
    """Return the variants of `text`; the i-th takes alternative i of every `<a|b|c>`.

    Raises ValueError when these have different numbers of alternatives.
    """
    counts = {found[1].count("|") + 1 for found in _VARIANTS.finditer(text)}
    if len(counts) > 1:
        raise ValueError(f"places of {text!r} have different numbers of alternatives")

    def variant(index: int) -> str:
        return _VARIANTS.sub(lambda found: found[1].split("|")[index], text)

    return tuple(variant(index) for index in range(max(counts, default=1)))


def _cases(name: str, entry: _Entry) -> list[Case]:
    cases = []
    try:
        for rule, texts in entry.cases.items():
            judge = parse_rule(entry.kind, rule)
            for text in texts:
                variants = expand(text)
                if (len(variants) == 1) != (entry.kind == "MFT"):
                    wanted = "one text" if entry.kind == "MFT" else "variants, `<a|b>`"
                    raise ValueError(f"{text!r} is not {wanted}")
                cases.append(Case(variants, rule, judge))
    except ValueError as exc:
        raise ValueError(f"{name}: {exc}") from exc
    return cases


def _refuse_repeats(capabilities: Sequence[Capability]) -> None:
    counts = Counter(
        text for capability in capabilities for case in capability.cases for text in case.texts
    )
    if repeated := [text for text, count in counts.items() if count > 1]:
        raise ValueError(f"{repeated[0]!r} is there {counts[repeated[0]]} times")


def _one_of(labels: tuple[str, ...], results: Sequence[Classification]) -> str | None:
    got = results[0].label
    return None if got in labels else f"{got} {results[0].scores[got]:.2f}"


def _ironic(ironic: bool, results: Sequence[Classification]) -> str | None:
    got = results[0].irony
    return None if (got >= 0.5) == ironic else f"irony {got:.2f}"


def _same_label(results: Sequence[Classification]) -> str | None:
    labels = [result.label for result in results]
    return None if len(set(labels)) == 1 else ", ".join(labels)


def _moves(output: str, how: str, amount: float, results: Sequence[Classification]) -> str | None:
    before, *after = (one.irony if output == IRONY else one.scores[output] for one in results)
    holds: dict[str, Callable[[float], bool]] = {
        "rises": lambda change: change >= amount,
        "falls": lambda change: change <= -amount,
        "keeps": lambda change: change >= -amount,
    }
    if all(holds[how](later - before) for later in after):
        return None
    return f"{output} {before:.2f}, then {', '.join(f'{later:.2f}' for later in after)}"
