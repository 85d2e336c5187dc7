"""What every source of training text yields, and what is known about a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "val"]


@dataclass(frozen=True)
class Example:
    """One labelled text.

    `emotions` are the right ones (none for a set about something else; several share the
    probability, or with `any_of` at least one of them is right and it is not told which);
    `known` are those the set could have said; `irony` is None where the set does not tell;
    `own` are the set's own labels, of those in its source's `own_labels`.
    """

    text: str
    emotions: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    irony: bool | None = None
    any_of: bool = False
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A data set: where it is from, on which terms, and how its files are read."""

    name: str
    origin: str
    terms: str
    split_names: tuple[str, str]
    """The set's own words for its training and validation split."""
    read: Callable[[Path, Split], Iterator[Example]]
    """Read one split below the data folder; raises DataError."""
    own_labels: tuple[str, ...] = ()
    """What its examples' `own` may be: a side task, learned beside the emotions."""

    def split_name(self, split: Split) -> str:
        """Return the set's own word for `split`."""
        return self.split_names[0 if split == "train" else 1]
