"""A user corrects a post: what the calls answer, and what the next analysis makes of it."""

from typing import Any

import pytest

from api.domain.analyses import TRAINING_WORDS, WORDS
from api.domain.posts import EMOTIONS
from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.wired_service import WiredService, post_line, problem, wire_service

CORRECTIONS = "/v1/users/alice/corrections"


def result_of(wired: WiredService) -> dict[str, Any]:
    result: dict[str, Any] = wired.client.get("/v1/users/alice").get_json()["result"]
    return result


def analyse_again(wired: WiredService) -> dict[str, Any]:
    wired.start("alice")
    wired.work()
    return result_of(wired)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_correction_answers_the_post_with_the_scores_of_the_model(
    wired: WiredService, emotion: str
) -> None:
    wired.analysed("alice", "joy")

    answer = wired.client.put(CORRECTIONS, json={"post_id": "3", "emotion": emotion})

    post = answer.get_json()
    assert answer.status_code == 200
    assert (post["post_id"], post["emotion"], post["correction"]) == ("3", emotion, emotion)
    assert max(post["scores"], key=post["scores"].get) == "joy"
    assert post["read"] is True


def test_a_correction_counts_from_the_next_analysis_on(wired: WiredService) -> None:
    wired.analysed("alice", "joy")
    for number in range(5):
        body = {"post_id": str(number), "emotion": "sadness"}
        assert wired.client.put(CORRECTIONS, json=body).status_code == 200

    before, after = result_of(wired), analyse_again(wired)

    assert (before["mood"], before["corrected_posts"]) == ("Cheerful", 0)
    assert (after["mood"], after["corrected_posts"]) == ("Depressed", 5)
    assert after["scores"]["sadness"] == pytest.approx(1.0)
    assert after["corrections"] == {str(number): "sadness" for number in range(5)}
    assert "5 corrections of yours" in after["changed_by"]["words"]
    assert all(each["corrected"] for each in after["changed_by"]["posts"])
    (bucket, *_) = wired.client.get("/v1/users/alice/timeline").get_json()["timeline"]
    assert bucket["scores"]["sadness"] == pytest.approx(1.0)


def test_a_correction_that_is_taken_back_counts_no_longer(wired: WiredService) -> None:
    wired.analysed("alice", "joy")
    wired.client.put(CORRECTIONS, json={"post_id": "3", "emotion": "anger"})

    answer = wired.client.delete(f"{CORRECTIONS}?post_id=3")
    again = wired.client.delete(f"{CORRECTIONS}?post_id=3")

    assert answer.status_code == again.status_code == 200
    assert answer.get_json() == again.get_json()
    assert (answer.get_json()["emotion"], answer.get_json()["correction"]) == ("joy", None)
    assert analyse_again(wired)["corrected_posts"] == 0


def test_a_post_can_be_corrected_before_it_is_classified(wired: WiredService) -> None:
    wired.import_posts("alice", 1)

    post = wired.client.put(CORRECTIONS, json={"post_id": "0", "emotion": "love"}).get_json()

    assert (post["emotion"], post["scores"], post["irony"]) == ("love", None, None)
    assert (post["read"], post["correction"]) == (False, "love")


