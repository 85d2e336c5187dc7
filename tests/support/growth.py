"""How the work on an input grows with its length, and which patterns let it grow faster.

Two measures: `growth` runs a call, and `faults_of` reads a pattern's parsed form.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from time import process_time
from types import FrameType
from typing import Any

DOUBLINGS = 3
MOST_PER_DOUBLING = 2.5
_TRIES = 3  # other work on the machine can make one look worse, and none so much better
_SHORTEST = 0.001  # seconds: what takes less is as good as nothing, and its noise means nothing


def growth(run: Callable[[int], object], size: int) -> float:
    """Return how many times the processor time grows from one doubling of the size to the next.

    It is the mean of three doublings, each the best of three runs: 2 is linear, 4 is the square.
    What is above the bound is measured again, and the least of it counts.
    """

    def seconds(of: int) -> float:
        best = float("inf")
        for _ in range(3):
            start = process_time()
            run(of)
            best = min(best, process_time() - start)
        return max(best, _SHORTEST)

    least = float("inf")
    for _ in range(_TRIES):
        ratio = seconds(size << DOUBLINGS) / seconds(size)
        least = min(least, float(ratio ** (1 / DOUBLINGS)))
        if least <= MOST_PER_DOUBLING:
            break
    return least


def lines_run(call: Callable[[], object]) -> int:
    """Return how many lines of Python a call runs."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


# Patterns. A set of characters is known by those of a sample that are in it.

