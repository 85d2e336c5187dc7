"""A real export of 3,207 posts, kept outside the repository, is read right."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.domain.posts import Ownership, Post, RejectedPost
from api.post_files.opening import DialectPostFiles

EXPORT = Path(__file__).parents[5] / "shared" / "data" / "timelines" / "BarackObama.csv"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not EXPORT.exists(), reason=f"the data set is not there: {EXPORT}"),
]


@pytest.fixture(scope="module")
def items() -> list[Post | RejectedPost]:
    with EXPORT.open("rb") as file:
        files = DialectPostFiles(lambda: datetime(2026, 3, 1, tzinfo=UTC))
        return list(files.open(file, EXPORT.name, None, None).posts())


@pytest.fixture(scope="module")
def posts(items: list[Post | RejectedPost]) -> dict[str, Post]:
    return {item.post_id: item for item in items if isinstance(item, Post)}


def test_every_post_is_read_and_none_rejected(
    items: list[Post | RejectedPost], posts: dict[str, Post]
) -> None:
    assert [item for item in items if isinstance(item, RejectedPost)] == []
    assert len(posts) == 3207


def test_years_of_two_digits_are_those_of_this_century(posts: dict[str, Post]) -> None:
    years = Counter(post.created_at.year for post in posts.values())

    assert years == {2014: 647, 2015: 1478, 2016: 1038, 2017: 44}


def test_retweets_are_shared_and_not_own_posts(posts: dict[str, Post]) -> None:
    owners = Counter(post.ownership for post in posts.values())

    assert owners == {Ownership.OWN: 2856, Ownership.SHARED: 351}


def test_the_counts_of_a_post_are_its_own(posts: dict[str, Post]) -> None:
    engagement = posts["920061541986250758"].engagement

    assert (engagement.likes, engagement.reposts, engagement.replies) == (641842, 89916, 17064)


def test_entities_are_unescaped(posts: dict[str, Post]) -> None:
    assert posts["914832655170011137"].text.startswith("Michelle & I are praying")
    assert not any("&amp;" in post.text or "&gt;" in post.text for post in posts.values())


@pytest.mark.parametrize(
    "written",
    [
        "they’ve done nothing wrong",  # bytes e4 f3 bb: ’
        "McKinley Tech students—inspiring",  # e4 f3 ee: —
        "Coding is important – and fun",  # e4 f3 f1: –
        "we’re changing the climate.”",  # e4 f3 bb and e4 f3 9d: ’ and ”
        "since the ‘90s",  # e4 f3 d6: ‘
        "que están cubiertos. El mercado de seguros abre mañana",  # ed e7 and ed b1: á and ñ
        "@NatlParkService 💯 bday",  # 5f f4 cd bf, its first byte lost: 💯
        "Median household income: ⬆",  # e4 e5 ca: ⬆
        "Join us a…",  # e4 f3 5f, its last byte lost: …
    ],
)
def test_typographic_characters_come_out_as_they_were_written(
    posts: dict[str, Post], written: str
) -> None:
    assert any(written in post.text for post in posts.values())


def test_nothing_of_the_damage_is_left(posts: dict[str, Post]) -> None:
    beyond_ascii = {
        character for post in posts.values() for character in post.text if not character.isascii()
    }

    assert beyond_ascii == set("—–…’‘“”→↑↓✓✔⬇⬆áñ💯🔑\ufe0f\u200b\xa0")
