"""Whatever is done to a file of any dialect, it is read by the rules or refused with words."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.imports import DateOrder
from api.domain.posts import MAX_POST_CHARACTERS, Post, RejectedPost
from api.errors import MoodlineError
from tests.support.post_file_cases import FILES, Case, cases, zip_of

CASES = cases()
FUZZED = settings(max_examples=12, deadline=None)

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


def check(content: bytes, file_name: str, order: DateOrder | None) -> None:
    try:
        opened = FILES.open(io.BytesIO(content), file_name, None, order, "ida_wren")
        found = list(opened.posts())
    except MoodlineError as error:
        error.detail.encode()
        return
    for said in (*opened.unused_columns, *opened.notes, opened.encoding):
        said.encode()
    for each in found:
        if isinstance(each, RejectedPost):
            assert each.reason
            f"{each.where} {each.field} {each.reason}".encode()
        else:
            keeps_the_rules(each)


def keeps_the_rules(post: Post) -> None:
    assert post.text.strip()
    assert len(post.text) <= MAX_POST_CHARACTERS
    assert post.post_id
    assert post.created_at.tzinfo is UTC
    assert all(isinstance(count, int) and count >= 0 for count in astuple(post.engagement))
    assert len(post.earlier_ids) <= 100
    # A store must be able to keep it: no half of a pair of surrogates, no NUL.
    kept = "".join(filter(None, [
        post.post_id, post.text, post.language, *post.hashtags, *post.earlier_ids, post.own_word,
    ]))  # fmt: skip
    assert "\x00" not in kept
    kept.encode()


# Changes


def any_bytes(case: Case, draw: Callable[..., Any]) -> bytes:
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


def any_values(case: Case, draw: Callable[..., Any]) -> bytes:
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


def changed(name: str, content: bytes, draw: Callable[..., Any]) -> bytes:
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


def changed_value(value: Any, draw: Callable[..., Any]) -> Any:
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


def changed_table(text: str, draw: Callable[..., Any]) -> str:
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path.name)
@pytest.mark.parametrize("change", [any_bytes, any_values], ids=lambda change: change.__name__)
def test_a_changed_file_is_read_by_the_rules_or_refused_with_words(
    case: Case, change: Callable[[Case, Callable[..., Any]], bytes]
) -> None:
    @FUZZED
    @given(st.data())
    def try_one(data: st.DataObject) -> None:
        order = data.draw(st.sampled_from([None, *DateOrder]))
        check(change(case, data.draw), case.path.name, order)

    try_one()
