"""Parsing of the catalogue, and the catalogue in the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

import api
from api.domain.catalogue import InvalidCatalogueError, parse_catalogue
from api.domain.mood.moods import Mood
from api.domain.recommendations import CatalogueItem

CURATED = Path(api.__file__).parent / "catalogue.json"


def entry(**changes: Any) -> dict[str, Any]:
    return {"kind": "account", "name": "NASA", "about": "What is out there."} | changes


def data(*more: Any) -> dict[str, Any]:
    both = [entry(name="One"), entry(kind="hashtag", name="one")]
    return {mood.value: list(both) for mood in Mood} | {"Stressed": [*both, *more]}


def test_items_come_in_the_order_of_the_file() -> None:
    items = parse_catalogue(data(entry(), entry(kind="hashtag", name="space")))

    assert [item for item in items if item.mood == "Stressed"] == [
        CatalogueItem("Stressed", "account", "One", "What is out there."),
        CatalogueItem("Stressed", "hashtag", "one", "What is out there."),
        CatalogueItem("Stressed", "account", "NASA", "What is out there."),
        CatalogueItem("Stressed", "hashtag", "space", "What is out there."),
    ]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("NASA", r"Stressed, item 3: must have kind, name and about, and nothing else"),
        ({"kind": "account"}, r"Stressed, item 3: must have kind, name and about"),
        (entry(url="x"), r"Stressed, item 3: must have .* nothing else"),
        (entry(name=5), r"Stressed, item 3: the name must be text"),
        (entry(kind="page"), r'Stressed, item 3 \(NASA\): the kind must be "account" or "hashtag"'),
        (entry(kind=["account"]), r"Stressed, item 3 \(NASA\): the kind must be"),
        (entry(name="@NASA"), r"item 3 \(@NASA\): the name of this account .* without the @"),
        (entry(name="much_too_long_name"), r"the name of this account must be 1 to 15"),
        (entry(kind="hashtag", name="#calm"), r"item 3 \(#calm\): .* hashtag .* without the #"),
        (entry(kind="hashtag", name="Calm"), r"the name of this hashtag must be lower-case"),
        (entry(kind="hashtag", name="2024"), r"the name of this hashtag must be"),
        (entry(about=" "), r"item 3 \(NASA\): about must be one sentence of up to 160 characters"),
        (entry(about="x" * 161), r"item 3 \(NASA\): about must be"),
        (entry(about=None), r"item 3 \(NASA\): about must be"),
        (entry(name="ONE"), r"item 3 \(ONE\) is there twice"),
    ],
)
def test_an_item_at_fault_is_named(bad: Any, message: str) -> None:
    with pytest.raises(InvalidCatalogueError, match=message):
        parse_catalogue(data(bad))


@pytest.mark.parametrize(
    ("whole", "message"),
    [
        ([], "must be an object with one list for each mood"),
        ({"Stressed": []}, "keys must be Depressed, Stressed, Cheerful, Satisfied"),
        (data() | {"Happy": []}, "no more and no fewer"),
        (data() | {"Cheerful": "NASA"}, "Cheerful: the items must be a list"),
        (data() | {"Cheerful": []}, "Cheerful: there must be at least one account"),
        (data() | {"Cheerful": [entry()]}, "Cheerful: there must be at least one hashtag"),
    ],
)
def test_a_catalogue_of_another_shape_is_refused(whole: Any, message: str) -> None:
    with pytest.raises(InvalidCatalogueError, match=message):
        parse_catalogue(whole)


@pytest.mark.parametrize(("kind", "fewest"), [("account", 10), ("hashtag", 12)])
@pytest.mark.parametrize("mood", list(Mood))
def test_the_curated_catalogue_has_enough_for_every_mood(
    mood: Mood, kind: str, fewest: int
) -> None:
    items = parse_catalogue(json.loads(CURATED.read_text(encoding="utf-8")))

    found = [item for item in items if item.mood == mood and item.kind == kind]
    assert len(found) >= fewest
