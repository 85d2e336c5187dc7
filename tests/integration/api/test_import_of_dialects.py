"""Files of every dialect come in over HTTP whole or not at all, whatever was done to them."""

import io
from collections.abc import Iterator
from itertools import count

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.post_file_cases import Case, cases
from tests.support.post_file_changes import CHANGES
from tests.support.wired_service import WiredService, wire_service

USERS = count()
FEW = hypothesis.settings(max_examples=3, deadline=None)


@pytest.fixture(scope="module")
def importing(settings: Settings) -> Iterator[WiredService]:
    """A wired service in which every file is imported for a user of its own."""
    with wire_service(MemoryStore(), settings) as opened:
        yield opened


def import_whole_or_not_at_all(service: WiredService, content: bytes, name: str) -> int:
    user = f"user_{next(USERS)}"
    answer = service.client.post(
        f"/v1/users/{user}/posts", data={"file": (io.BytesIO(content), name)}
    )
    stored = service.client.get(f"/v1/users/{user}")
    report = answer.get_json()
    if answer.status_code != 200:
        assert 400 <= answer.status_code < 500, report
        assert report["detail"]
        assert stored.status_code == 404
        return 0
    read = report["own"] + report["shared"] + report["liked"]
    assert report["total"] == report["imported"] <= read
    assert stored.status_code == (200 if read else 404)
    return int(read)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.path.name)
def test_a_case_is_imported(importing: WiredService, case: Case) -> None:
    read = import_whole_or_not_at_all(importing, case.content(), case.path.name)
    assert read == len(case.expected.get("posts", ()))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.path.name)
def test_a_changed_file_is_imported_whole_or_not_at_all(
    importing: WiredService, case: Case
) -> None:
    @FEW
    @given(st.data())
    def import_one(data: st.DataObject) -> None:
        change = data.draw(st.sampled_from(CHANGES))
        import_whole_or_not_at_all(importing, change(case, data.draw), case.path.name)

    import_one()
