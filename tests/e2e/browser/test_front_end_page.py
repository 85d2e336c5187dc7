"""The page of docs/front-ends.md works as it is printed there, from another origin, with a key."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from api.demo.people import PEOPLE, POSTS
from tests.support.deployment import Deployment
from tests.support.serving.started import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.long]

GUIDE = ROOT / "docs" / "front-ends.md"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def folder_at_another_origin(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_page_of_the_guide_shows_a_mood_and_says_why_it_cannot(
    browser: Any, tmp_path: Path, folder_at_another_origin: tuple[Path, str]
) -> None:
    from playwright.sync_api import expect  # here: without a browser it may be missing

    folder, origin = folder_at_another_origin
    (page_text,) = re.findall(r"```html\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    person = PEOPLE[0]
    settings = {"CORS_ORIGINS": origin, "API_KEY_PEPPER": "a pepper of the tests"}
    with Deployment(tmp_path, LOG_LEVEL="error", **settings) as api:
        command = ["create", "ana", "--scope", "read", "--scope", "analyse", "--user"]
        key = subprocess.run(
            [sys.executable, "-m", "api.keys", *command, person.user_name],
            cwd=ROOT, env=api.environment, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        api.start_api(QUEUE_URL="")
        address = str(api.http.base_url).rstrip("/")
        page_text = page_text.replace("http://127.0.0.1:8000", address)
        (folder / "index.html").write_text(page_text, encoding="utf-8")
        page = browser.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(origin)

        page.get_by_label("User name").fill(person.user_name)
        page.get_by_label("Posts", exact=True).set_input_files(POSTS / person.file)
        page.get_by_label("These are my own posts").check()
        page.get_by_role("button", name="Analyse").click()
        said = page.get_by_role("status")
        expect(said).to_contain_text("key")
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Analyse").click()
        expect(said).to_contain_text("Your posts lean bright", timeout=30_000)
        page.close()

    assert faults == []
