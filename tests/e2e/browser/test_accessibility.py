"""Every state of the page, on a phone and on a desktop, in light and dark: axe-core and reflow."""

from typing import Any

import pytest

from tests.e2e.browser.axe import violations
from tests.e2e.browser.people import (
    CsvFile,
    OpenPage,
    fail_analyses,
    in_state,
    start_analysis,
    twelve_weeks,
    type_name,
)
from tests.support.deployment import Deployment

pytestmark = pytest.mark.integration

# 320 pixels are the narrowest phone, and what is left of 1280 at 400 %.
DESKTOP, PHONE = (1280, "light"), (320, "dark")


def test_no_state_has_an_accessibility_fault_or_scrolls_sideways(
    open_page: OpenPage, deployment: Deployment, csv_file: CsvFile
) -> None:
    deployment.http.delete("/v1/users/ana")
    page = open_page(str(deployment.http.base_url))
    found: dict[str, list[str]] = {}

    def look(state: str, within: str = "html") -> None:
        """Look for everything on a desktop, and for what its view may change on a phone."""
        in_state(page, state.split(":")[0])
        set_view(page, *DESKTOP)
        found[f"{state} on a desktop"] = violations(page, within=within)
        found[f"{state} on a desktop"] += too_wide(page, DESKTOP[0])
        set_view(page, *PHONE)
        found[f"{state} on a phone"] = violations(page, of_the_view=True, within=within)
        found[f"{state} on a phone"] += too_wide(page, PHONE[0])

    look("nothing")
    type_name(page, "ana")
    page.set_input_files("#file", csv_file("name,age\nbob,3\n"))
    page.get_by_role("alert").wait_for()
    page.get_by_text("How do I get my archive?").click()
    page.locator("#format-list summary").first.click()
    look("nothing: refused file and formats")
    page.set_input_files("#file", csv_file(twelve_weeks()))
    page.get_by_role("button", name="Import these posts").wait_for()
    page.get_by_text("How do I get my archive?").click()
    look("importing")
    page.get_by_role("button", name="Import these posts").click()
    page.get_by_text("kept in all").wait_for()
    deployment.inference.pause()
    start_analysis(page)
    look("analysing")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("was cancelled").wait_for()
    look("imported: cancelled")
    deployment.inference.resume()
    fail_analyses(page)
    start_analysis(page)
    look("failed")
    page.unroute_all()
    start_analysis(page)
    in_state(page, "result")
    open_everything(page)  # what was there before is there after it too
    look("result: everything open")
    page.get_by_role("button", name="Erase everything").click()
    look("result: erase?", within="#erase-dialog")
    page.get_by_role("dialog").get_by_role("button", name="Erase everything").click()
    page.get_by_text("is erased").wait_for()
    look("nothing: erased")

    assert {state: faults for state, faults in found.items() if faults} == {}


def open_everything(page: Any) -> None:
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.locator("#browse-list").get_by_role("button", name="Correct").first.click()
    page.locator("#browse-list").get_by_role("button", name="sadness").first.click()
    page.get_by_text("1 post corrected since this analysis.").wait_for()
    page.locator("#moved").get_by_role("button", name="Correct").first.click()


def set_view(page: Any, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})


def too_wide(page: Any, width: int) -> list[str]:
    """Return by how much the page is wider than the window."""
    needed = page.evaluate("document.documentElement.scrollWidth")
    return [f"needs {needed} of {width} pixels"] if needed > width else []
