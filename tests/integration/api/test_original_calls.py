"""The original front end's calls answer in exactly the shapes that it reads."""

from tests.support.fakes.runs import on_call
from tests.support.wired_service import WiredService, post_line, problem


def test_start_analysis_waits_and_answers_mood_happiest_and_saddest(wired: WiredService) -> None:
    wired.import_lines("alice", *(post_line(n) for n in range(20)), post_line(21, "sadness"))
    wired.service.start()

    answer = wired.client.get("/start_analysis/Alice?consent=true")

    assert answer.status_code == 200
    assert answer.get_json() == ["Cheerful", "post 19 full of joy", "post 21 full of sadness"]


def test_start_analysis_of_nothing_answers_nulls(wired: WiredService) -> None:
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice?consent=true")

    assert answer.get_json() == [None, None, None]


def test_start_analysis_of_one_post_answers_no_mood_but_the_posts(wired: WiredService) -> None:
    wired.import_posts("alice", 1)
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice?consent=true")

    assert answer.get_json() == [None, "post 0 full of joy", "post 0 full of joy"]


def test_start_analysis_without_consent_is_refused(wired: WiredService) -> None:
    wired.import_posts("alice", 3)

    answer = wired.client.get("/start_analysis/alice")

    problem(answer, 403, "consent-required")


def test_start_analysis_takes_consent_from_the_record(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    wired.client.put("/v1/users/alice/consent")
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice")

    assert answer.get_json()[0] == "Cheerful"


def test_start_analysis_joins_one_that_is_under_way(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    wired.start("alice")
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice?consent=true")

    assert answer.get_json()[0] == "Cheerful"
    assert len(wired.emotions.texts) == 3


def test_start_analysis_that_fails_answers_the_problem_of_the_analysis(wired: WiredService) -> None:
    wired.import_posts("alice", 3)
    wired.emotions.down = True
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice?consent=true")

    problem(answer, 503, "inference-unavailable")


def test_start_analysis_with_a_bad_parameter_names_it(shared: WiredService) -> None:
    answer = shared.client.get("/start_analysis/alice?consent=perhaps")

    assert problem(answer, 400, "invalid-request")["errors"][0]["where"] == "consent"


def test_recommend_friends_answers_plain_names_at_both_spellings(wired: WiredService) -> None:
    wired.analysed("bob", word="joy")
    wired.client.put("/v1/users/bob/consent", json={"matchable": True})
    wired.analysed("alice", word="sadness")

    right, original = (
        wired.client.get(f"/{name}_friends/alice").get_json() for name in ("recommend", "recomend")
    )

    assert right == original
    assert list(right) == ["big_accounts", "hashtags", "friend"]
    assert [len(right[key]) for key in right] == [3, 3, 1]
    assert right["friend"] == ["bob"]
    assert all(isinstance(name, str) for names in right.values() for name in names)


def test_start_analysis_says_that_its_analysis_was_cancelled(wired: WiredService) -> None:
    wired.import_posts("alice", 12)
    wired.emotions.before_answer = on_call(
        0, lambda: wired.client.delete(wired.start("alice").headers["Location"])
    )
    wired.service.start()

    answer = wired.client.get("/start_analysis/alice?consent=true")

    assert "cancelled" in problem(answer, 409, "conflict")["detail"]
