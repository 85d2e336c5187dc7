"""Whatever is done to a file of any dialect, it is read by the rules or refused with words."""

import io
from dataclasses import astuple
from datetime import UTC
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.imports import DateOrder
from api.domain.posts import MAX_POST_CHARACTERS, Post, RejectedPost
from api.errors import MoodlineError
from tests.support.post_file_cases import FILES, Case, cases
from tests.support.post_file_changes import CHANGES, Change

CASES = cases()
FUZZED = settings(max_examples=8, deadline=None)


def check(content: bytes, file_name: str, order: DateOrder | None) -> None:
    check_file(io.BytesIO(content), file_name, order)


def check_file(file: BinaryIO, file_name: str, order: DateOrder | None) -> None:
    try:
        opened = FILES.open(file, file_name, None, order, "ida_wren")
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path.name)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_file_is_read_by_the_rules_or_refused_with_words(
    case: Case, change: Change
) -> None:
    @FUZZED
    @given(st.data())
    def try_one(data: st.DataObject) -> None:
        order = data.draw(st.sampled_from([None, *DateOrder]))
        check(change(case, data.draw), case.path.name, order)

    try_one()
