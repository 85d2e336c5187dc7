"""The mood summary in the terminal says what a result says, and no more."""

from argparse import Namespace
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from api.cli.looking_back import history
from api.cli.mood_summary import WIDTH, mood_summary
from api.client import MoodlineClient
from api.domain.mood.moods import labelled
from api.domain.mood.results import confidence_words, model_note, mood_result
from tests.support.posts import ANY_EVIDENCE, NOW, classified, post


def result_of(*posts: Any) -> dict[str, Any]:
    result = mood_result(posts, as_of=NOW, now=NOW, config=ANY_EVIDENCE, model="m@1")
    words = confidence_words(result.mood, result.confidence)
    return {**labelled(result.to_dict()), "confidence_words": words}  # as the API answers it


def test_a_result_without_posts_gives_its_reason_and_no_mood() -> None:
    summary = mood_summary("ana", result_of(), None)

    assert "No mood: There are no posts to go by." in summary
    assert "confidence" not in summary


def test_a_summary_names_the_mood_the_posts_and_what_is_recommended() -> None:
    recommended = {"big_accounts": [{"name": "calm"}], "hashtags": [], "friends": []}

    summary = mood_summary("ana", result_of(classified(joy=0.9, neutral=0.1)), recommended)

    assert summary.splitlines()[0].startswith("-- @ana ")
    assert "Bright\nconfidence 85% that heavier feelings do not set the tone" in summary
    assert "Lighter feelings outweigh heavier ones more than 100 to 1, and" in summary
    assert "from 1 post: 1 own, 0 shared, 0 liked" in summary
    assert "accounts @calm" in summary
    assert "hashtags" not in summary


def test_a_summary_says_how_many_posts_were_left_out_for_their_language() -> None:
    german = [classified(post(str(n), language="de"), sadness=1.0) for n in range(2)]
    english = [classified(post(f"e{n}"), joy=1.0) for n in range(2)]

    some = mood_summary("ana", result_of(*german, *english), None)
    none = mood_summary("ana", result_of(*german), None)

    assert "Note: 2 of 4 posts are not in English and were left out." in some
    assert "No mood: None of 2 posts is in English" in none


def test_a_result_from_before_languages_and_the_rule_were_told_has_a_summary() -> None:
    result = result_of(classified(joy=1.0))
    del result["language_note"], result["not_english"], result["why"]

    assert "Bright" in mood_summary("ana", {**result, "not_english_share": None}, None)


def test_no_line_of_a_summary_is_wider_than_the_terminal() -> None:
    wordy = replace(post(), text="long words " * 50)

    summary = mood_summary("ana", result_of(classified(wordy, sadness=1.0)), None)

    assert max(len(line) for line in summary.splitlines()) <= WIDTH


def test_a_heavy_summary_names_somebody_to_talk_to() -> None:
    somebody = {"name": "Near", "contact": "Call 1", "url": "https://near.example", "country": "IE"}
    result = {**result_of(classified(sadness=1.0)), "support": [somebody]}

    summary = mood_summary("ana", result, None)

    assert "  to talk: Near: Call 1, https://near.example" in summary


def test_somebody_to_talk_to_is_named_where_there_is_too_little_for_a_mood() -> None:
    somebody = {"name": "Near", "contact": "Call 1", "url": "https://near.example", "country": "IE"}

    summary = mood_summary("ana", {**result_of(), "support": [somebody]}, None)

    assert "  to talk: Near: Call 1, https://near.example" in summary


def test_the_words_of_a_summary_are_those_of_the_result() -> None:
    result = result_of(*(classified(post(str(n)), joy=0.5, sadness=0.3) for n in range(3)))

    summary = " ".join(mood_summary("ana", result, None).split())

    assert str(result["why"]) in summary
    assert str(result["summary"]) in summary


def test_the_history_says_what_the_confidence_of_each_mood_is_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bright = {
        "finished_at": "2026-01-02T03:04:05+00:00",
        "label": "Bright",
        "confidence_words": confidence_words("Cheerful", 0.9996),
        "posts": 40,
        "changed_by": {"words": "Since 2026-01-01 your posts have gone from heavy to bright."},
    }
    none = {**bright, "label": None, "confidence_words": None, "changed_by": None}
    api = SimpleNamespace(history=lambda *_, **__: {"analyses": [bright, none]})

    history(cast(MoodlineClient, api), Namespace(user="ana", limit=20, json=False))

    assert capsys.readouterr().out.splitlines() == [
        "2026-01-02 03:04  Bright    from 40 posts",
        "    confidence 99% that heavier feelings do not set the tone",
        "    Since 2026-01-01 your posts have gone from heavy to bright.",
        "2026-01-02 03:04  No mood   from 40 posts",
    ]


def test_a_summary_says_that_another_model_is_served_by_now() -> None:
    result = {**result_of(classified(joy=1.0)), "model_note": model_note("m@1", "m@2")}

    summary = mood_summary("ana", result, None)

    assert "Note: Another model read these posts (m 1; now m 2): analyse again" in summary


def test_a_summary_says_nothing_of_the_model_that_is_served() -> None:
    assert model_note("m@1", "m@1") is None
    assert model_note("m@1", None) is None
