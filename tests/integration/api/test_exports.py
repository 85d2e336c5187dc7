"""The export as JSON and CSV: its range of days, and that the CSV can be opened and read again."""

import csv
import io
from typing import Any

import pytest

from api.domain.posts import EMOTIONS
from api.routes.exports import COLUMNS
from tests.support.wired_service import WiredService, post_line, problem

EXPORT = "/v1/users/alice/export"
HOSTILE = (
    "=1+1",
    '=HYPERLINK("https://evil.example";"x")',
    "+49 is no formula, but a spreadsheet thinks so",
    "-2+3",
    "@ana thanks",
    "'=already quoted",
    "''=twice",
    'a "quoted" word, and a comma; and a semicolon',
    "two\nlines",
    "two\r\nlines",
    "Grüße, 你好 🙃",
    "'twas fine",
    "a = b",
)


def rows_of(wired: WiredService, query: str = "") -> list[dict[str, str]]:
    answer = wired.client.get(f"{EXPORT}?format=csv{query}")
    assert answer.status_code == 200, answer.text
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def with_hostile_posts(wired: WiredService) -> None:
    answer = wired.import_lines(
        "alice",
        *(
            post_line(number, text=text, likes=number, retweets=2, views=3, ownership=ownership)
            for number, (text, ownership) in enumerate(
                zip(HOSTILE, ["own", "shared", "liked"] * 5, strict=False)
            )
        ),
    )
    assert answer.get_json()["imported"] == len(HOSTILE), answer.text


def stored_posts(wired: WiredService, name: str) -> list[dict[str, Any]]:
    posts = wired.client.get(f"/v1/users/{name}/export").get_json()["posts"]
    kept = ("post_id", "text", "created_at", "ownership", "engagement")
    return [{key: post[key] for key in kept} for post in posts]


def test_the_csv_has_a_row_per_post_with_what_the_model_and_the_user_say(
    wired: WiredService,
) -> None:
    wired.analysed("alice", "joy")
    wired.client.put("/v1/users/alice/corrections", json={"post_id": "3", "emotion": "fear"})
    wired.import_lines("alice", post_line(9, text="not classified yet"))

    answer = wired.client.get(f"{EXPORT}?format=csv")
    rows = {row["post_id"]: row for row in rows_of(wired)}

    assert answer.data.startswith(b"\xef\xbb\xbfpost_id,created_at,")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="moodline-posts.csv"'
    assert tuple(rows["3"]) == COLUMNS
    assert (rows["3"]["emotion"], rows["3"]["correction"]) == ("fear", "fear")
    assert (rows["2"]["emotion"], rows["2"]["correction"]) == ("joy", "")
    assert sum(float(rows["3"][name]) for name in EMOTIONS) == pytest.approx(1.0)
    assert float(rows["3"]["joy"]) > 0.5
    assert {rows["9"][name] for name in ("emotion", "joy", "irony")} == {""}


def test_no_cell_is_run_as_a_formula(wired: WiredService) -> None:
    with_hostile_posts(wired)

    rows = rows_of(wired)

    assert len(rows) == len(HOSTILE)
    for row in rows:
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row.values())
    assert {"a = b", "'twas fine", "'@ana thanks"} <= {row["text"] for row in rows}


def test_the_csv_is_imported_again_as_it_was(wired: WiredService) -> None:
    with_hostile_posts(wired)
    exported = wired.client.get(f"{EXPORT}?format=csv").data

    report = wired.client.post(
        "/v1/users/bob/posts", data=exported, content_type="text/csv"
    ).get_json()

    assert (report["dialect"]["name"], report["imported"]) == ("moodline", len(HOSTILE))
    assert (report["skipped"], report["duplicates"]) == (0, 0)
    assert stored_posts(wired, "bob") == stored_posts(wired, "alice")
    again = wired.client.post("/v1/users/alice/posts", data=exported, content_type="text/csv")
    assert again.get_json()["unchanged"] == len(HOSTILE)


def test_a_text_of_another_csv_keeps_its_apostrophe(wired: WiredService) -> None:
    wired.client.post(
        "/v1/users/alice/posts",
        data=b"id,text,created_at\n1,'=5 of them,2026-02-01\n",
        content_type="text/csv",
    )

    assert stored_posts(wired, "alice")[0]["text"] == "'=5 of them"


def test_a_range_of_days_limits_the_posts_and_nothing_else(wired: WiredService) -> None:
    wired.analysed("alice", "joy")  # posts of 1 to 5 February, at 10:00 UTC
    ranged = "&from=2026-02-02&to=2026-02-03"

    everything = wired.client.get(EXPORT).get_json()
    some = wired.client.get(f"{EXPORT}?{ranged[1:]}").get_json()
    late = rows_of(wired, "&from=2026-02-02&to=2026-02-02&timezone=Pacific/Kiritimati")

    assert [row["created_at"][:10] for row in rows_of(wired, ranged)] == [
        "2026-02-03",
        "2026-02-02",
    ]
    assert len(some["posts"]) == 2
    assert {**some, "posts": None} == {**everything, "posts": None}
    assert [row["created_at"][:10] for row in late] == ["2026-02-01"]


def test_without_posts_there_is_a_header(wired: WiredService) -> None:
    wired.client.put("/v1/users/alice/consent")

    assert rows_of(wired) == []
    assert wired.client.get(f"{EXPORT}?format=csv").data.endswith(b",impressions\r\n")


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("format=xlsx", "format"),
        ("from=2026-02-03&to=2026-02-01", "to"),
        ("timezone=Mars/Olympus", "timezone"),
        ("from=yesterday", "from"),
    ],
)
def test_what_cannot_be_exported_is_refused(wired: WiredService, query: str, where: str) -> None:
    wired.analysed("alice")

    answer = wired.client.get(f"{EXPORT}?{query}")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"].strip("/") == where


def test_an_unknown_user_is_not_found(wired: WiredService) -> None:
    problem(wired.client.get(f"{EXPORT}?format=csv"), 404, "not-found")
