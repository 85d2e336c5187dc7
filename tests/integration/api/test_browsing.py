"""Looking back: a user's posts page by page, their past analyses, and patterns."""

import base64
import json
from typing import Any

import pytest

from tests.support.wired_service import WiredService, post_line, problem

SOME = [
    post_line(1, "joy", created_at="2026-02-01T23:30:00Z", hashtags=["garden"]),
    post_line(2, "anger", created_at="2026-02-02T10:00:00Z", likes=3),
    post_line(3, "joy", created_at="2026-02-03T10:00:00Z", ownership="liked"),
    post_line(4, "sadness", created_at="2026-02-04T10:00:00Z", text="GRAU, full of sadness"),
]


@pytest.fixture
def looked(wired: WiredService) -> WiredService:
    wired.import_lines("ana", *SOME)
    wired.start("ana")
    wired.work()
    return wired


def posts(wired: WiredService, query: str = "") -> dict[str, Any]:
    answer = wired.client.get(f"/v1/users/ana/posts{query}")
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.get_json()
    return page


def ids(wired: WiredService, query: str) -> list[str]:
    page = posts(wired, query)
    assert page["total"] == len(page["posts"])
    return [each["post_id"] for each in page["posts"]]


def test_a_post_is_told_with_its_emotion_and_all_that_is_stored_of_it(looked: WiredService) -> None:
    page = posts(looked, "?emotion=anger")

    (post,) = page["posts"]
    assert (page["total"], page["next_cursor"], page["searched_to"]) == (1, None, None)
    assert post.pop("scores")["anger"] > 0.5
    assert post.pop("irony") < 0.5
    assert post == {
        "post_id": "2",
        "text": "post 2 full of anger",
        "created_at": "2026-02-02T10:00:00Z",
        "ownership": "own",
        "url": None,
        "hashtags": [],
        "engagement": {
            "likes": 3, "reposts": 0, "replies": 0, "quotes": 0, "bookmarks": 0, "impressions": 0,
        },
        "language": post["language"],
        "emotion": "anger",
        "read": True,
        "correction": None,
    }  # fmt: skip


def test_a_post_before_an_analysis_has_no_emotion_and_is_not_read(wired: WiredService) -> None:
    wired.import_posts("ana", 1)

    (post,) = posts(wired)["posts"]

    assert (post["emotion"], post["scores"], post["irony"], post["read"]) == (
        None,
        None,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["4", "3", "2", "1"]),
        ("?emotion=joy", ["3", "1"]),
        ("?emotion=fear", []),
        ("?ownership=liked", ["3"]),
        ("?from=2026-02-02&to=2026-02-03", ["3", "2"]),
        ("?from=2026-02-02&to=2026-02-03&timezone=Europe/Berlin", ["3", "2", "1"]),
        ("?text=grau", ["4"]),
        ("?text=Full+of+JOY&ownership=own", ["1"]),
        ("?text=%25", []),
        ("?text=", ["4", "3", "2", "1"]),
    ],
)
def test_posts_are_filtered_by_emotion_ownership_days_and_text(
    looked: WiredService, query: str, found: list[str]
) -> None:
    assert ids(looked, query) == found


@pytest.mark.parametrize("query", ["?limit=1", "?limit=1&text=full"])
def test_pages_hold_each_post_once_while_others_are_added(looked: WiredService, query: str) -> None:
    page = posts(looked, query)
    read = [each["post_id"] for each in page["posts"]]
    while page["next_cursor"]:
        looked.import_lines("ana", post_line(len(read) + 20, created_at="2026-02-25T10:00:00Z"))
        page = posts(looked, f"{query}&cursor={page['next_cursor']}")
        read += [each["post_id"] for each in page["posts"]]
        assert page["total"] == 4

    assert read == ["4", "3", "2", "1"]


