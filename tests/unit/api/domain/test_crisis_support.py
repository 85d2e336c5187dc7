"""A heavy result lists crisis lines, those of the country first, and never none."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap.service import support_entries
from api.domain.crisis_support import InvalidSupportError, SupportList, parse_support
from api.domain.mood.moods import Mood
from api.settings import SettingsError

NEAR = {"name": "Near", "contact": "Call 1", "url": "https://near.example", "countries": ["IE"]}
ANYWHERE = {**NEAR, "name": "Anywhere", "countries": ["*"]}


def names(country: str | None, default: str = "", mood: str = "Depressed") -> list[str]:
    listed = SupportList(parse_support([ANYWHERE, NEAR]), default)
    return [entry["name"] for entry in listed.entries_for({"mood": mood}, country)]


@pytest.mark.parametrize(
    ("country", "default", "expected"),
    [
        *((*asked, ["Near", "Anywhere"]) for asked in (("IE", ""), ("ie", ""), (None, "IE"))),
        *((*asked, ["Anywhere"]) for asked in (("FR", ""), (None, ""), ("FR", "IE"))),
    ],
)
def test_those_of_the_country_or_else_of_the_settings_come_first_then_those_for_any(
    country: str | None, default: str, expected: list[str]
) -> None:
    assert names(country, default) == expected


@pytest.mark.parametrize("mood", list(Mood))
def test_only_heavy_moods_have_support(mood: Mood) -> None:
    heavy = mood in (Mood.DEPRESSED, Mood.STRESSED)

    assert bool(names("IE", mood=mood.value)) is heavy


def test_an_entry_says_for_which_country_it_is() -> None:
    listed = SupportList(parse_support([NEAR, ANYWHERE])).entries_for({"mood": "Stressed"}, "IE")

    assert listed[0] == {
        "name": "Near",
        "contact": "Call 1",
        "url": "https://near.example",
        "country": "IE",
    }
    assert listed[1]["country"] is None


@pytest.mark.parametrize(
    ("country", "contact"),
    [
        ("US", "988"),
        ("CA", "988"),
        ("GB", "116 123"),
        ("IE", "116 123"),
        ("AU", "13 11 14"),
        ("NZ", "1737"),
        ("DE", "0800 1110111"),
        ("PL", "112"),
    ],
)
def test_the_shipped_list_knows_the_usual_numbers(country: str, contact: str) -> None:
    listed = SupportList(support_entries(None)).entries_for({"mood": "Depressed"}, country)

    assert contact in listed[0]["contact"]
    assert listed[-1]["url"] == "https://findahelpline.com"


@pytest.mark.parametrize(("negativity", "shown"), [(0.6, True), (0.2, False), (None, False)])
def test_a_result_without_a_mood_has_helplines_if_what_there_is_leans_heavy(
    negativity: float | None, shown: bool
) -> None:
    result = {"mood": None, "positivity": negativity and 0.3, "negativity": negativity}

    listed = SupportList(support_entries(None)).entries_for(result, "IE")

    assert bool(listed) is shown


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "a list"),
        ([], "at least one"),
        ([NEAR], "at least one"),
        ([ANYWHERE, {"name": "x"}], "entry 2"),
        ([{**ANYWHERE, "contact": " "}], "entry 1"),
        ([{**ANYWHERE, "url": "http://near.example"}], "https://"),
        ([{**ANYWHERE, "url": "https://"}], "https://"),
        ([{**ANYWHERE, "countries": "IE"}], "must be a list"),
        ([{**ANYWHERE, "countries": ["Ireland"]}], 'such as "IE"'),
    ],
)
def test_a_bad_list_is_refused_with_what_is_wrong(data: Any, says: str) -> None:
    with pytest.raises(InvalidSupportError, match=says):
        parse_support(data)


@pytest.mark.parametrize("text", ["[]", "{", None])
def test_a_file_of_ones_own_that_is_bad_is_named_at_the_start(
    tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "own.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"CRISIS_RESOURCES: .*own\.json"):
        support_entries(file)


def test_a_file_of_ones_own_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps([ANYWHERE]), encoding="utf-8")

    assert [entry.name for entry in support_entries(file)] == ["Anywhere"]
