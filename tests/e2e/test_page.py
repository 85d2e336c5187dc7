"""The page in a browser: a file is shown as it was understood before anything of it is stored."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import Deployment

BROWSER = shutil.which("chromium")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        BROWSER is None, reason="chromium is not installed (apt-get install chromium): NOT TESTED"
    ),
]

TWO_READINGS = "text,created_at\nWhat a day,05/02/2023 10:00\nRain again,06/03/2023 11:00\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # here: without a browser it may be missing

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def running_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("api")) as one:
        one.start_api(QUEUE_URL="")
        yield one


@pytest.fixture
def deployment(running_api: Deployment) -> Iterator[Deployment]:
    yield running_api
    running_api.http.delete("/v1/users/ana")


@pytest.fixture
def page(browser: Any, deployment: Deployment) -> Iterator[Any]:
    """The page, freshly opened; a fault in its scripts or a refused resource fails the test."""
    faults: list[str] = []
    opened = browser.new_page(locale="en-GB")
    opened.set_default_timeout(30_000)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: "Content Security" in said.text and faults.append(said.text))
    opened.goto(str(deployment.http.base_url))
    yield opened
    opened.close()
    assert faults == []


def csv_file(folder: Path, text: str) -> Path:
    file = folder / "mine.csv"
    file.write_text(text, encoding="utf-8", newline="\n")
    return file


def type_name(page: Any, name: str = "ana") -> None:
    page.get_by_label("Your user name").fill(name)
    page.get_by_label("Your user name").press("Tab")


def stored(deployment: Deployment) -> int:
    ((count,),) = deployment.rows("SELECT count(*) FROM posts")
    return int(count)


def test_a_file_chosen_before_the_name_is_shown_and_imported_only_when_confirmed(
    page: Any, deployment: Deployment, tmp_path: Path
) -> None:
    text = "id,text,created_at\n1,What a day,2026-02-01T10:00:00Z\n2,No <b>date</b>,\n"
    page.set_input_files("#file", csv_file(tmp_path, text))
    waiting = page.get_by_text("mine.csv is read as soon as your user name is there.")
    waiting.wait_for()

    type_name(page)
    page.get_by_text("nothing of it is stored yet").wait_for()
    shown = page.locator("#preview").inner_text()
    before = stored(deployment)
    page.get_by_role("button", name="Import these posts").click()
    page.get_by_text("1 post new, 0 updated, 0 unchanged; 1 kept in all.").wait_for()

    assert "1 own" in shown
    assert "What a day" in shown
    assert "1 Feb 2026" in shown
    assert "1 row or item is left out" in shown
    assert (before, stored(deployment)) == (0, 1)
    assert page.locator("#preview").is_hidden()


def test_cancelling_stores_nothing_and_no_analysis_starts_before_that(
    page: Any, deployment: Deployment, tmp_path: Path
) -> None:
    type_name(page)
    page.set_input_files("#file", csv_file(tmp_path, "text,created_at\nA day,2026-02-01\n"))
    page.get_by_role("button", name="Import these posts").wait_for()
    page.get_by_label("These are my own posts").check()

    page.get_by_role("button", name="Start the analysis").click()
    page.get_by_text("mine.csv is not imported yet").wait_for()
    page.get_by_role("button", name="Cancel").click()

    assert page.locator("#preview").is_hidden()
    assert page.locator("#file").input_value() == ""
    assert page.evaluate("document.activeElement.id") == "file"
    assert deployment.rows("SELECT * FROM users") == []


def test_dates_of_either_order_are_asked_about_and_read_as_answered(
    page: Any, deployment: Deployment, tmp_path: Path
) -> None:
    type_name(page)
    page.set_input_files("#file", csv_file(tmp_path, TWO_READINGS))

    question = page.get_by_role("group", name="Which comes first in its dates")
    question.wait_for()
    asked = question.inner_text()
    read = []
    for answer, day in (("The day", "5 Feb 2023"), ("The month", "2 May 2023")):
        question.get_by_role("button", name=answer).click()
        page.locator("#preview").get_by_text(day).wait_for()
        read.append(page.locator("#preview").inner_text())
    page.get_by_role("button", name="Import these posts").click()
    page.get_by_text("2 posts new").wait_for()

    export = deployment.http.get("/v1/users/ana/export").json()
    assert "5 February 2023 or 2 May 2023" in asked
    assert ["day first" in read[0], "month first" in read[1]] == [True, True]
    assert {post["created_at"][:10] for post in export["posts"]} == {"2023-05-02", "2023-06-03"}


def test_a_file_that_is_refused_says_why_and_can_be_chosen_again(page: Any, tmp_path: Path) -> None:
    type_name(page)
    page.set_input_files("#file", csv_file(tmp_path, "name,age\nbob,3\n"))

    page.get_by_role("alert").wait_for()

    assert len(page.get_by_role("alert").inner_text()) > 20
    assert page.locator("#file").input_value() == ""
    assert page.locator("#preview").is_hidden()


def test_the_list_of_files_that_can_be_imported_says_where_to_get_each(
    page: Any, deployment: Deployment
) -> None:
    formats = deployment.http.get("/v1/import-formats").json()["formats"]

    page.get_by_text("Which files can I import?").click()
    page.locator("#format-list dt").first.wait_for()

    assert page.locator("#format-list dt").all_inner_texts() == [each["title"] for each in formats]
    assert all(each["where_to_get"] in page.locator("#formats").inner_text() for each in formats)