_SAMPLE = "".join(map(chr, range(0x180))) + "…\u2028\u3000＃ﾞ\u0301\u200d中😀\ud800"
_ALL = frozenset(_SAMPLE)
_CATEGORIES = {
    code.CATEGORY_DIGIT: r"\d", code.CATEGORY_NOT_DIGIT: r"\D", code.CATEGORY_SPACE: r"\s",
    code.CATEGORY_NOT_SPACE: r"\S", code.CATEGORY_WORD: r"\w", code.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
# A repeat of fewer characters costs no more than a constant.
_BOUNDED = 1_024

Node = tuple[Any, Any]
Characters = frozenset[str]


def faults_of(pattern: re.Pattern[Any], *, searched: bool) -> list[str]:
    """Return why the time to match a pattern may grow faster than the text; empty if it does not.

    searched: it is tried at every place of a text, not at one. Stricter than it need be: a pattern
    that could be read as faulty is written in another way.
    """
    text = pattern.pattern
    source = text.decode("latin-1") if isinstance(text, bytes) else text
    flags = pattern.flags & ~re.UNICODE if isinstance(text, bytes) else pattern.flags
    found: list[str] = []
    for items in _written_out(list(parser.parse(source, flags))):
        found += _ambiguous(items)
        if searched:
            found += _tried_anew(items)
    return list(dict.fromkeys(found))


def _written_out(items: Sequence[Node]) -> Iterator[list[Node]]:
    """Yield the sequences that a pattern stands for, with each choice and each option taken."""
    if not items:
        yield []
        return
    first, rest = items[0], list(_written_out(items[1:]))
    kind, value = first
    options: list[list[Node]] = [[first]]
    if kind in (code.BRANCH, code.SUBPATTERN):
        options = [each for branch in _branches(first) for each in _written_out(branch)]
    elif kind is code.MAX_REPEAT and value[1] == 1:
        options = [[], *_written_out(list(value[2]))]
    for option in options:
        for following in rest:
            yield [*option, *following]


def _ambiguous(items: Sequence[Node]) -> Iterator[str]:
    """Yield pairs of repeats that can share out one run of characters in several ways."""
    yield from _ambiguous_pairs(items)
    for item in items:
        if item[0] in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
            for body in _written_out(list(item[1][2])):
                yield from _ambiguous(body)
                if _is_unbounded(item):
                    # As if it were written twice: a repeat inside must end before the next begins.
                    yield from _ambiguous_pairs([*body, *body])


def _ambiguous_pairs(items: Sequence[Node]) -> Iterator[str]:
    for at, first in enumerate(items):
        for repeat in _unbounded_in(first):
            run = _characters(repeat)
            for following in items[at + 1 :]:
                if not _is_nullable(following) and not run & _first(following):
                    break
                if any(run & _characters(each) for each in _unbounded_in(following)):
                    yield f"two repeats share {sorted(run)[:3]}..."
                    return


def _tried_anew(items: Sequence[Node]) -> Iterator[str]:
    """Yield repeats that a search reads again from each of their characters, to fail each time."""
    for at, item in enumerate(items):
        rest = items[at + 1 :]
        for repeat in _unbounded_in(item, possessive=True):
            run = _characters(repeat)
            before = items[:at]
            marked = any(not _is_nullable(each) and not run & _characters(each) for each in before)
            if not marked and not all(map(_is_nullable, rest)):
                yield f"a run of {sorted(run)[:3]}... is read anew from each of its characters"


def _branches(item: Node) -> list[list[Node]]:
    kind, value = item
    if kind is code.BRANCH:
        return [list(branch) for branch in value[1]]
    if kind is code.SUBPATTERN:
        return [list(value[3])]
    if kind in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
        return [list(value[2])]
    if kind is code.ATOMIC_GROUP:
        return [list(value)]
    return []


def _is_unbounded(item: Node) -> bool:
    return int(item[1][1]) >= _BOUNDED


def _unbounded_in(item: Node, *, possessive: bool = False) -> Iterator[Node]:
    repeats = (code.MAX_REPEAT, code.MIN_REPEAT)
    if (item[0] in repeats or (possessive and item[0] is code.POSSESSIVE_REPEAT)) and _is_unbounded(
        item
    ):
        yield item
    elif item[0] is code.POSSESSIVE_REPEAT and _is_unbounded(item):
        return
    else:
        for branch in _branches(item):
            for inner in branch:
                yield from _unbounded_in(inner, possessive=possessive)


def _has_unbounded(item: Node) -> bool:
    return any(True for _ in _unbounded_in(item))


def _is_nullable(item: Node) -> bool:
    kind, value = item
    if kind in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
        return value[0] == 0 or all(map(_is_nullable, value[2]))
    if kind in (code.SUBPATTERN, code.BRANCH, code.ATOMIC_GROUP):
        return any(all(map(_is_nullable, branch)) for branch in _branches(item))
    return False


def _first(item: Node) -> Characters:
    """Return the characters that an item may begin with."""
    branches = _branches(item)
    if not branches:
        return _characters(item)
    found: set[str] = set()
    for branch in branches:
        for inner in branch:
            found |= _first(inner)
            if not _is_nullable(inner):
                break
    return frozenset(found)


def _characters(item: Node) -> Characters:
    """Return all characters that an item may take; all there are where that is not known."""
    kind, value = item
    if kind is code.LITERAL:
        return frozenset(chr(value)) & _ALL or frozenset(chr(value))
    if kind is code.NOT_LITERAL:
        return _ALL - frozenset(chr(value))
    if kind is code.ANY:
        return _ALL
    if kind is code.IN:
        return _in_class(value)
    if kind in (code.AT, code.ASSERT, code.ASSERT_NOT):
        return frozenset()
    if kind is code.GROUPREF:
        return _ALL
    return frozenset().union(*(_characters(each) for branch in _branches(item) for each in branch))


def _in_class(members: Sequence[Node]) -> Characters:
    found: set[str] = set()
    for kind, value in members:
        if kind is code.LITERAL:
            found.add(chr(value))
        elif kind is code.RANGE:
            found |= {each for each in _ALL if value[0] <= ord(each) <= value[1]}
        elif kind is code.CATEGORY:
            found |= set(re.findall(_CATEGORIES[value], _SAMPLE))
    return _ALL - found if members[0][0] is code.NEGATE else frozenset(found)