def test_a_correction_stays_with_the_text(wired: WiredService) -> None:
    wired.analysed("alice", "joy")
    for number in ("1", "2"):
        wired.client.put(CORRECTIONS, json={"post_id": number, "emotion": "anger"})

    wired.import_lines("alice", post_line(1, "joy"), post_line(2, "sadness"))

    assert analyse_again(wired)["corrections"] == {"1": "anger"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("post_id", ["99", "3 ", "'", "3\x00"])
def test_an_unknown_post_is_not_found(wired: WiredService, method: str, post_id: str) -> None:
    wired.analysed("alice")
    if method == "PUT":
        more: dict[str, Any] = {"json": {"post_id": post_id, "emotion": "joy"}}
    else:
        more = {"query_string": {"post_id": post_id}}

    answer = wired.client.open(CORRECTIONS, method=method, **more)

    assert "There is no post" in problem(answer, 404, "not-found")["detail"]


def test_a_post_of_somebody_else_is_not_found(wired: WiredService) -> None:
    wired.analysed("alice")
    wired.import_lines("bob", post_line(77))

    answer = wired.client.put(CORRECTIONS, json={"post_id": "77", "emotion": "joy"})

    problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"post_id": "3", "emotion": "Joy"}, "emotion"),
        ({"post_id": "3", "emotion": "irony"}, "emotion"),
        ({"post_id": "3", "emotion": None}, "emotion"),
        ({"post_id": "3"}, "emotion"),
        ({"post_id": 3, "emotion": "joy"}, "post_id"),
        ({"post_id": "", "emotion": "joy"}, "post_id"),
        ({"emotion": "joy"}, "post_id"),
        ({"post_id": "3", "emotion": "joy", "text": "x"}, "text"),
    ],
)
def test_a_correction_that_is_none_is_refused(
    wired: WiredService, body: dict[str, Any], where: str
) -> None:
    wired.analysed("alice")

    answer = wired.client.put(CORRECTIONS, json=body)

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == f"/{where}"


def test_taking_back_names_the_post(wired: WiredService) -> None:
    wired.analysed("alice")

    answer = wired.client.delete(CORRECTIONS)

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "post_id"


def test_consent_to_training_is_a_choice_of_its_own_that_each_call_says_anew(
    wired: WiredService,
) -> None:
    agreed = wired.client.put("/v1/users/alice/consent", json={"training": True}).get_json()
    taken_back = wired.client.put("/v1/users/alice/consent", json={"matchable": True}).get_json()
    export = wired.client.get("/v1/users/alice/export").get_json()

    assert agreed["training"] is True
    assert agreed["words"] == f"{WORDS} {TRAINING_WORDS}"
    assert (taken_back["training"], taken_back["words"]) == (False, WORDS)
    assert [each["training"] for each in export["consents"]] == [True, False]
    assert export["user"]["training"] is False


def test_a_user_is_shown_with_what_they_agreed_to(wired: WiredService) -> None:
    def agreed() -> tuple[bool, bool]:
        user = wired.client.get("/v1/users/alice").get_json()
        return user["matchable"], user["training"]

    wired.import_posts("alice", 1)
    before = agreed()
    wired.client.put("/v1/users/alice/consent", json={"matchable": True, "training": True})
    both = agreed()
    wired.client.put("/v1/users/alice/consent", json={"training": True})

    assert (before, both, agreed()) == ((False, False), (True, True), (False, True))


def test_the_words_of_a_consent_are_those_that_a_consent_records(wired: WiredService) -> None:
    words = wired.client.get("/v1/consent-words").get_json()
    consent = wired.client.put("/v1/users/alice/consent", json={"training": True}).get_json()

    assert f"{words['analysis']} {words['training']}" == consent["words"]
    assert words["words_version"] == consent["words_version"]


def test_with_the_words_of_a_consent_stands_how_long_posts_and_moods_are_stored(
    settings: Settings,
) -> None:
    other = settings.model_copy(update={"posts_retention_days": 7, "moods_retention_days": 90})
    with wire_service(MemoryStore(), other) as wired:
        words = wired.client.get("/v1/consent-words").get_json()

    assert (words["posts_retention_days"], words["moods_retention_days"]) == (7, 90)


def test_the_page_asks_for_consent_in_the_same_words(shared: WiredService) -> None:
    page = " ".join(shared.client.get("/").text.split())

    assert f"<span>{WORDS}</span>" in page


def test_the_words_name_what_corrections_and_feedback_are_used_for() -> None:
    for word in ("corrections", "texts", "train the model", "fit the constants", "take this back"):
        assert word in TRAINING_WORDS
    assert "train" not in WORDS
