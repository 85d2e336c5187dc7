"""A browser, the servers it talks to, and pages that fail a test when their scripts fail."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.runtime.processes import free_port
from tests.e2e.browser.people import CsvFile, OpenPage
from tests.support.deployment import Deployment
from tests.support.serving.started import ROOT

BROWSER = shutil.which("chromium")
PAGE_TIMEOUT_MS = 30_000


@pytest.fixture(autouse=True, scope="session")
def _needs_browser() -> None:
    if BROWSER is None:
        pytest.skip("chromium is not installed (apt-get install chromium): NOT TESTED")


@pytest.fixture(scope="package")
def browser(_needs_browser: None) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # here: without a browser it may be missing

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=BROWSER,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture(scope="package")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the API that `make run` starts, with the shipped model behind it."""
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "STORE_URL": "",
        "LOG_LEVEL": "error",
        "API_PORT": str(free_port()),
        "SERVING_PORT": str(free_port()),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "api.local"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert any("Ctrl-C stops it" in line for line in process.stdout), "it did not start"
        yield f"http://127.0.0.1:{environment['API_PORT']}"
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The API with a stand-in inference server, which a test can hold."""
    with Deployment(tmp_path_factory.mktemp("api"), LOG_LEVEL="error") as one:
        one.start_api(QUEUE_URL="")
        yield one


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """Open an address in a fresh browser context.

    A fault in the page's scripts or a resource that its content security policy refuses fails the
    test.
    """
    faults: list[str] = []
    contexts: list[Any] = []

    def opened(url: str, **options: Any) -> Any:
        settings = {"locale": "en-GB", "timezone_id": "UTC", "reduced_motion": "reduce"}
        contexts.append(browser.new_context(base_url=url, **{**settings, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PAGE_TIMEOUT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console", lambda said: "Content Security" in said.text and faults.append(said.text)
        )
        page.goto(url)
        page.locator("body[data-state]").wait_for()  # set by its scripts
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def csv_file(tmp_path: Path) -> CsvFile:
    """Write a CSV file of posts with this text."""

    def written(text: str) -> Path:
        file = tmp_path / "mine.csv"
        file.write_text(text, encoding="utf-8", newline="\n")
        return file

    return written
