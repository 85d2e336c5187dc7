"""One labelled text, and a source of such texts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from export.training.sources.terms import Terms

Split = Literal["train", "val"]


@dataclass(frozen=True)
class Example:
    """One labelled text.

    `emotions` are the right ones (none for a set about something else; several share the
    probability, or with `any_of` at least one of them is right, unknown which); `known` are those
    the set distinguishes; `irony` is None where the set is not labelled for it; `own` are the
    set's own labels, of those in its source's `own_labels`.
    """

    text: str
    emotions: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    irony: bool | None = None
    any_of: bool = False
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A data set: its origin, its terms of use, and how its files are read."""

    name: str
    origin: str
    terms: Terms
    read: Callable[[Path, Split], Iterator[Example]]
    """Read one split below the data folder; raises DataError."""
    split_names: tuple[str, str] = ("train", "val")
    """The set's own names for its training and validation split."""
    own_labels: tuple[str, ...] = ()
    """Values of its examples' `own`: a side task, learned in addition to the emotions."""

    by_author: bool = False
    """Whether the authors themselves said what they meant."""

    def split_name(self, split: Split) -> str:
        """Return the set's own name for `split`."""
        return self.split_names[0 if split == "train" else 1]
