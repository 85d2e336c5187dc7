"""What axe-core finds wrong on a page."""

from typing import Any

_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
# Rules about colours and sizes, which another scheme or width may break while the elements stay.
_OF_A_VIEW = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
_RUN = """async ([within, options]) => (await axe.run(within, options)).violations.map(
    each => {
        const where = each.nodes.slice(0, 5).map(node => node.target);
        return `${each.id}: ${JSON.stringify(where)} ${each.help}`;
    }
)"""


def violations(page: Any, *, of_the_view: bool = False, within: str = "html") -> list[str]:
    """Return the violations, each with the elements that it is about.

    of_the_view: only what the width or the colour scheme decides. within: only in that part.
    """
    from axe_playwright_python.base import AXE_SCRIPT  # here: tests skip without a browser

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    rules = {**_RULES, "runOnly": _OF_A_VIEW} if of_the_view else _RULES
    return list(page.evaluate(_RUN, [within, rules]))
