"""Posts are imported from files of several kinds, and bad files are refused with their reason."""

import io
import json
import re
import zipfile

import pytest

from tests.support.wired_service import WiredService, post_line, problem, upload

URL = "/v1/users/Alice/posts"


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, text in files.items():
            made.writestr(f"data/{name}.js", text)
    return packed.getvalue()


def tweets_js(*texts: str) -> str:
    items = [
        {
            "tweet": {
                "id_str": str(1000 + n),
                "full_text": text,
                "created_at": "Sun Feb 01 10:00:00 +0000 2026",
                "favorite_count": "3",
            }
        }
        for n, text in enumerate(texts)
    ]
    return "window.YTD.tweets.part0 = " + json.dumps(items)


def test_an_import_says_what_was_understood(wired: WiredService) -> None:
    shared = post_line(2, likes=7, ownership="shared", lang="en")

    answer = wired.import_lines("Alice", post_line(1), shared, {"id": "3", "text": "no date"})

    report = answer.get_json()
    assert answer.status_code == 200
    assert (report["dry_run"], report["format"], report["encoding"]) == (False, "jsonl", "utf-8")
    assert set(report["dialect"]) == {"name", "title"}
    assert (report["own"], report["shared"], report["liked"]) == (1, 1, 0)
    assert (report["imported"], report["updated"], report["unchanged"]) == (2, 0, 0)
    assert (report["duplicates"], report["edits"], report["skipped"]) == (0, 0, 1)
    assert report["date_order"] is None
    assert report["total"] == 2
    assert report["first_posts"][1] == {
        "text": shared["text"],
        "created_at": "2026-02-03T10:00:00Z",
        "ownership": "shared",
        "engagement": {
            "likes": 7, "reposts": 0, "replies": 0, "quotes": 0, "bookmarks": 0, "impressions": 0,
        },
        "language": "en",
        "own_word": None,
    }  # fmt: skip


def test_a_dry_run_answers_the_same_and_stores_nothing(wired: WiredService) -> None:
    lines = "\n".join(json.dumps(post_line(n)) for n in range(2))
    sent = {"data": lines, "content_type": "application/x-ndjson"}

    dry = wired.client.post(f"{URL}?dry_run=true", **sent)
    unknown = wired.client.get("/v1/users/Alice")
    real = wired.client.post(URL, **sent)

    assert dry.status_code == 200
    assert unknown.status_code == 404
    assert dry.get_json() == {**real.get_json(), "dry_run": True, "total": 0}


@pytest.mark.parametrize(
    "query", ["dry_run=maybe", "date_order=day-first", "date_order=", "dryrun=true"]
)
def test_a_query_that_an_import_does_not_take_is_refused(shared: WiredService, query: str) -> None:
    answer = shared.client.post(f"{URL}?{query}", data=b"x", content_type="text/csv")

    errors = problem(answer, 400, "invalid-request")["errors"]
    assert [each["where"] for each in errors] == [query.partition("=")[0]]
    assert shared.client.get("/v1/users/alice").status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "read_as"),
    [
        (b"id,text,created_at\n1,joy,2026-02-01T10:00:00Z\n", "posts.csv", (200, 1, "csv")),
        (tweets_js("so much joy").encode(), "tweets.js", (200, 1, "archive")),
        (archive(tweets=tweets_js("so much joy", "more love")), None, (200, 2, "archive")),
    ],
    ids=["CSV in a form", "tweets.js in a form", "an X archive as the body"],
)
def test_a_file_is_imported_by_its_format(
    wired: WiredService, data: bytes, name: str | None, read_as: tuple[int, int, str]
) -> None:
    sent = upload(data, name) if name else {"data": data, "content_type": "application/zip"}

    answer = wired.client.post(URL, **sent)

    document = answer.get_json()
    assert (answer.status_code, document["imported"], document["format"]) == read_as


@pytest.mark.parametrize("padding", [1, 997, 1999])
def test_a_form_may_hold_a_file_larger_than_other_bodies(wired: WiredService, padding: int) -> None:
    rows = "".join(f"{n},{'joy ' * 40}{'!' * padding},2026-02-01T10:00:00Z\n" for n in range(9))
    data = ("id,text,created_at\n" + rows).encode() + b"\n" * 70_000

    answer = wired.client.post(URL, **upload(data, "posts.csv"))

    assert (answer.status_code, answer.get_json().get("imported")) == (200, 9)


def test_dates_of_either_order_are_refused_until_the_caller_says_which(wired: WiredService) -> None:
    dates = ("05/02/2023", "06/03/2023")
    rows = "".join(f"day {date},{date} 10:00\n" for date in dates)
    sent = {"data": "text,created_at\n" + rows, "content_type": "text/csv"}

    refused = wired.client.post(URL, **sent)
    read = wired.client.post(f"{URL}?date_order=month_first", **sent).get_json()

    errors = problem(refused, 400, "ambiguous-dates")["errors"]
    assert [each["where"] for each in errors] == ["row 2", "row 3"]
    assert errors[0]["reason"] == '"05/02/2023 10:00" is 5 February 2023 or 2 May 2023'
    assert read["date_order"] == "month_first"
    assert read["first_posts"][0]["created_at"] == "2023-05-02T10:00:00Z"


