"""What a person does on the page, and the invented posts they do it with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.deployment import Deployment

OpenPage = Callable[..., Any]
CsvFile = Callable[[str], Path]

_LIGHT = (
    "Lovely walk along the river with my sister, what a happy day #walks",
    "Best bread I have ever baked, I am so pleased with it #baking",
    "Old friends stood at the door today, I could not stop smiling",
)
_HEAVY = (
    "I cried all evening, everything feels so empty without him #grief",
    "So sad and lonely in this flat tonight",
    "I am scared of the results tomorrow and cannot sleep",
)
_PLAIN = ("The shop closes at six now.", "The meeting has moved to Tuesday.")
_FIRST = datetime(2025, 3, 3, 18, tzinfo=UTC)  # a Monday
_WEEKS = 12
_HEAVY_WEEK = 5


def twelve_weeks() -> str:
    """Return a CSV of 48 posts in twelve weeks, one of which is heavy."""
    rows = ["id,text,created_at,likes"]
    for week in range(_WEEKS):
        texts = (*(_HEAVY if week == _HEAVY_WEEK else _LIGHT), _PLAIN[week % 2])
        for index, text in enumerate(texts):
            when = _FIRST + timedelta(weeks=week, days=index)
            rows.append(f'{week}-{index},"{text} ({week})",{when:%Y-%m-%dT%H:%M:%SZ},{index}')
    return "\n".join([*rows, ""])


def heavy_week() -> str:
    """Return the first day of the heavy week as the page writes it."""
    first = _FIRST + timedelta(weeks=_HEAVY_WEEK)
    return f"{first.day} {first:%b %Y}"


def type_name(page: Any, name: str) -> None:
    """Type a user name and leave the field."""
    page.get_by_label("Your user name").fill(name)
    page.get_by_label("Your user name").press("Tab")


def import_file(page: Any, name: str, file: Path) -> None:
    """Choose a file, confirm its preview and wait until it is imported."""
    type_name(page, name)
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Import these posts").click()
    page.get_by_text("kept in all").wait_for()


def start_analysis(page: Any) -> None:
    page.get_by_label("These are my own posts").check()
    page.get_by_role("button", name="Start the analysis").click()


def in_state(page: Any, state: str) -> None:
    """Wait until the page is in a state, and until all parts of a result are there."""
    loading = "#results:not([hidden]) [aria-busy]"
    page.locator(f"body[data-state={state}]:not(:has({loading}))").wait_for()


def focused(page: Any) -> str:
    """Return the id of the focused element, or its text where it has none."""
    return str(
        page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
    )


def analyse_file(page: Any, name: str, file: Path) -> None:
    """Import a file, start the analysis and wait for all of its result."""
    import_file(page, name, file)
    start_analysis(page)
    in_state(page, "result")


def import_by_call(deployment: Deployment, name: str, text: str) -> None:
    """Import a CSV text by a call, for a test of what follows; nothing else is held of the user."""
    deployment.http.delete(f"/v1/users/{name}")
    headers = {"Content-Type": "text/csv"}
    posts = f"/v1/users/{name}/posts"
    deployment.http.post(posts, content=text.encode(), headers=headers).raise_for_status()


def analyse_by_call(deployment: Deployment, name: str, text: str) -> None:
    """Import a CSV text and have it analysed by calls, for a test of what is done with a result."""
    import_by_call(deployment, name, text)
    deployment.wait_for(deployment.start_analysis(name))


def fail_analyses(page: Any) -> None:
    """Show the page each analysis as one that failed."""
    failed = {"state": "failed", "problem": {"type": "t", "title": "It failed", "detail": "Why."}}

    def as_failed(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), **failed, "result": None})

    page.route("**/v1/analyses/*", as_failed)
