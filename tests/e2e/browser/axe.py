"""What axe-core finds wrong on a page."""

from typing import Any

_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}


def violations(page: Any) -> list[str]:
    """Return the violations, each with the elements that it is about."""
    from axe_playwright_python.sync_playwright import Axe  # here: tests skip without a browser

    found = Axe().run(page, options=_RULES).response["violations"]
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']][:5]} {each['help']}"
        for each in found
    ]
