"""What a new user does with the running page, the shipped model and a file of posts."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.domain.mood.moods import MoodLabel
from tests.e2e.browser.people import (
    CsvFile,
    OpenPage,
    analyse_by_call,
    analyse_file,
    focused,
    heavy_week,
    in_state,
    start_analysis,
    twelve_weeks,
)
from tests.support.deployment import Deployment

pytestmark = pytest.mark.integration


@pytest.fixture
def result(open_page: OpenPage, deployment: Deployment) -> Any:
    """The page with the result of twelve weeks of @ana, as the stand-in reads them: all joy."""
    analyse_by_call(deployment, "ana", twelve_weeks())
    page = open_page(f"{deployment.http.base_url}?user=ana")
    in_state(page, "result")
    return page


@pytest.fixture(scope="module")
def mia(deployment: Deployment) -> str:
    """The address of @mia, whose twelve weeks are analysed once, for tests that change nothing."""
    analyse_by_call(deployment, "mia", twelve_weeks())
    return f"http://127.0.0.1:{deployment.api_port}/?user=mia"


@pytest.fixture
def shown(open_page: OpenPage, mia: str) -> Any:
    """The page with the result of @mia, opened once for the tests that change nothing there."""
    page = open_page(mia, again=False)
    in_state(page, "result")
    return page


@pytest.fixture
def read(open_page: OpenPage, address: str, csv_file: CsvFile) -> Any:
    """The page that was led to the result of twelve weeks of @ana, as the shipped model reads them.

    They are erased before the next test.
    """
    page = open_page(address)
    analyse_file(page, "ana", csv_file(twelve_weeks()))
    yield page
    httpx.delete(f"{address}/v1/users/ana", trust_env=False)


def saved(page: Any, button: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path())


def test_a_file_comes_to_a_mood_with_its_reasons_and_the_heaviest_week(read: Any) -> None:
    mood = read.locator("#mood-title").inner_text()
    labels = [each.value for each in MoodLabel]
    shares = [int(text.rstrip("\u00a0%")) for text in read.locator(".share").all_inner_texts()]
    heaviest = read.locator(".extremes li").first

    assert mood in labels
    assert focused(read) == "mood-title"
    assert len(read.locator("#mood-why").inner_text()) > 20
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == 7
    assert f"Heaviest week: {heavy_week()}" in heaviest.inner_text()
    assert not read.locator("#start").is_visible()

    heaviest.get_by_role("button", name="Show its posts").click()
    read.get_by_text("4 posts, newest first.").wait_for()
    assert "(5)" in read.locator("#browse-list li").first.inner_text()
    assert focused(read) == "browse-title"

    told = read.locator("#browse-filter").inner_text()
    assert told.startswith("Only posts from 7 Apr 2025 to 13 Apr 2025")
    read.get_by_role("button", name="Clear the filter").click()
    read.get_by_text("48 posts, newest first.").wait_for()
    assert read.locator("#browse-filter").is_hidden()
    assert read.locator("#browse-from").input_value() == ""
    assert focused(read) == "browse-title"


def test_a_corrected_post_counts_in_the_next_analysis(result: Any) -> None:
    result.locator("#browse-text").fill("cried all evening")
    result.get_by_role("button", name="Filter", exact=True).click()
    result.get_by_text("1 post, newest first.").wait_for()
    post = result.locator("#browse-list li")
    was = post.locator(".feeling").inner_text()
    post.get_by_role("button", name="Correct").click()
    post.get_by_role("button", name="love").click()
    post.get_by_text("your correction").wait_for()

    assert was != "love"
    assert post.locator(".feeling").inner_text() == "love"
    assert focused(result) == "Not right?"
    result.get_by_role("button", name="Run the analysis again").click()
    result.get_by_text("1 corrected by you").wait_for()
    in_state(result, "result")
    assert result.locator("#history > li").count() == 2

    result.locator("#browse-text").fill("cried all evening")
    result.get_by_role("button", name="Filter", exact=True).click()
    post.get_by_text("your correction").wait_for()
    post.get_by_role("button", name="Correct").click()
    post.get_by_role("button", name="Take the correction back").click()
    post.get_by_text("Taken back.").wait_for()
    assert post.locator(".feeling").inner_text() == was


def test_what_changed_and_which_posts_changed_it_stand_in_the_history(
    read: Any, csv_file: CsvFile
) -> None:
    first = read.url
    read.locator("#start-section > summary").click()
    read.set_input_files(
        "#file",
        csv_file('id,text,created_at\n99,"I hate everything about this rotten day",2025-05-30\n'),
    )
    read.get_by_role("button", name="Import these posts").click()
    read.get_by_text("49 kept in all").wait_for()
    start_analysis(read)
    in_state(read, "result")

    newest = read.locator("#history > li").first
    newest.get_by_text("that changed it most").click()
    assert "this rotten day" in newest.locator("blockquote").first.inner_text()
    read.locator("#history > li").nth(1).get_by_role("link").click()
    read.wait_for_url(first)
    read.get_by_text("From 48 posts").wait_for()
    assert "This is an older mood, of " in read.locator("#mood-older").inner_text()
    read.get_by_role("link", name="Show the newest").click()
    read.locator("#mood-facts", has_text="From 49 posts").wait_for()
    assert read.locator("#mood-older").is_hidden()


def test_the_calendar_is_read_and_opened_with_the_keyboard(shown: Any) -> None:
    days = shown.locator("#calendar button.day")
    days.last.focus()
    shown.keyboard.press("Home")
    first = shown.evaluate("document.activeElement.getAttribute('aria-label')")
    told = shown.locator("#calendar .readout").inner_text()
    shown.keyboard.press("ArrowRight")
    second = shown.evaluate("document.activeElement.getAttribute('aria-label')")
    shown.keyboard.press("ArrowDown")
    below = shown.evaluate("document.activeElement.getAttribute('aria-label')")
    shown.keyboard.press("Enter")
    shown.get_by_text("1 post, newest first.").wait_for()

    assert days.count() == 48
    assert first == told
    assert first.startswith("3 Mar 2025: 1 post")
    assert second.startswith("4 Mar 2025")
    assert below.startswith("11 Mar 2025")
    assert shown.locator("#browse-from").input_value() == "2025-03-11"


def test_the_series_tells_its_values_by_week_and_by_month_in_a_range(shown: Any) -> None:
    slider = shown.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    week = slider.get_attribute("aria-valuetext")
    shown.get_by_role("button", name="Months").click()
    in_state(shown, "result")
    shown.locator("#range-from").fill("2025-04-01")
    shown.locator("#range-from").press("Tab")
    shown.get_by_text("The same as a table").click()
    shown.locator("#timeline tbody tr").nth(1).wait_for()

    assert week.startswith("3 Mar 2025 to 9 Mar 2025: 4 posts")
    assert [
        row.split("\t")[0] for row in shown.locator("#timeline tbody tr").all_inner_texts()
    ] == ["1 Apr 2025", "1 May 2025"]


def test_patterns_say_how_many_posts_each_rests_on(shown: Any) -> None:
    patterns = shown.locator("#patterns").inner_text()

    assert "From 48 posts" in patterns
    assert "Monday" in patterns
    assert "too few" not in shown.locator("#patterns tr", has_text="Monday").inner_text()
    assert "12" in shown.locator("#patterns tr", has_text="Monday").inner_text()
    assert "no posts" in shown.locator("#patterns tr", has_text="Sunday").inner_text()


def test_accounts_and_hashtags_are_links_that_tell_nothing_of_where_they_were_followed(
    shown: Any,
) -> None:
    links = shown.locator("#ideas a")

    assert links.count() >= 3
    for link in links.all():
        assert link.get_attribute("href").startswith("https://")
        assert link.get_attribute("rel") == "noreferrer"


def test_the_parts_of_a_result_stay_in_reach_on_a_phone_and_cover_nothing(shown: Any) -> None:
    shown.set_viewport_size({"width": 390, "height": 844})
    parts = shown.get_by_role("navigation", name="Parts of the result")
    shown.locator("#data-title").scroll_into_view_if_needed()

    parts.get_by_role("link", name="Calendar").click()

    bar, title = (part.bounding_box() for part in (parts, shown.locator("#calendar-title")))
    assert focused(shown) == "calendar-title"
    assert bar["y"] == 0
    assert bar["height"] < 60
    assert bar["height"] <= title["y"] < 400


def test_the_page_is_small(shown: Any) -> None:
    sizes = shown.evaluate(
        "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
        ".filter(each => !each.name.includes('/v1/'))"
        ".map(each => [each.name, each.decodedBodySize])"
    )

    assert any(name.endswith("/web/dashboard.js") for name, _ in sizes)
    assert any(name.endswith("/web/result/result.js") for name, _ in sizes)
    assert sum(size for _, size in sizes) < 300_000


def test_a_link_to_a_user_shows_their_newest_result_with_the_form_folded(shown: Any) -> None:
    assert not shown.locator("#start").is_visible()
    assert (
        shown.locator("#mood").bounding_box()["y"]
        < shown.locator("#start-section").bounding_box()["y"]
    )


def test_weeks_that_all_read_the_same_have_no_heaviest_and_no_lightest(shown: Any) -> None:
    for choice in ("Weeks", "All"):
        shown.get_by_role("button", name=choice, exact=True).click()
    in_state(shown, "result")

    assert shown.locator("#timeline tbody tr").count() == 12
    assert "eaviest" not in shown.locator("#timeline").inner_text()


def test_feedback_shows_which_word_was_chosen_also_later_and_may_be_changed(shown: Any) -> None:
    words = shown.get_by_role("group", name="How would you put it yourself?")
    chosen = words.locator("[aria-pressed=true]")

    for label in ("Tense", "Bright"):
        words.get_by_role("button", name=label).click()
        words.locator("[aria-pressed=true]", has_text=label).wait_for()

    assert chosen.count() == 1
    assert focused(shown) == "Bright"
    shown.reload()
    in_state(shown, "result")
    assert chosen.all_inner_texts() == ["Bright"]
    assert shown.locator("#feedback-thanks").inner_text().startswith("You said: Bright.")


def test_everything_is_exported_and_erased(result: Any, deployment: Deployment) -> None:
    result.locator("#export-to").fill("2025-03-09")
    rows = list(csv.DictReader(io.StringIO(saved(result, "Posts as CSV").read_text("utf-8-sig"))))
    held = json.loads(saved(result, "Export as JSON").read_text("utf-8"))
    picture = saved(result, "Summary as a picture").read_bytes()
    to_embed = httpx.get(result.locator("#picture-link a").inner_text(), trust_env=False)
    result.get_by_role("button", name="Erase everything").click()
    result.keyboard.press("Enter")
    kept = deployment.http.get("/v1/users/ana").status_code
    result.get_by_role("button", name="Erase everything").click()
    result.get_by_role("dialog").get_by_role("button", name="Erase everything").click()
    result.get_by_text("Everything that was held about you is erased.").wait_for()

    assert kept == 200
    assert len(rows) == 4
    assert {row["created_at"][:8] for row in rows} == {"2025-03-"}
    assert len(held["posts"]) == 4
    assert picture.startswith(b"\x89PNG")
    assert to_embed.content.startswith(b"\x89PNG")
    assert focused(result) == "news"
    assert result.url == f"{deployment.http.base_url}/"
    assert result.locator("#user-name").input_value() == ""
    assert deployment.http.get("/v1/users/ana").status_code == 404

    result.go_back()
    result.get_by_text("is no longer kept").wait_for()
    in_state(result, "nothing")
    assert focused(result) == "news"
    assert result.get_by_role("alert").count() == 0


def test_invented_posts_show_in_one_click_what_the_page_does(
    open_page: OpenPage, address: str
) -> None:
    page = open_page(address)

    page.locator("#demo-people button").nth(1).click()
    in_state(page, "result")

    assert "From 40 posts" in page.locator("#mood-facts").inner_text()


def test_the_way_to_each_archive_is_told_and_how_long_posts_are_kept(
    open_page: OpenPage, deployment: Deployment
) -> None:
    page = open_page(str(deployment.http.base_url))
    formats = deployment.http.get("/v1/import-formats").json()["formats"]

    page.get_by_text("How do I get my archive?").click()
    page.locator("#format-list summary").first.wait_for()

    groups = page.locator("#format-list summary").all_inner_texts()
    titles = page.locator("#format-list h3").all_text_contents()
    assert len(groups) < len(formats) / 2
    assert set(groups) == {each["group"] for each in formats}
    assert sorted(titles) == sorted(each["title"] for each in formats)
    assert page.locator("#format-list h3:visible").count() == 0
    page.get_by_text(formats[0]["group"], exact=True).click()
    page.get_by_text(formats[0]["where_to_get"]).wait_for()
    kept = deployment.http.get("/v1/consent-words").json()["posts_retention_days"]
    page.get_by_text(f"Posts are kept for {kept} days").wait_for()


def test_the_keyboard_alone_leads_from_an_empty_page_to_a_mood(
    open_page: OpenPage, deployment: Deployment, csv_file: CsvFile
) -> None:
    deployment.http.delete("/v1/users/ana")
    page = open_page(str(deployment.http.base_url))
    page.locator("#user-name").focus()
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    assert focused(page) == "file"
    page.set_input_files("#file", csv_file(twelve_weeks()))  # the system's own dialog
    page.get_by_role("button", name="Import these posts").wait_for()

    tab_to(page, "import-yes")
    page.keyboard.press("Enter")
    page.get_by_text("kept in all").wait_for()
    assert focused(page) == "import-report"
    tab_to(page, "consent")
    page.keyboard.press("Space")
    tab_to(page, "start-button")
    page.keyboard.press("Enter")
    in_state(page, "result")

    assert focused(page) == "mood-title"


def tab_to(page: Any, element_id: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if focused(page) == element_id:
            return
    raise AssertionError(f"Tab does not reach {element_id}")
