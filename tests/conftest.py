"""Rules for the whole suite: with CI=true a skip is a failure; the MongoDB server is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

MONGO_RAN = "moodline_mongo"
"""Key under which a process of pytest-xdist reports the MongoDB server that it used."""
_RAN = pytest.StashKey[set[str]]()


def _may_skip(item: pytest.Item) -> bool:
    """Return whether a test may be skipped: not in CI, unless it needs a GPU."""
    return os.environ.get("CI") != "true" or item.get_closest_marker("gpu") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and not _may_skip(item):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Any:
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {report.longrepr}"
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RAN] = set()


@pytest.fixture(scope="session")
def mongo_ran_against(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return a function that records the MongoDB server of the contract suite for the summary."""

    def record(what: str) -> None:
        pytestconfig.stash[_RAN].add(what)
        if hasattr(pytestconfig, "workeroutput"):  # a process of pytest-xdist
            pytestconfig.workeroutput[MONGO_RAN] = what

    return record


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect what a process of pytest-xdist recorded."""
    if what := getattr(node, "workeroutput", {}).get(MONGO_RAN):
        node.config.stash[_RAN].add(what)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print which MongoDB server the contract suite used, or that it was skipped."""
    for what in config.stash[_RAN]:
        colour = {"red" if what.startswith("SKIPPED") else "green": True}
        terminalreporter.write_sep("!", f"MongoDB contract: {what}", bold=True, **colour)
