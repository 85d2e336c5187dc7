"""People read one word for each mood, wherever an answer gives a mood."""

import json
from typing import Any

import pytest

from api.domain.mood.moods import LABELS
from tests.support.wired_service import WiredService


def test_the_moods_are_listed_with_the_words_for_them(shared: WiredService) -> None:
    moods = shared.client.get("/v1/moods").get_json()["moods"]

    assert [(each["mood"], each["label"]) for each in moods] == [
        ("Cheerful", "Bright"),
        ("Satisfied", "Balanced"),
        ("Stressed", "Tense"),
        ("Depressed", "Heavy"),
    ]
    assert all(each["description"].startswith("Your posts") for each in moods)


@pytest.mark.parametrize(
    ("word", "mood"),
    [("joy", "Cheerful"), ("sadness", "Depressed"), ("anger", "Stressed"), ("surprise", None)],
)
def test_every_answer_with_a_mood_has_its_label_beside_it(
    wired: WiredService, word: str, mood: str | None
) -> None:
    analysis_id = wired.analysed("alice", word)
    paths = (
        f"/v1/analyses/{analysis_id}",
        "/v1/users/alice",
        "/v1/users/alice/timeline",
        "/v1/users/alice/recommendations",
    )

    answers = [json.loads(wired.client.get(path).text) for path in paths]
    answers.append(json.loads(wired.client.get(f"{paths[0]}/events").text.partition("data: ")[2]))
    found = [each for answer in answers for each in with_mood(answer)]

    assert len(found) >= 5
    if mood is not None:
        assert mood in {each["mood"] for each in found}
    for each in found:
        assert each["label"] == (None if each["mood"] is None else LABELS[each["mood"]])


def test_what_confidence_is_about_stands_in_a_result_and_in_the_history(
    wired: WiredService,
) -> None:
    analysis_id = wired.analysed("alice", "sadness")

    result = wired.client.get(f"/v1/analyses/{analysis_id}").get_json()["result"]
    (past,) = wired.client.get("/v1/users/alice/analyses").get_json()["analyses"]

    assert result["confidence_words"].endswith("% that heavier feelings set the tone")
    assert past["confidence_words"] == result["confidence_words"]


def test_the_label_is_no_part_of_what_is_stored(wired: WiredService) -> None:
    wired.analysed("alice")

    (analysis,) = wired.client.get("/v1/users/alice/export").get_json()["analyses"]

    assert analysis["result"]["mood"] == "Cheerful"
    assert "label" not in analysis["result"]
    assert "confidence_words" not in analysis["result"]


def with_mood(value: Any) -> list[dict[str, Any]]:
    """Return every object in a JSON value that has a mood."""
    if isinstance(value, list):
        return [found for each in value for found in with_mood(each)]
    if not isinstance(value, dict):
        return []
    inner = [found for each in value.values() for found in with_mood(each)]
    return [value, *inner] if "mood" in value else inner
