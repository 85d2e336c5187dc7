"""The import cases that are given beside the repository, each with its stated result."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.domain.posts import Engagement, Ownership, Post, RejectedPost, Skip
from api.errors import UnreadableFileError
from api.ports.post_files import PostFile
from tests.support.post_file_cases import FILES

FOLDER = Path(os.environ.get("MOODLINE_DATA", "../shared/data")).parent / "cases" / "imports"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not FOLDER.is_dir(),
        reason=f"{FOLDER} is missing: the given import cases were NOT tried (set MOODLINE_DATA)",
    ),
]

OWN, SHARED = Ownership.OWN, Ownership.SHARED


@dataclass(frozen=True)
class Read:
    """A given file as it was read."""

    file: PostFile
    posts: Sequence[Post]
    left: Sequence[RejectedPost]

    @property
    def times(self) -> list[str]:
        return [f"{post.created_at:%Y-%m-%d %H:%M}" for post in self.posts]

    @property
    def ownerships(self) -> list[Ownership]:
        return [post.ownership for post in self.posts]

    @property
    def ids(self) -> list[str]:
        return [post.post_id for post in self.posts]


def read(name: str) -> Read:
    with (FOLDER / name).open("rb") as file:
        opened = FILES.open(io.BytesIO(file.read()), name, None, None)
    found = list(opened.posts())
    return Read(
        opened,
        [each for each in found if isinstance(each, Post)],
        [each for each in found if isinstance(each, RejectedPost)],
    )


def refusal(name: str) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        read(name)
    return caught.value.detail


EXPECTED = {
    "01-x-analytics-tweets.csv": ("x_analytics", [OWN]),
    "03-snscrape-tutorial.csv": ("snscrape", [OWN, OWN]),
    "04-snscrape.jsonl": ("snscrape", [OWN]),
    "05-twarc2-page.jsonl": ("x_api_v2", [OWN, SHARED]),
    "07-twint.csv": ("twint", [OWN]),
    "08-ifttt-sheet.csv": ("ifttt_sheet", [OWN]),
    "08b-ifttt-sheet-renamed.csv": ("plain_csv", [OWN]),
    "09-excel-sep.csv": ("plain_csv", [OWN]),
    "10-day-first.csv": ("plain_csv", [OWN] * 4),
    "11-meta-mojibake.jsonl": ("plain_json", [OWN, OWN]),
    "12-mastodon-statuses.jsonl": ("mastodon_statuses", [OWN, SHARED]),
    "12b-mastodon-statuses.json": ("mastodon_statuses", [OWN, SHARED]),
    "13-mastodon-outbox.json": ("mastodon_outbox", [OWN]),
    "14-x-archive.zip": ("x_archive", [OWN] * 5),
    "14b-community-tweet.js": ("x_archive", [OWN]),
    "15-missing-values.csv": ("plain_csv", [OWN] * 6),
    "17-kaggle.zip": ("plain_csv", [OWN]),
    "17c-object-wrapper.json": ("plain_json", [OWN]),
    "18-v1-retweet.jsonl": ("x_api_v1", [SHARED]),
    "19-self-retweeted.jsonl": ("x_api_v1", [OWN]),
    "21-excel-unicode.txt": ("plain_csv", [OWN]),
    "22-emoji-rtl.jsonl": ("plain_json", [OWN] * 3),
    "23-dates.csv": ("plain_csv", [OWN] * 30),
    "24-retweet-flags.csv": ("plain_csv", [SHARED, SHARED, SHARED, OWN]),
    "26-getoldtweets.csv": ("getoldtweets", [OWN, OWN]),
    "27-tags-sheet.csv": ("tags_sheet", [OWN]),
    "28-covid-kaggle.csv": ("plain_csv", [OWN]),
    "30-old-archive-tweets.csv": ("x_archive_csv", [SHARED, OWN]),
    "33-ms-timestamps.csv": ("plain_csv", [OWN, OWN]),
}
REFUSED = {
    "14c-note-tweet.js": "belong to the posts in tweets.js",
    "14e-like.js": "you liked",
    "17b-zip-in-zip.zip": "archive inside this archive",
}


def test_every_given_file_has_an_expectation() -> None:
    given = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert given <= EXPECTED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_given_file_has_its_dialect_and_its_posts(name: str) -> None:
    dialect, ownerships = EXPECTED[name]
    found = read(name)
    assert (found.file.dialect.name, found.ownerships) == (dialect, ownerships)


@pytest.mark.parametrize(("name", "why"), REFUSED.items())
def test_a_given_file_is_refused_with_the_reason(name: str, why: str) -> None:
    assert why in refusal(name)


@pytest.mark.parametrize(
    ("name", "engagement"),
    [
        ("01-x-analytics-tweets.csv", Engagement(likes=2, reposts=1, impressions=3917)),
        (
            "04-snscrape.jsonl",
            Engagement(likes=55, reposts=4, replies=3, quotes=1, impressions=900),
        ),
        ("05-twarc2-page.jsonl", Engagement(likes=7, reposts=1)),
        ("07-twint.csv", Engagement(likes=40, reposts=3, replies=2)),
        ("09-excel-sep.csv", Engagement(likes=3)),
        ("12-mastodon-statuses.jsonl", Engagement(likes=4, reposts=2, replies=1)),
        ("21-excel-unicode.txt", Engagement(likes=1234)),
    ],
)
def test_the_counts_of_the_first_post_are_read(name: str, engagement: Engagement) -> None:
    assert read(name).posts[0].engagement == engagement


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("01-x-analytics-tweets.csv", ["2021-01-06 23:00"]),
        ("03-snscrape-tutorial.csv", ["2021-05-01 12:30", "2021-05-02 12:30"]),
        ("07-twint.csv", ["2021-03-01 11:00"]),
        ("08-ifttt-sheet.csv", ["2018-10-10 20:19"]),
        ("08b-ifttt-sheet-renamed.csv", ["2018-10-10 20:19"]),
        (
            "10-day-first.csv",
            ["2023-12-31 20:19", "2023-02-05 20:19", "2023-03-04 09:00", "2023-03-25 09:00"],
        ),
        ("13-mastodon-outbox.json", ["2022-11-20 10:00"]),
        ("33-ms-timestamps.csv", ["2018-10-10 20:19", "2018-10-10 20:19"]),
    ],
)
def test_the_times_are_read(name: str, times: list[str]) -> None:
    assert read(name).times == times


@pytest.mark.parametrize("name", ["08-ifttt-sheet.csv", "08b-ifttt-sheet-renamed.csv"])
def test_an_id_is_taken_out_of_the_url(name: str) -> None:
    assert read(name).ids == ["1050000000000000001"]


def test_ids_of_snscrape_keep_all_their_digits() -> None:
    assert all(each.endswith("0000001") for each in read("03-snscrape-tutorial.csv").ids)


def test_every_form_of_a_date_is_that_day() -> None:
    days = {time.partition(" ")[0] for time in read("23-dates.csv").times}
    # One form says 22:19 in a zone seven hours behind, on the 8th.
    assert days == {"2018-10-10", "2018-10-09"}


def test_double_encoding_is_undone() -> None:
    first, second = (post.text for post in read("11-meta-mojibake.jsonl").posts)
    assert "’" in first
    assert "😊" in first
    assert first.endswith("é")
    assert second.startswith("❤️ ")


@pytest.mark.parametrize("name", ["12-mastodon-statuses.jsonl", "12b-mastodon-statuses.json"])
def test_html_becomes_text(name: str) -> None:
    text = read(name).posts[0].text
    assert text.count("\n") == 1
    assert text.endswith(" #lake")
    assert " <3\n" in text


def test_a_boost_without_text_is_named() -> None:
    [boost] = read("13-mastodon-outbox.json").left
    assert boost.kind is Skip.LEFT_OUT


def test_of_an_edited_pair_the_newer_counts_and_long_posts_are_whole() -> None:
    found = read("14-x-archive.zip")
    assert [each.kind for each in found.left] == [Skip.EDITED]
    assert len(found.posts[0].earlier_ids) == 1
    assert all("…" not in post.text for post in found.posts)
    assert all(len(post.text) > 280 for post in found.posts[1:4])


def test_unknown_counts_are_0() -> None:
    counts = [post.engagement for post in read("15-missing-values.csv").posts]
    assert counts.count(Engagement()) == 5


def test_a_cut_retweet_has_the_whole_text_of_its_original() -> None:
    assert read("18-v1-retweet.jsonl").posts[0].text.endswith("finally hold her in our arms")


def test_emoji_and_letters_of_any_script_are_unchanged() -> None:
    texts = [post.text for post in read("22-emoji-rtl.jsonl").posts]
    assert "\u200d" in texts[0]
    assert "\u200f#" in texts[2]


def test_a_time_that_a_spreadsheet_rounded_is_refused() -> None:
    [row] = read("33-ms-timestamps.csv").left
    assert row.where == "row 2"
    assert "rounded" in row.reason


def test_no_given_post_lies_in_the_future() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert all(post.created_at < now for name in EXPECTED for post in read(name).posts)
