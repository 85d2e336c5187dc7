"""Take the pictures of the page in docs/images: `python -m tests.e2e.browser.take_screenshots URL`.

URL is that of a running service with the shipped model (`make run`), which gets an invented user.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.e2e.browser.people import analyse_file, twelve_weeks

IMAGES = Path(__file__).parents[3] / "docs" / "images"
VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
USER = "ada_vale"


def main(url: str) -> None:
    """Take each view of the result, and of the empty page."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "posts.csv"
        file.write_text(twelve_weeks(), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for width, scheme in VIEWS:
            page = browser.new_context(
                base_url=url,
                viewport={"width": width, "height": 1600 if width > 1000 else 844},
                color_scheme=scheme,
                locale="en-GB",
                timezone_id="UTC",
                reduced_motion="reduce",
            ).new_page()
            page.goto(url)
            analyse_file(page, USER, file)
            page.evaluate("scrollTo(0, 0)")
            take(page, f"page_{width}_{scheme}")
            if width == 1280 and scheme == "light":
                page.locator("#patterns-title").evaluate("part => part.scrollIntoView()")
                take(page, "page_patterns_and_posts")
            if width == 390 and scheme == "light":
                page.locator("#timeline-title").evaluate("part => part.scrollIntoView()")
                take(page, "page_390_timeline")
            page.request.delete(f"/v1/users/{USER}")
        browser.close()


def take(page: Any, name: str) -> None:
    """Take what the window shows, as a PNG of few colours."""
    path = IMAGES / f"{name}.png"
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=path)
    reduce_colours(path)


def reduce_colours(path: Path) -> None:
    """Write a PNG again with a palette, which is a third of its size."""
    from PIL import Image  # comes with matplotlib

    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
