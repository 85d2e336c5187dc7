"""The page's states: what each shows and refuses, and what leads from one to another."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.browser.people import (
    CsvFile,
    OpenPage,
    analyse_by_call,
    fail_analyses,
    focused,
    import_by_call,
    in_state,
    start_analysis,
    type_name,
)
from tests.support.deployment import Deployment

pytestmark = pytest.mark.integration

ONE_POST = "text,created_at\nWhat a day,2026-02-01T10:00:00Z\n"
TWO_READINGS = "text,created_at\nWhat a day,05/02/2023 10:00\nRain again,06/03/2023 11:00\n"
THREE_POSTS = "text,created_at\n" + "".join(
    f"What a lovely day {day},2026-02-0{day}T10:00:00Z\n" for day in (1, 2, 3)
)


@pytest.fixture
def page(open_page: OpenPage, deployment: Deployment) -> Iterator[Any]:
    """The page, freshly opened, of a service without a user @ana."""
    deployment.http.delete("/v1/users/ana")
    yield open_page(str(deployment.http.base_url))
    deployment.inference.resume()


@pytest.fixture
def imported(open_page: OpenPage, deployment: Deployment) -> Iterator[Any]:
    """The page of @ana, whose three posts are imported."""
    import_by_call(deployment, "ana", THREE_POSTS)
    page = open_page(f"{deployment.http.base_url}?user=ana")
    in_state(page, "imported")
    yield page
    deployment.inference.resume()


@pytest.fixture
def result(open_page: OpenPage, deployment: Deployment) -> Any:
    """The page of @ana with the result of three posts."""
    analyse_by_call(deployment, "ana", THREE_POSTS)
    page = open_page(f"{deployment.http.base_url}?user=ana")
    in_state(page, "result")
    return page


def stored(deployment: Deployment) -> int:
    """Return how many posts of @ana are stored."""
    return int(deployment.http.get("/v1/users/ana").json().get("posts", 0))


def taken(page: Any, held: list[Any]) -> Any:
    """Return the request that is held, once the browser has sent it."""
    while not held:
        page.evaluate("document.readyState")  # lets the browser tell of its requests
    return held.pop()


def test_a_file_chosen_before_the_name_is_read_as_soon_as_there_is_one_and_stored_when_confirmed(
    page: Any, deployment: Deployment, csv_file: CsvFile
) -> None:
    text = "id,text,created_at\n1,What a day,2026-02-01T10:00:00Z\n2,No <b>date</b>,\n"
    page.set_input_files("#file", csv_file(text))
    page.get_by_text("mine.csv is read as soon as your user name is there.").wait_for()
    assert page.locator("#start-button").is_disabled()

    type_name(page, "ana")
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
    assert page.locator("#start-button").is_enabled()
    assert focused(page) == "import-report"


def test_no_analysis_starts_while_a_file_is_read_or_imported_however_slow_the_network(
    page: Any, csv_file: CsvFile
) -> None:
    held: list[Any] = []
    page.route("**/posts?dry_run=*", lambda route: held.append(route))
    type_name(page, "ana")
    seen = []
    page.set_input_files("#file", csv_file(ONE_POST))
    page.get_by_text("Reading mine.csv").wait_for()
    seen.append(page.locator("#start-button").is_disabled())
    taken(page, held).continue_()
    page.get_by_role("button", name="Import these posts").click()
    page.get_by_text("Importing mine.csv").wait_for()
    seen.append(page.locator("#start-button").is_disabled())
    seen.append(page.locator("#user-name").evaluate("field => field.readOnly"))
    taken(page, held).continue_()
    page.get_by_text("1 kept in all").wait_for()

    assert seen == [True, True, True]
    assert page.locator("#start-button").is_enabled()


def test_cancelling_an_import_stores_nothing_and_leads_back_to_the_file(
    page: Any, deployment: Deployment, csv_file: CsvFile
) -> None:
    type_name(page, "ana")
    page.set_input_files("#file", csv_file(ONE_POST))
    page.get_by_role("button", name="Import these posts").wait_for()

    page.get_by_role("button", name="Cancel").click()

    assert page.locator("#preview").is_hidden()
    assert page.locator("#file").input_value() == ""
    assert focused(page) == "file"
    assert deployment.http.get("/v1/users/ana").status_code == 404


def test_starting_without_posts_says_what_to_do_and_leads_there(page: Any) -> None:
    type_name(page, "ana")

    start_analysis(page)

    page.get_by_role("alert").get_by_text("There are no posts of @ana yet.").wait_for()
    assert focused(page) == "file"


def test_dates_of_either_order_are_asked_about_and_read_as_answered(
    page: Any, deployment: Deployment, csv_file: CsvFile
) -> None:
    type_name(page, "ana")
    page.set_input_files("#file", csv_file(TWO_READINGS))

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


def test_a_file_that_is_refused_says_why_and_can_be_chosen_again(
    page: Any, csv_file: CsvFile
) -> None:
    type_name(page, "ana")
    page.set_input_files("#file", csv_file("name,age\nbob,3\n"))

    page.get_by_role("alert").wait_for()

    assert len(page.get_by_role("alert").inner_text()) > 20
    assert page.locator("#file").input_value() == ""
    assert page.locator("#preview").is_hidden()
    in_state(page, "nothing")


def test_a_cancelled_analysis_leads_back_to_where_it_can_be_started(
    imported: Any, deployment: Deployment
) -> None:
    deployment.inference.pause()
    start_analysis(imported)
    in_state(imported, "analysing")
    assert focused(imported) == "progress-title"

    imported.get_by_role("button", name="Cancel").click()

    imported.get_by_text("The analysis was cancelled.").wait_for()
    in_state(imported, "imported")
    assert focused(imported) == "start-button"


def test_training_is_a_choice_besides_that_is_kept_and_taken_back_and_changes_no_other(
    imported: Any, deployment: Deployment
) -> None:
    def agreed() -> list[bool]:
        user = deployment.http.get("/v1/users/ana").json()
        return [user["consented_at"] is not None, user["matchable"], user["training"]]

    words = deployment.http.get("/v1/consent-words").json()["training"]
    choice = imported.get_by_label(words)
    choice.check()
    before = agreed()
    start_analysis(imported)
    in_state(imported, "result")
    first = agreed()
    deployment.http.put("/v1/users/ana/consent", json={"matchable": True, "training": True})

    imported.reload()
    in_state(imported, "result")
    imported.locator("#start-section > summary").click()
    shown = choice.is_checked()
    choice.uncheck()
    imported.get_by_text("Taken back.").wait_for()

    assert before == [False, False, False]
    assert first == [True, False, True]
    assert shown
    assert agreed() == [True, True, False]


def test_neither_a_reload_nor_a_service_that_goes_and_comes_back_loses_an_analysis(
    imported: Any, deployment: Deployment
) -> None:
    deployment.inference.pause()
    start_analysis(imported)
    imported.get_by_text("Reading post 0 of 3").wait_for()

    imported.reload()
    imported.get_by_text("Reading post 0 of 3").wait_for()
    for process in deployment.processes:
        process.kill()
        process.wait()
    imported.get_by_text("The service cannot be reached. The analysis").wait_for()
    deployment.inference.resume()
    deployment.start_api(QUEUE_URL="")
    in_state(imported, "result")
    mood = imported.locator("#mood-title").inner_text()
    assert "From 3 posts" in imported.locator("#mood-facts").inner_text()
    assert imported.locator("#lost").is_hidden()
    imported.reload()
    in_state(imported, "result")

    assert "?user=ana#analysis=" in imported.url
    assert imported.locator("#mood-title").inner_text() == mood
    assert imported.locator("#user-name").input_value() == "ana"


def test_back_and_forward_lead_through_what_was_shown(page: Any, deployment: Deployment) -> None:
    import_by_call(deployment, "ana", THREE_POSTS)
    type_name(page, "ana")
    in_state(page, "imported")
    start_analysis(page)
    in_state(page, "result")
    shown = page.url

    page.go_back()
    in_state(page, "nothing")
    assert page.locator("#user-name").input_value() == ""
    page.go_forward()
    in_state(page, "result")

    assert page.url == shown
    assert page.locator("#mood-user").inner_text() == "@ana"


def test_an_analysis_that_failed_says_why_and_can_be_started_again(
    imported: Any, deployment: Deployment
) -> None:
    fail_analyses(imported)
    start_analysis(imported)
    imported.get_by_role("alert").get_by_text("It failed. Why.").wait_for()

    in_state(imported, "failed")
    assert imported.locator("#start-button").is_enabled()
    assert focused(imported) == "start-button"


def test_an_erasure_that_goes_on_says_what_is_pending(result: Any) -> None:
    pending = {"user_name": "ana", "pending": ["files of the store"]}
    result.route("**/v1/users/ana", lambda route: route.fulfill(status=202, json=pending))

    result.get_by_role("button", name="Erase everything").click()
    result.get_by_role("dialog").get_by_role("button", name="Erase everything").click()

    result.get_by_text("Still to be removed: files of the store").wait_for()
    assert focused(result) == "news"


def test_a_part_of_the_result_that_fails_can_be_asked_for_again(
    page: Any, deployment: Deployment
) -> None:
    page.route("**/timeline?bucket=week*", lambda route: route.abort())
    analyse_by_call(deployment, "ana", THREE_POSTS)
    type_name(page, "ana")
    in_state(page, "result")
    refused = page.locator("#timeline").inner_text()
    page.unroute("**/timeline?bucket=week*")

    page.locator("#timeline").get_by_role("button", name="Try again").click()
    page.locator("#timeline .lean").wait_for()

    assert "could not be shown" in refused
    assert focused(page) == "timeline"


def test_without_scripts_the_page_says_what_can_be_done(tab: Any, deployment: Deployment) -> None:
    browser = tab.context.new_cdp_session(tab)
    browser.send("Emulation.setScriptExecutionDisabled", {"value": True})
    tab.goto(str(deployment.http.base_url))
    said = tab.locator("main").inner_text()
    browser.send("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.detach()

    assert "needs JavaScript" in said
