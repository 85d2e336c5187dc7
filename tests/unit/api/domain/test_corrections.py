"""What a post counts as that its writer has corrected, and what a changed correction moves."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from api.domain.mood.changes import EarlierMood, MoodChange
from api.domain.mood.moods import Mood
from api.domain.mood.results import MoodResult, mood_result
from api.domain.mood.scoring import CLASSIC, has_feeling
from api.domain.mood.timeline import timeline
from api.domain.posts import ClassifiedPost, Post, StoredPost
from tests.support.posts import NOW, WORKED, classified, post

EVIDENCE = replace(WORKED, least_feeling_posts=3)
ANY = replace(WORKED, least_feeling_posts=0)


def corrected(item: ClassifiedPost, emotion: str | None) -> ClassifiedPost:
    return replace(item, correction=emotion)


def result_at(
    posts: list[ClassifiedPost], before: MoodResult | None = None, new: tuple[str, ...] = ()
) -> MoodResult:
    return mood_result(
        posts,
        as_of=NOW,
        now=NOW,
        config=ANY,
        model="m@1",
        earlier=None if before is None else EarlierMood("a1", before.to_dict()),
        new_ids=new,
    )


def change_of(before: list[ClassifiedPost], after: list[ClassifiedPost]) -> MoodChange | None:
    return result_at(after, result_at(before)).changed_by


def test_a_corrected_post_counts_as_its_emotion_with_certainty_and_without_irony() -> None:
    ironic = replace(classified(post("a"), joy=0.6, anger=0.4), correction="love")
    ironic = replace(ironic, classification=replace(ironic.classification, irony=1.0))

    result = result_at([ironic])

    assert result.scores is not None
    assert result.scores["love"] == 1.0
    assert (result.positivity, result.negativity) == (1.0, 0.0)
    assert ironic.classification.scores["joy"] == 0.6
    assert (result.corrected_posts, result.corrections) == (1, {"a": "love"})


def test_a_result_without_corrections_says_so() -> None:
    result = result_at([classified(post("a"), joy=1.0)])

    assert (result.corrected_posts, result.corrections) == (0, {})


@pytest.mark.parametrize(("emotion", "felt"), [("joy", True), ("neutral", False)])
def test_a_correction_decides_whether_a_post_has_a_feeling(emotion: str, felt: bool) -> None:
    neutral, angry = classified(post("a"), neutral=1.0), classified(post("b"), anger=1.0)

    assert has_feeling(corrected(neutral, emotion).counted) is felt
    assert has_feeling(corrected(angry, emotion).counted) is felt


def test_corrections_lend_the_evidence_and_the_confidence_that_a_mood_needs() -> None:
    neutral = [classified(post(f"n{n}", days_old=n), neutral=1.0) for n in range(3)]

    before = mood_result(neutral, as_of=NOW, now=NOW, config=EVIDENCE, model="m@1")
    after = mood_result(
        [corrected(item, "sadness") for item in neutral],
        as_of=NOW,
        now=NOW,
        config=EVIDENCE,
        model="m@1",
    )

    assert (before.mood, before.feeling_posts) == (None, 0)
    assert (after.mood, after.feeling_posts, after.neutral_share) == (Mood.DEPRESSED, 3, 0.0)
    assert after.confidence is not None
    assert after.confidence > 0


def test_corrected_posts_are_the_happiest_and_those_that_moved_most() -> None:
    angry = corrected(classified(post("angry"), anger=1.0), "joy")
    glad = classified(post("glad", days_old=3), joy=0.9, neutral=0.1)

    result = result_at([angry, glad])

    assert result.happiest is not None
    assert (result.happiest.post.post_id, result.happiest.probability) == ("angry", 1.0)
    assert [each.post.post_id for each in result.moved_most] == ["angry", "glad"]
    assert all(each.direction == "positive" for each in result.moved_most)


def test_a_correction_shows_in_the_timeline() -> None:
    item = classified(post("a"), anger=1.0)

    (bucket,) = timeline([corrected(item, "joy")], "day", WORKED)

    assert bucket.scores is not None
    assert (bucket.scores["joy"], bucket.scores["anger"]) == (1.0, 0.0)


def test_a_corrected_post_in_another_language_is_read_since_its_writer_has_read_it() -> None:
    german = [
        classified(replace(post(f"d{n}", days_old=n), language="de"), neutral=1.0) for n in range(6)
    ]
    config = replace(WORKED, other_language_weight=0.0)

    result = mood_result(
        [corrected(item, "joy") for item in german[:5]] + german[5:],
        as_of=NOW,
        now=NOW,
        config=config,
        model="m@1",
    )

    assert result.mood is Mood.CHEERFUL
    assert result.not_english == 1
    assert result.language_note == "1 of 6 posts is not in English and was left out."


def test_too_few_read_posts_are_told_with_the_corrected_among_them() -> None:
    german = [
        classified(replace(post(f"d{n}", days_old=n), language="de"), joy=1.0) for n in range(9)
    ]
    config = replace(CLASSIC, other_language_weight=0.0)

    result = mood_result(
        [corrected(german[0], "joy"), *german[1:]], as_of=NOW, now=NOW, config=config, model="m@1"
    )

    assert result.reason is not None
    assert "Only 1 of 9 posts is in English, which is what the model reads, or corrected" in (
        result.reason
    )


def test_copies_of_a_corrected_post_count_as_corrected_whichever_of_them_it_was() -> None:
    first = classified(post("1"), anger=1.0)
    copies = [first, *(replace(first, post=replace(first.post, post_id=name)) for name in "23")]

    for order in permutations([copies[0], corrected(copies[1], "joy"), copies[2]]):
        result = result_at(list(order))
        (bucket,) = timeline(order, "day", WORKED)

        assert result.scores is not None
        assert result.scores["joy"] == 1.0
        assert bucket.scores is not None
        assert bucket.scores["joy"] == 1.0
        assert result.corrections == dict.fromkeys("123", "joy")
        assert sum(each.contribution for each in result.moved_most) == pytest.approx(1.0)


def test_of_different_corrections_of_copies_the_smallest_id_counts() -> None:
    first = classified(post("1"), anger=1.0)
    second = replace(first, post=replace(first.post, post_id="2"))

    for order in permutations([corrected(first, "joy"), corrected(second, "fear")]):
        assert result_at(list(order)).corrections == {"1": "joy", "2": "joy"}


OTHERS = [classified(post(f"o{n}", days_old=n), joy=0.7, neutral=0.3) for n in range(2, 5)]
ANGRY = classified(Post("angry", "Well, what a night", NOW - timedelta(days=1)), anger=1.0)


@pytest.mark.parametrize(
    ("then", "now", "lighter"),
    [(None, "joy", True), ("joy", None, False), ("joy", "fear", False), ("fear", "love", True)],
)
def test_a_changed_correction_is_told_against_what_the_earlier_analysis_had(
    then: str | None, now: str | None, lighter: bool
) -> None:
    before, after = [*OTHERS, corrected(ANGRY, then)], [*OTHERS, corrected(ANGRY, now)]

    change = change_of(before, after)

    assert change is not None
    (moved,) = change.posts
    assert (moved.post.post_id, moved.corrected, moved.new) == ("angry", True, False)
    balances = [result.positivity - result.negativity for result in map(result_at, (before, after))]  # type: ignore[operator]
    assert change.balance_change == pytest.approx(balances[1] - balances[0])
    assert (change.balance_change > 0) is lighter
    back = "" if now else "taking back "
    assert change.words.endswith(f', mostly by {back}your correction of "Well, what a night".')


@pytest.mark.parametrize("correction", [None, "joy"])
def test_a_correction_that_stands_since_the_earlier_analysis_changes_nothing(
    correction: str | None,
) -> None:
    posts = [*OTHERS, corrected(ANGRY, correction)]

    assert change_of(posts, posts) is None


def test_several_changed_corrections_are_counted_in_the_words() -> None:
    change = change_of(OTHERS, [corrected(item, "sadness") for item in OTHERS])

    assert change is not None
    assert "mostly by 3 corrections of yours, above all of " in change.words
    assert all(each.corrected for each in change.posts)


def test_a_new_post_that_is_corrected_is_new_and_its_correction_no_change() -> None:
    before = result_at(OTHERS)

    change = result_at([*OTHERS, corrected(ANGRY, "sadness")], before, new=("angry",)).changed_by

    assert change is not None
    assert (change.posts[0].new, change.posts[0].corrected) == (True, False)
    assert "mostly by one new post" in change.words


def test_an_earlier_result_of_an_older_version_had_no_corrections() -> None:
    before = {
        name: value
        for name, value in result_at([*OTHERS, ANGRY]).to_dict().items()
        if name not in ("corrections", "corrected_posts")
    }

    result = mood_result(
        [*OTHERS, corrected(ANGRY, "joy")],
        as_of=NOW,
        now=NOW,
        config=ANY,
        model="m@1",
        earlier=EarlierMood("a1", before),
    )

    assert result.changed_by is not None
    assert result.changed_by.posts[0].corrected


def test_with_more_corrections_than_a_result_keeps_no_change_is_made_up() -> None:
    many = [
        corrected(classified(post(f"p{n}", days_old=n / 1000), anger=1.0), "joy")
        for n in range(1_001)
    ]

    before = result_at(many)
    after = result_at([replace(item, correction="sadness") for item in many], before)

    assert (before.corrected_posts, before.corrections) == (1_001, None)
    assert after.mood is Mood.DEPRESSED
    assert after.changed_by is None


@pytest.mark.parametrize(
    ("model_says", "correction", "emotion"),
    [("joy", None, "joy"), ("joy", "anger", "anger"), (None, "anger", "anger"), (None, None, None)],
)
def test_the_emotion_that_counts_is_the_correction_else_the_label(
    model_says: str | None, correction: str | None, emotion: str | None
) -> None:
    item = classified(post("a"), joy=1.0)
    classification = None if model_says is None else item.classification

    stored = StoredPost(item.post, classification, correction)

    assert stored.emotion == emotion
    assert stored.read is (model_says is not None)
