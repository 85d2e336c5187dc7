"""The store's sizes are measured in a store that has done its work."""

from pathlib import Path

import pytest

from benchmarks.store import sizes


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "POSTS", 64)
    monkeypatch.setattr(sizes, "IDLE_USERS", 50)


@pytest.mark.usefixtures("few")
def test_a_post_takes_more_than_its_text_and_its_scores(tmp_path: Path) -> None:
    found = sizes.sqlite_figures(tmp_path / "sizes.db", 8)

    assert 150 < found["sqlite_bytes_per_post"] < 600
    assert 50 < found["sqlite_index_bytes_per_post"] < 400
    assert 1_000 < found["sqlite_bytes_per_analysis"] < 20_000
    assert found["store_seconds_per_chunk"] > 0


@pytest.mark.usefixtures("few")
def test_documents_of_mongodb_are_larger_than_rows_of_sqlite() -> None:
    found = sizes.mongo_figures()

    assert 500 < found["mongo_bytes_per_post"] < 1_500
    assert 100 < found["mongo_index_bytes_per_post"] < 800
    assert 1_000 < found["mongo_bytes_per_analysis"] < 20_000
    assert 200 < found["mongo_bytes_per_user"] < 2_000
