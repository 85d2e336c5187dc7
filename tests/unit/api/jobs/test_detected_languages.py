"""The language of posts is detected once, where their source does not name it."""

from dataclasses import replace

from api.domain.analyses import AnalysisState
from tests.support.fakes.runs import Setting
from tests.support.posts import posts

GERMAN = "ein Beitrag auf Deutsch"


def a_setting() -> Setting:
    """Return a setting with one post in English by its source, one "und" and one unnamed."""
    setting = Setting(count=0)
    named, undetermined, unnamed = posts(3)
    setting.store.save_posts(
        "alice",
        [
            replace(named, language="en-GB", text=GERMAN),
            replace(undetermined, language="und", text=GERMAN),
            unnamed,
        ],
        setting.clock(),
    )
    setting.languages.languages = {GERMAN: "de"}
    return setting


def test_a_detected_language_is_saved_with_the_classification() -> None:
    setting = a_setting()

    setting.run()

    found = setting.store.latest_classified_posts("alice")
    languages = {each.post.post_id: (each.post.language, each.language) for each in found}
    assert languages == {"0": ("en-GB", "en-GB"), "1": ("und", "de"), "2": (None, None)}


def test_only_posts_whose_source_names_no_language_are_read_and_each_once() -> None:
    setting = a_setting()

    setting.run()
    setting.run_again()

    assert sorted(setting.languages.texts) == [GERMAN, "post 2 full of joy"]


def test_a_later_import_of_the_same_posts_keeps_the_detected_language() -> None:
    setting = a_setting()
    setting.run()
    before = setting.store.latest_classified_posts("alice")

    again = [each.post for each in before]
    saved = setting.store.save_posts("alice", again, setting.clock())

    assert (saved.updated, saved.unchanged) == (0, 3)
    assert setting.store.latest_classified_posts("alice") == before


def test_the_result_counts_what_was_detected() -> None:
    setting = a_setting()

    setting.run()

    result = setting.analysis().result
    assert result is not None
    assert (result["not_english"], result["language_known"]) == (1, 2)
    assert result["language_note"] == "1 of 3 posts is not in English and was left out."


def test_a_detector_that_cannot_read_for_now_is_asked_again_and_no_post_classified_twice() -> None:
    setting = a_setting()
    setting.languages.failures = 2

    setting.run()

    assert setting.analysis().state is AnalysisState.SUCCEEDED
    assert len(setting.emotions.calls) == 1


def test_a_detector_that_stays_unable_to_read_fails_the_analysis_and_says_why() -> None:
    setting = a_setting()
    setting.languages.failures = 1000

    setting.run()

    assert setting.problem().type == "dependency-failed"
    assert "no room" in setting.problem().detail
