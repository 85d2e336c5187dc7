"""Change a case's file in any way: its bytes, or the values, keys and cells in it."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from tests.support.post_file_cases import Case, zip_of

Draw = Callable[..., Any]
Change = Callable[[Case, Draw], bytes]

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
    | st.sampled_from([
        "NaN", "[removed]", "1.33E+18", "05/02/2023", "31/12/2023 8:19 PM", "<p>", "<br>a<",
        "RT @a: b", "&#0;", "&#xd800;", "\ud800", "\u202e#x", "9" * 400, "-1", "1e309", "  ", "at://a/b/c",
        "a" * 25_001, "https://x.com/a/status/1", "{host}", "%s", "\x00",
    ])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def any_bytes(case: Case, draw: Draw) -> bytes:
    """Flip, cut, repeat and move bytes of the file as it is sent."""
    content = bytearray(case.content())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        match draw(st.integers(0, 4)):
            case 0:
                content[at : at + 1] = draw(st.binary(max_size=4))
            case 1:
                del content[at:]
            case 2:
                del content[at : at + draw(st.integers(0, 400))]
            case 3:
                content[at:at] = content[: draw(st.integers(0, 200))]
            case _:
                content[at:at] = draw(st.text(max_size=5)).encode("utf-8", "replace")
    return bytes(content)


def any_values(case: Case, draw: Draw) -> bytes:
    """Change values, keys and cells inside the file; in an archive, inside each of its files."""
    if case.path.is_file():
        return changed(case.path.name, case.path.read_bytes(), draw)
    return zip_of(
        {
            path.relative_to(case.path).as_posix(): changed(path.name, path.read_bytes(), draw)
            for path in sorted(case.path.rglob("*"))
            if path.is_file()
        }
    )


def changed(name: str, content: bytes, draw: Draw) -> bytes:
    text = content.decode("utf-8-sig")
    if name.endswith(".csv"):
        return changed_table(text, draw).encode("utf-8", "surrogatepass")
    beginning = ""
    if name.endswith(".js"):
        beginning, _, text = text.partition(" = ")
        beginning += " = "
    if name.endswith(".jsonl") or "\n{" in text:
        items = [json.loads(line) for line in text.splitlines()]
        parts = [json.dumps(changed_value(item, draw)) for item in items]
        return (beginning + "\n".join(parts)).encode()
    value = changed_value(json.loads(text), draw)
    return (beginning + json.dumps(value, indent=draw(st.sampled_from([None, 1])))).encode()


def changed_value(value: Any, draw: Draw) -> Any:
    """Change one to three places in a JSON value."""
    for _ in range(draw(st.integers(1, 3))):
        places = list(containers(value))
        if not places:
            return draw(VALUES)
        place = places[draw(st.integers(0, len(places) - 1))]
        if isinstance(place, list):
            at = draw(st.integers(0, len(place)))
            place[at : at + draw(st.integers(0, 1))] = draw(st.lists(VALUES, max_size=2))
            continue
        key = draw(st.sampled_from(sorted(place)))
        match draw(st.integers(0, 3)):
            case 0:
                place[key] = draw(VALUES)
            case 1:
                del place[key]
            case 2:
                place[draw(st.text(max_size=8))] = place.pop(key)
            case _:
                place[draw(st.sampled_from([key.upper(), key.title(), f" {key}"]))] = draw(VALUES)
    return value


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if value:
            yield value
        for inner in value.values():
            yield from containers(inner)
    elif isinstance(value, list):
        yield value
        for inner in value:
            yield from containers(inner)


def changed_table(text: str, draw: Draw) -> str:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    for _ in range(draw(st.integers(1, 4))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        at = draw(st.integers(0, max(len(row) - 1, 0)))
        match draw(st.integers(0, 3)):
            case 0:
                row[at : at + 1] = [str(draw(SCALARS))]
            case 1:
                del row[at : at + 1]
            case 2:
                row[at:at] = row[:1]
            case _:
                row[:] = draw(st.permutations(row))
    out = io.StringIO()
    kind = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    csv.writer(out, delimiter=delimiter, quoting=kind).writerows(rows)
    return out.getvalue()


CHANGES: tuple[Change, ...] = (any_bytes, any_values)
