"""The pages /docs of both services, which draw their OpenAPI documents with Swagger UI."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.browser.axe import violations
from tests.e2e.browser.conftest import SERVING_KEY, KeyedApi, Servers
from tests.e2e.browser.people import OpenPage

pytestmark = pytest.mark.integration

# The page's frame, and a group of calls of each method; the other groups have the same parts.
ONE_OF_EACH = (
    "header, .information-container, .scheme-container, .filter-container,"
    " .opblock-tag-section:first-of-type, .opblock-tag-section:has(.opblock-put)"
)
NARROWEST = 320  # also 1280 pixels at 400 %


@dataclass(frozen=True)
class Service:
    """A service that asks for keys: its address, a key, one of its calls, and words in that."""

    url: str
    key: str
    call: str
    words: str
    answer: str


@pytest.fixture
def api(keyed_api: KeyedApi) -> Service:
    return Service(keyed_api.url, keyed_api.key, "list_sources", "CONFIGURED", '"configured"')


@pytest.fixture
def inference(servers: Servers) -> Service:
    return Service(servers.inference, SERVING_KEY, "classify", "emotion and IRONY", '"irony"')


@pytest.fixture(params=["api", "inference"])
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def page(open_page: OpenPage, service: Service) -> Any:
    return open_page(f"{service.url}/docs", ready=".opblock")


def test_a_call_is_found_and_tried_out_with_a_key_on_a_page_that_everybody_can_use(
    page: Any, service: Service
) -> None:
    found = {"at first": violations(page, within=ONE_OF_EACH)}
    calls = page.locator(".opblock")
    all_calls = calls.count()

    page.get_by_label("Search the calls").fill(service.words)
    calls.nth(all_calls - 1).wait_for(state="detached")
    page.locator(f".opblock[id$={service.call}] .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    status = page.locator(".live-responses-table .response-col_status")
    status.get_by_text("401").wait_for()
    found["tried without a key"] = violations(page, within=".opblock.is-open")

    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_role("textbox").first.fill(service.key)
    dialog.get_by_role("button", name="Apply credentials").first.click()
    dialog.get_by_role("heading", name="Authorized").wait_for()
    found["with a key"] = violations(page, within=".dialog-ux")
    dialog.get_by_role("button", name="Close").first.click()
    page.get_by_role("button", name="Execute").click()
    status.get_by_text("200").wait_for()

    assert 1 <= calls.count() < all_calls / 2
    assert service.answer in page.locator(".live-responses-table").inner_text()
    assert {state: faults for state, faults in found.items() if faults} == {}
    assert too_wide(page) == []


def test_the_page_runs_no_script_of_anybody_else(service: Service) -> None:
    policy = httpx.get(f"{service.url}/docs", trust_env=False).headers["content-security-policy"]

    assert "script-src 'self';" in policy


def too_wide(page: Any) -> list[int]:
    """Open the schemas too; return the widths at which the page is wider than the window."""
    page.get_by_label("Search the calls").fill("")
    page.locator("section.models button").first.click()
    found = []
    for width in (1280, NARROWEST):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(width)
    return found