def test_the_formats_that_can_be_imported_are_listed_with_where_to_get_each(
    shared: WiredService,
) -> None:
    formats = shared.client.get("/v1/import-formats").get_json()["formats"]

    names = [each["name"] for each in formats]
    assert {"x_archive", "plain_csv", "plain_json"} <= set(names)
    assert len(set(names)) == len(names)
    assert all(each[key] for each in formats for key in set(each) - {"not_read"})


def test_a_file_again_updates_what_has_changed(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    again = wired.import_lines("ALICE", post_line(0, likes=9), post_line(1), post_line(2))

    report = again.get_json()
    assert [report[name] for name in ("imported", "updated", "unchanged", "total")] == [0, 1, 2, 3]


def test_a_row_without_a_date_is_skipped_and_named(wired: WiredService) -> None:
    answer = wired.import_lines("alice", post_line(1), {"id": "2", "text": "no date"})

    report = answer.get_json()
    assert (report["imported"], report["skipped"]) == (1, 1)
    assert report["skipped_reasons"][0]["where"] == "line 2"
    assert report["skipped_reasons"][0]["field"] == "created_at"


def test_only_the_first_hundred_reasons_are_told(wired: WiredService) -> None:
    bad = [{"id": str(n), "text": "no date"} for n in range(150)]

    report = wired.import_lines("alice", post_line(1), *bad).get_json()

    assert report["skipped"] == 150
    assert len(report["skipped_reasons"]) == 100


def test_an_empty_file_is_refused(shared: WiredService) -> None:
    answer = shared.client.post(URL, data=b"", content_type="text/csv")

    assert "empty" in problem(answer, 400, "unreadable-file")["detail"]


def test_a_form_without_the_file_names_the_field(shared: WiredService) -> None:
    answer = shared.client.post(URL, data={"other": "x"}, content_type="multipart/form-data")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "file"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("id,text,created_at\n1,freude über alles,2026-02-01\n".encode("utf-16"), "posts.csv"),
        (b"id,text,created_at\n1,\xff\xfe\xfa\x80,2026-02-01\n", "posts.csv"),
        (archive(tweets=tweets_js("x" * 5000))[:300], "archive.zip"),
        (archive(like="window.YTD.like.part0 = []"), "archive.zip"),
        (b'{"posts": {"deep": []}}', "posts.json"),
        (b"[1, 2, 3", "posts.json"),
        (b"name,age\nbob,3\n", "posts.csv"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "photo.png"),
        (b"\x00" * 200, "posts.csv"),
    ],
    ids=[
        "UTF-16",
        "not UTF-8",
        "a truncated zip",
        "a zip without posts",
        "JSON that is not the format",
        "JSON that ends too early",
        "CSV without the columns",
        "a picture",
        "zeros",
    ],
)
def test_a_file_that_is_not_posts_never_fails_the_server(
    wired: WiredService, data: bytes, name: str
) -> None:
    answer = wired.client.post(URL, **upload(data, name))

    document = answer.get_json()
    if answer.status_code == 200:
        assert document["imported"] + document["skipped"] >= 1
    else:
        assert answer.status_code in (400, 415)
        assert len(document["detail"]) > 20


def broken_archive() -> bytes:
    whole = archive(tweets=tweets_js(*[f"joy number {n}" for n in range(200)]))
    return whole.replace(b"PK\x01\x02", b"XXXX")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (broken_archive(), "archive.zip"),
        (tweets_js("so much joy", "and more").encode()[:-20], "tweets.js"),
    ],
)
def test_a_file_that_breaks_off_leaves_no_user_behind(
    shared: WiredService, data: bytes, name: str
) -> None:
    answer = shared.client.post(URL, **upload(data, name))

    assert answer.status_code == 400
    assert shared.client.get("/v1/users/alice").status_code == 404


@pytest.mark.parametrize(
    "data",
    [b"\n".join(json.dumps(post_line(n)).encode() for n in range(1500)), b"x" * 400_000],
    ids=["posts past the cap", "a length far past the cap"],
)
def test_a_file_past_the_cap_is_too_large(shared: WiredService, data: bytes) -> None:
    answer = shared.client.post(URL, data=data, content_type="application/x-ndjson")

    problem(answer, 413, "payload-too-large")


def test_a_bad_user_name_is_refused_before_the_file_is_read(shared: WiredService) -> None:
    answer = shared.client.post("/v1/users/not-a-name/posts", data=b"x", content_type="text/csv")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "user_name"


def test_the_example_file_of_the_page_is_imported_whole(wired: WiredService) -> None:
    (address,) = re.findall(r'<a href="([^"]*)" download', wired.client.get("/").text)

    example = wired.client.get(address)
    report = wired.client.post("/v1/users/alice/posts", data=example.data).get_json()

    assert example.mimetype == "text/csv"
    assert report["imported"] == report["own"] > 10
    assert (report["skipped"], report["unused_columns"], report["notes"]) == (0, [], [])
