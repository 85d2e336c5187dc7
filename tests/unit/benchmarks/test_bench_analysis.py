"""The timeline that an analysis is measured with."""

from pathlib import Path

from benchmarks.analysis import POSTS, timeline


def test_a_timeline_is_read_newest_first(tmp_path: Path) -> None:
    (tmp_path / "timelines").mkdir()
    (tmp_path / "timelines" / "BarackObama.csv").write_text(
        "id,created_at,text\n"
        "1,2026-01-01T10:00:00Z,an early walk\n"
        "2,2026-01-02T10:00:00Z,a late one\n"
    )

    source, posts = timeline(tmp_path)

    assert source == "a real timeline"
    assert [post.text for post in posts] == ["a late one", "an early walk"]


def test_without_the_data_posts_are_made_up_and_it_says_so(tmp_path: Path) -> None:
    source, posts = timeline(tmp_path)

    assert source == "made-up posts"
    assert len({post.post_id for post in posts}) == POSTS
