"""No pattern that input reaches takes time that grows faster than the input."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from api.post_files.csv_damage import CsvRowRepair
from tests.support.growth import faults_of

ROOT = Path(__file__).parents[2]
SEARCHES = {"search", "finditer", "findall", "sub", "subn", "split"}
MODULES = [
    path
    for package in ("api", "serving")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "re." in path.read_text("utf-8")
]
# Why a pattern that the reader of patterns does not understand is linear all the same.
SOUND = {
    ("api.post_files.long_posts", "_CUT"): "the last 64 characters of a text are searched",
    ("api.intake.post_fields", "_CUT"): "the last 64 characters of a text are searched",
    ("api.post_files.archives", "_POST_SCRIPT"): "a path has at most 4,096 characters",
    ("api.post_files.archives", "_NOTE_SCRIPT"): "a path has at most 4,096 characters",
    ("api.post_files.archives", "_NOT_SENT"): "a path has at most 4,096 characters",
    ("api.intake.html_text", "_TAG"): "only the end of a comment follows, which may be missing",
}


def patterns() -> dict[tuple[str, str], tuple[re.Pattern[Any], bool]]:
    """Return each compiled pattern by module and name, and whether texts are searched for it."""
    found: dict[tuple[str, str], tuple[re.Pattern[Any], bool]] = {}
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(path.read_text("utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        called = [call.func for call in calls if isinstance(call.func, ast.Attribute)]
        searched = {
            ast.unparse(method.value)
            for method in called
            # Taken for searched as well: a pattern that is handed on.
            if method.attr in SEARCHES
        } | {ast.unparse(argument) for call in calls for argument in call.args}
        searched |= {
            ast.unparse(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in SEARCHES
        }
        for call in calls:
            if ast.unparse(call.func).startswith("re.") and call.func.attr in SEARCHES:
                literal = call.args[0]
                if isinstance(literal, ast.Constant):
                    found[name, literal.value] = re.compile(literal.value), True
        if "re.compile(" in path.read_text("utf-8"):
            for key, value in vars(importlib.import_module(name)).items():
                if isinstance(value, re.Pattern):
                    found[name, key] = value, key in searched
    return found


PATTERNS = patterns()


@pytest.mark.parametrize("place", [each for each in PATTERNS if each not in SOUND], ids=":".join)
def test_a_pattern_is_matched_in_linear_time(place: tuple[str, str]) -> None:
    pattern, searched = PATTERNS[place]

    assert faults_of(pattern, searched=searched) == []


def test_patterns_for_damaged_rows_are_matched_in_linear_time() -> None:
    found = [each for each in vars(CsvRowRepair(",", 3)).values() if isinstance(each, re.Pattern)]

    assert [faults_of(each, searched=False) for each in found] == [[]] * len(found)


def test_every_exception_names_a_pattern_that_needs_one() -> None:
    for place in SOUND:
        pattern, searched = PATTERNS[place]
        assert faults_of(pattern, searched=searched), place


@pytest.mark.parametrize(
    ("pattern", "searched", "is_linear"),
    [
        (r"_*[^\x00-\x7f]", True, False),
        (r"_?[^\x00-\x7f]", True, True),
        (r"_*[^\x00-\x7f]", False, True),
        (r"(a+)+b", False, False),
        (r"(?:ab+)+c", False, True),
        (r"\s*x?\s*$", False, False),
        (r"\s*x\s*$", False, True),
        (r"\{[^}]*\}", True, False),
        (r"\{[^{}]*\}", True, True),
        (r"#\w+", True, True),
        (r"(?:a|b+c)", True, False),
        (r"[0-9]++\.", True, False),
    ],
)
def test_the_reader_of_patterns_tells_which_are_linear(
    pattern: str, searched: bool, is_linear: bool
) -> None:
    assert (faults_of(re.compile(pattern), searched=searched) == []) is is_linear
