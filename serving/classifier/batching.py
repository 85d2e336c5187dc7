"""Rules that put texts into groups, one group a run of the model. Pure.

All texts of a group are padded to its longest, and padding costs as much as text: in arrival
order a batch is slower than no batch at all. So a group holds texts of nearly one length,
and as many as fit a budget of padded tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOKEN_BUDGET = 512
LENGTH_SPREAD = 1.2
WINDOW = 256


@dataclass(frozen=True, slots=True)
class Sizing:
    """Bound what runs together: pick_group's `token_budget` and `spread`, and `window`.

    The window is how many texts that came after the oldest one may run beside it. Without a bound
    a full queue would be worked on everywhere at once: every request would be begun and none done.
    """

    token_budget: int = TOKEN_BUDGET
    spread: float = LENGTH_SPREAD
    window: int = WINDOW


CARD_SIZING = Sizing(token_budget=16_384, spread=1.5, window=2_048)
"""For a graphics card, which a small run leaves idle; `python -m benchmarks.gpu` tries others."""


@dataclass(frozen=True, slots=True)
class Group:
    """Name the texts that share a run: their places in the list, and the longest's tokens."""

    indices: tuple[int, ...]
    width: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """Count what one run cost: `padded_tokens` were computed, `tokens` of them were text."""

    texts: int
    failed: int
    tokens: int
    padded_tokens: int
    seconds: float


def plan_groups(
    lengths: Sequence[int], token_budget: int = TOKEN_BUDGET, spread: float = LENGTH_SPREAD
) -> list[Group]:
    """Return groups that hold every text exactly once, the longest texts first.

    `lengths` is in tokens. Within a group the longest is at most `spread` times the shortest
    and the padded tokens stay within `token_budget`; a text that is over the budget by itself
    is a group of its own. Longest first, because workers that take groups from one queue
    finish together when the largest pieces go out before the small ones.
    """
    by_length = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    groups: list[Group] = []
    members: list[int] = []
    for index in by_length:
        if members:
            width = lengths[members[0]]
            over_budget = (len(members) + 1) * width > token_budget
            if over_budget or width > spread * lengths[index]:
                groups.append(Group(tuple(members), width))
                members = []
        members.append(index)
    if members:
        groups.append(Group(tuple(members), lengths[members[0]]))
    return groups


def pick_group(
    waiting: Mapping[int, int],
    first: int,
    most: int,
    token_budget: int = TOKEN_BUDGET,
    spread: float = LENGTH_SPREAD,
) -> dict[int, int]:
    """Return how many texts of each length to run together with one of length `first`.

    `waiting` counts the texts that wait by their length in tokens. Lengths nearest to `first`
    are taken first, at most `most` texts in all, within plan_groups' budget and spread; a text
    of length `first` is always among them.
    """
    picked = {first: 1}
    count, shortest, longest = 1, first, first
    for length in sorted(waiting, key=lambda length: (abs(length - first), length)):
        low, high = min(shortest, length), max(longest, length)
        if high > spread * low:
            continue
        room = min(most, token_budget // high) - count
        taken = min(waiting[length] - picked.get(length, 0), room)
        if taken > 0:
            picked[length] = picked.get(length, 0) + taken
            count, shortest, longest = count + taken, low, high
    return picked
