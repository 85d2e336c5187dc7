"""A browser with one tab, the servers it talks to, and pages that fail a test with their scripts.

Starting a server, a browser or a tab costs more than what most tests do in it, so all tests share
them; names of users, and what a test leaves behind in the tab, are cleared between them.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.demo.people import PEOPLE
from api.domain.api_keys import Scope
from api.runtime.processes import free_port
from api.services.access import Access
from api.stores.sqlite import SqliteStore
from tests.e2e.browser.people import CsvFile, OpenPage
from tests.support.deployment import Deployment
from tests.support.serving.started import ROOT

FOLDER = Path(__file__).parent
BROWSER = shutil.which("chromium")
PAGE_TIMEOUT_MS = 30_000
WINDOW = {"width": 1280, "height": 720}
SERVING_KEY = "of-a-colleague-0001"


@pytest.fixture(autouse=True, scope="session")
def _needs_browser() -> None:
    if BROWSER is None:
        pytest.skip("chromium is not installed (apt-get install chromium): NOT TESTED")


_browser = ExitStack()
_tabs: list[Any] = []


@pytest.fixture
def tab(_needs_browser: None) -> Any:
    """The tab of all tests; tests get it by open_page."""
    from playwright.sync_api import sync_playwright  # here: without a browser it may be missing

    if not _tabs:
        playwright = _browser.enter_context(sync_playwright())
        started = playwright.chromium.launch(
            executable_path=BROWSER,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                # No script runs for so long that optimising it would pay.
                "--js-flags=--no-opt",
            ],
        )
        _browser.callback(started.close)
        context = started.new_context(
            locale="en-GB", timezone_id="UTC", reduced_motion="reduce", viewport=WINDOW
        )
        _tabs.append(context.new_page())
        _tabs[0].set_default_timeout(PAGE_TIMEOUT_MS)
        _browser.callback(_tabs.clear)
    return _tabs[0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Close the browser after its last test: until then no other test can run an event loop."""
    if nextitem is None or nextitem.path.parent != FOLDER:
        _browser.close()


@dataclass(frozen=True)
class Servers:
    """The addresses of the API and of the inference server, which asks for SERVING_KEY."""

    api: str
    inference: str


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """What `make run` starts, with the shipped model."""
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "STORE_URL": "",
        "LOG_LEVEL": "error",
        "API_PORT": str(free_port()),
        "SERVING_PORT": str(free_port()),
        "SERVING_KEYS": f"colleague:{SERVING_KEY}",
        "INFERENCE_KEY": SERVING_KEY,
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
        yield Servers(
            *(f"http://127.0.0.1:{environment[name]}" for name in ("API_PORT", "SERVING_PORT"))
        )
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="session")
def address(servers: Servers) -> str:
    """The address of the API that `make run` starts."""
    return servers.api


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The API with a stand-in inference server, which a test can hold."""
    with Deployment(tmp_path_factory.mktemp("api"), LOG_LEVEL="error") as one:
        one.start_api(QUEUE_URL="")
        yield one


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@dataclass(frozen=True)
class Elsewhere:
    """Somebody else's web site: its origin, and the folder of its files."""

    origin: str
    folder: Path


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("site")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Elsewhere(f"http://127.0.0.1:{server.server_port}", folder)
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class KeyedApi:
    """An API that asks for keys: its address, and the key of PEOPLE[0], who may do everything."""

    url: str
    key: str


@pytest.fixture(scope="session")
def keyed_api(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[KeyedApi]:
    """An API that asks for keys, and that somebody else's site may call."""
    settings = {"CORS_ORIGINS": elsewhere.origin, "API_KEY_PEPPER": "a pepper of the tests"}
    folder = tmp_path_factory.mktemp("keyed_api")
    with Deployment(folder, LOG_LEVEL="error", **settings) as one:
        one.start_api(QUEUE_URL="")
        store = SqliteStore(one.store_file)
        access = Access(store, lambda: datetime.now(UTC), settings["API_KEY_PEPPER"])
        key = access.create("ana", [Scope.READ, Scope.ANALYSE], [PEOPLE[0].user_name])
        store.close()
        yield KeyedApi(str(one.http.base_url).rstrip("/"), key)


@pytest.fixture
def open_page(tab: Any) -> Iterator[OpenPage]:
    """Open an address as somebody who was never there; ready is what shows that its scripts ran.

    Without again, a tab that shows the address already stays as it is.
    A fault in the page's scripts, a resource that its content security policy refuses, or a call of
    another address fails the test.
    """
    faults: list[str] = []
    opened: list[str] = []
    listeners = {
        "pageerror": lambda error: faults.append(str(error)),
        "console": lambda said: "Content Security" in said.text and faults.append(said.text),
        "request": lambda asked: (
            asked.url.startswith((*opened, "data:", "blob:")) or faults.append(asked.url)
        ),
    }
    for event, listener in listeners.items():
        tab.on(event, listener)

    def open_address(
        url: str, ready: str = "body[data-state]", also_calls: str = "", *, again: bool = True
    ) -> Any:
        opened.append(f"http://{urlsplit(url).netloc}")
        if also_calls:
            opened.append(also_calls)
        if again or not tab.url.startswith(f"{url}#"):
            tab.goto(url)
        tab.locator(ready).first.wait_for()
        return tab

    yield open_address
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    tab.unroute_all()
    tab.evaluate("sessionStorage.clear()")
    tab.set_viewport_size(WINDOW)
    tab.emulate_media(color_scheme="light")
    assert faults == []


@pytest.fixture
def csv_file(tmp_path: Path) -> CsvFile:
    """Write a CSV file of posts with this text."""

    def written(text: str) -> Path:
        file = tmp_path / "mine.csv"
        file.write_text(text, encoding="utf-8", newline="\n")
        return file

    return written