def forged(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "====", "é", "WzFd", "bnVsbA", "[" * 500, forged(), forged("a", [1], "1", 1),
        forged("a", [10**30], "1", 1, None, None), forged("a", ["x"], "1", 1, None, None),
        forged("a", [1], "1", True, None, None), forged("a", [1], "1", -1, None, None),
        forged("a", [1], "1", 1, None, None), forged("a", [], {}, [], None, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("of", ["posts", "analyses"])
def test_a_text_that_is_no_cursor_of_this_list_is_refused(
    looked: WiredService, of: str, cursor: str
) -> None:
    answer = looked.client.get(f"/v1/users/ana/{of}", query_string={"cursor": cursor})

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "cursor"


def test_a_cursor_belongs_to_its_user_and_its_filter(looked: WiredService) -> None:
    looked.import_posts("ben", 3)
    cursor = posts(looked, "?limit=1")["next_cursor"]

    for path in ("ana/posts?emotion=joy&", "ana/posts?text=a&", "ben/posts?", "ana/analyses?"):
        problem(looked.client.get(f"/v1/users/{path}cursor={cursor}"), 400, "invalid-request")


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("emotion=bliss", "emotion"),
        ("ownership=mine", "ownership"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("from=2026-02-30", "from"),
        ("from=2026-02-02&to=2026-02-01", "to"),
        ("timezone=Mars/Base", "timezone"),
        ("text=" + "a" * 201, "text"),
        ("sort=asc", "sort"),
    ],
)
def test_a_query_that_cannot_be_is_refused_with_the_parameter_at_fault(
    looked: WiredService, query: str, where: str
) -> None:
    answer = looked.client.get(f"/v1/users/ana/posts?{query}")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == where


def test_the_history_tells_each_mood_with_its_label_and_how_many_posts_it_counted(
    looked: WiredService,
) -> None:
    looked.import_lines("ana", *(post_line(n, "anger") for n in range(10, 20)))
    looked.start("ana")
    looked.work()

    page = looked.client.get("/v1/users/ana/analyses?limit=1").get_json()
    read, cursor = page["analyses"], page["next_cursor"]
    page = looked.client.get(f"/v1/users/ana/analyses?limit=1&cursor={cursor}").get_json()
    read += page["analyses"]

    assert page["next_cursor"] is None
    by_posts = {each["posts"]: each for each in read}  # the clock stands still, so in either order
    assert set(by_posts) == {4, 14}
    newest = looked.client.get("/v1/users/ana").get_json()
    assert by_posts[14]["analysis_id"] == newest["analysis_id"]
    assert (by_posts[14]["mood"], by_posts[14]["label"]) == ("Stressed", "Tense")
    assert by_posts[14]["negativity"] > by_posts[14]["positivity"]
    assert by_posts[14]["finished_at"] == "2026-03-01T12:00:00Z"


def test_patterns_are_by_the_clocks_of_the_zone_and_of_the_days_asked_for(
    looked: WiredService,
) -> None:
    def groups(query: str) -> dict[str, int]:
        found = looked.client.get(f"/v1/users/ana/patterns{query}").get_json()
        assert found["least_posts"] == 5
        return {
            each["name"]: each["posts"]
            for kind in ("weekdays", "hours", "ownership")
            for each in found[kind]
            if each["posts"]
        }

    assert groups("") == {
        "Sunday": 1, "Monday": 1, "Wednesday": 1, "23": 1, "10": 2, "own": 3, "liked": 1,
    }  # fmt: skip
    assert groups("?timezone=Europe/Berlin&to=2026-02-02") == {
        "Monday": 2, "00": 1, "11": 1, "own": 2,
    }  # fmt: skip


@pytest.mark.parametrize("of", ["posts", "analyses", "patterns"])
def test_of_an_unknown_user_nothing_is_found_and_before_an_analysis_there_is_none(
    wired: WiredService, of: str
) -> None:
    problem(wired.client.get(f"/v1/users/nobody/{of}"), 404, "not-found")
    wired.import_posts("ana", 1)

    found = wired.client.get(f"/v1/users/ana/{of}").get_json()

    assert found.get("analyses", []) == []
    assert found.get("balance") is None
