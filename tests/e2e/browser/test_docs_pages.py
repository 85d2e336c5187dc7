"""The pages /docs of both services, which draw their OpenAPI documents with Swagger UI."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.browser.axe import violations
from tests.support.deployment import Deployment
from tests.support.serving.started import ROOT, started_server
from tests.support.serving.tiny_model import write_tiny_model

pytestmark = [pytest.mark.integration, pytest.mark.long]

NARROWEST = 320  # also 1280 pixels at 400 %
PAGE_TIMEOUT_MS = 30_000
SERVING_KEY = "of-a-colleague-0001"


@dataclass(frozen=True)
class Service:
    """A service that asks for keys: its address, a key, one of its calls, and words in that."""

    url: str
    key: str
    call: str
    words: str
    answer: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("api")
    with Deployment(folder, LOG_LEVEL="error", API_KEY_PEPPER="a pepper of the tests") as one:
        key = subprocess.run(
            [sys.executable, "-m", "api.keys", "create", "docs", "--scope", "application"],
            cwd=ROOT,
            env=one.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        one.start_api(QUEUE_URL="")
        yield Service(str(one.http.base_url), key, "list_sources", "CONFIGURED", '"configured"')


@pytest.fixture(scope="module")
def inference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("inference")
    model = write_tiny_model(folder / "model")
    with started_server(model, folder, SERVING_KEYS=f"colleague:{SERVING_KEY}") as server:
        yield Service(server.url, SERVING_KEY, "classify", "emotion and IRONY", '"irony"')


@pytest.fixture(params=["api", "inference"])
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def page(browser: Any, service: Service) -> Iterator[Any]:
    """The page, which asks nothing of any other address and keeps to its security policy."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(PAGE_TIMEOUT_MS)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: "Content Security" in said.text and faults.append(said.text))
    opened.on(
        "request",
        lambda asked: asked.url.startswith((service.url, "data:")) or faults.append(asked.url),
    )
    answer = opened.goto(f"{service.url}/docs")
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    opened.locator(".opblock").first.wait_for()
    yield opened
    context.close()
    assert faults == []


def test_a_call_is_found_and_tried_out_with_a_key_on_a_page_that_everybody_can_use(
    page: Any, service: Service
) -> None:
    found = {"at first": violations(page)}
    calls = page.locator(".opblock")
    all_calls = calls.count()

    page.get_by_label("Search the calls").fill(service.words)
    calls.nth(all_calls - 1).wait_for(state="detached")
    page.locator(f".opblock[id$={service.call}] .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    status = page.locator(".live-responses-table .response-col_status")
    status.get_by_text("401").wait_for()
    found["tried without a key"] = violations(page)

    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_role("textbox").first.fill(service.key)
    dialog.get_by_role("button", name="Apply credentials").first.click()
    dialog.get_by_role("heading", name="Authorized").wait_for()
    found["with a key"] = violations(page)
    dialog.get_by_role("button", name="Close").first.click()
    page.get_by_role("button", name="Execute").click()
    status.get_by_text("200").wait_for()

    assert 1 <= calls.count() < all_calls / 2
    assert service.answer in page.locator(".live-responses-table").inner_text()
    assert {state: faults for state, faults in found.items() if faults} == {}
    assert too_wide(page) == []


def too_wide(page: Any) -> list[int]:
    """Open the schemas too; return the widths at which the page is wider than the window."""
    page.get_by_label("Search the calls").fill("")
    page.locator("section.models button").first.click()
    found = []
    for width in (1280, 390, NARROWEST):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(width)
    return found
