"""What people read is kind, non-clinical, and names somebody to turn to where it leans heavy."""

import json
import re
from pathlib import Path

import pytest

from api.domain.analyses import WORDS
from api.problems import all_kinds
from tests.support.wired_service import WiredService

CLINICAL = re.compile(
    r"diagnos|patient|symptom|clinic|disorder|therap|treatment|disease|medical|medicine|patholog",
    re.IGNORECASE,
)
API = Path(__file__).parents[3] / "api"


@pytest.mark.parametrize(("word", "mood"), [("sadness", "Depressed"), ("anger", "Stressed")])
def test_a_heavy_result_names_people_to_turn_to(wired: WiredService, word: str, mood: str) -> None:
    analysis_id = wired.analysed("alice", word)

    analysis = wired.client.get(f"/v1/analyses/{analysis_id}?country=IE").get_json()
    user = wired.client.get("/v1/users/alice?country=ie").get_json()
    events = wired.client.get(f"/v1/analyses/{analysis_id}/events?country=IE").text

    support = analysis["result"]["support"]
    assert analysis["result"]["mood"] == mood
    assert [entry["country"] for entry in support] == ["IE", "IE", None]
    assert support[0]["contact"].startswith("Call 116 123")
    assert user["result"]["support"] == support
    assert json.loads(events.partition("data: ")[2])["result"]["support"] == support


@pytest.mark.parametrize("country", ["Ireland", "I", "1E", ""])
def test_a_country_that_is_no_code_is_refused(wired: WiredService, country: str) -> None:
    wired.analysed("alice")

    assert wired.client.get(f"/v1/users/alice?country={country}").status_code == 400


def test_no_answer_speaks_clinically(wired: WiredService) -> None:
    told = []
    for name, word in (("ann", "sadness"), ("bob", "anger"), ("cid", "joy"), ("dan", "surprise")):
        analysis_id = wired.analysed(name, word)
        paths = (f"/v1/analyses/{analysis_id}", *(
            f"/v1/users/{name}{rest}" for rest in ("", "/timeline", "/recommendations", "/export")
        ))  # fmt: skip
        told += [wired.client.get(path).text for path in paths]
    told += [wired.client.get(path).text for path in ("/", "/docs", "/openapi.json")]
    told += [wired.client.get(f"/problems/{slug}").text for slug in all_kinds()]

    assert [CLINICAL.findall(text) for text in told if CLINICAL.search(text)] == []


WEB = sorted(each for each in (API / "web").rglob("*") if each.is_file())


@pytest.mark.parametrize("file", WEB, ids=lambda file: file.name)
def test_no_page_or_script_speaks_clinically(file: Path) -> None:
    assert CLINICAL.findall(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", ["support.json", "catalogue.json"])
def test_no_list_speaks_clinically(file: str) -> None:
    assert CLINICAL.findall((API / file).read_text(encoding="utf-8")) == []


def test_the_page_asks_for_consent_in_the_words_that_are_recorded(shared: WiredService) -> None:
    page = re.sub(r"\s+", " ", shared.client.get("/").text)

    assert WORDS in page
