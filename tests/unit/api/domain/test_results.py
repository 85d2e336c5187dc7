"""What a mood result contains, and which posts it highlights."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.domain.mood.moods import SUMMARIES, Mood
from api.domain.mood.results import (
    InvalidAsOfError,
    confidence_words,
    moved_most,
    resolve_as_of,
)
from api.domain.mood.scoring import CLASSIC, DEFAULT
from api.domain.posts import ClassifiedPost, Engagement, Ownership
from tests.support.posts import NOW, WORKED, classified, emotions, post, result_of, said

FIVE_DAYS_AGO = NOW - timedelta(days=5)


def test_a_result_has_the_mood_and_the_scores_behind_it() -> None:
    result = result_of(
        [classified(post("1"), joy=1.0), classified(post("2", days_old=14), sadness=1.0)]
    )

    # weights 0.75 and 0.375: joy 2/3, sadness 1/3, and 2/3 >= 1.5 * 1/3
    assert result.mood is Mood.CHEERFUL
    assert result.scores == pytest.approx(emotions(joy=2 / 3, sadness=1 / 3))
    assert result.positivity == pytest.approx(2 / 3)
    assert result.negativity == pytest.approx(1 / 3)
    # weights 1 and 0.5: 1.5 squared over 1 + 0.25
    assert result.effective_sample_size == pytest.approx(1.8)
    assert result.summary == SUMMARIES[Mood.CHEERFUL]
    assert result.reason is None


def test_the_same_posts_have_another_mood_under_the_classic_scoring() -> None:
    liked_lament = classified(post("1", days_old=0.5, engagement=Engagement(likes=10)), sadness=1.0)
    quiet_joy = [classified(post(f"j{n}", days_old=0.5), joy=1.0) for n in range(9)]

    default = result_of([liked_lament, *quiet_joy])
    classic = result_of([liked_lament, *quiet_joy], CLASSIC)

    # default: sadness 1 + ln 11 = 3.4 against 9 joys of 1; classic: only the liked post weighs
    assert (default.mood, classic.mood) == (Mood.CHEERFUL, Mood.DEPRESSED)


def test_without_posts_there_is_no_mood_but_a_reason() -> None:
    result = result_of([])

    assert (result.mood, result.scores, result.summary, result.confidence) == (None,) * 4
    assert result.effective_sample_size == 0.0
    assert result.reason == "There are no posts to go by."
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()


def test_if_no_post_has_a_weight_there_is_no_mood_and_the_scoring_is_named() -> None:
    unliked = post(engagement=Engagement(replies=9, impressions=10_000))

    result = result_of([classified(unliked, joy=1.0)], CLASSIC)

    assert (result.mood, result.scores, result.confidence) == (None, None, None)
    assert result.moved_most == ()
    assert result.reason is not None
    assert 'Under the "classic" scoring none of these posts weighs anything' in result.reason


def test_if_all_posts_are_later_than_asked_the_reason_says_so() -> None:
    result = result_of([classified(joy=1.0)], as_of=NOW - timedelta(days=1))

    assert result.mood is None
    assert result.reason == "All posts are later than 2024-04-30 12:00 UTC, the time asked about."


def test_posts_later_than_an_explicit_time_do_not_count() -> None:
    before = classified(post("1", days_old=10), joy=1.0)
    after = classified(post("2", days_old=2), sadness=1.0)

    result = result_of([before, after], as_of=FIVE_DAYS_AGO)

    assert result.mood is Mood.CHEERFUL
    assert result.posts["total"] == 1
    assert result.newest_post_at == before.post.created_at


def test_a_post_of_exactly_the_time_asked_about_counts() -> None:
    assert result_of([classified(post(days_old=5))], as_of=FIVE_DAYS_AGO).posts["total"] == 1


def test_a_post_from_a_clock_ahead_of_ours_counts_as_of_now_with_age_zero() -> None:
    ahead = classified(post("1", days_old=-1), sadness=1.0)
    current = classified(post("2"), joy=1.0)

    assert result_of([ahead, current]).scores == pytest.approx(emotions(joy=0.5, sadness=0.5))


def test_posts_are_counted_by_ownership_and_named_by_their_newest_and_oldest_time() -> None:
    result = result_of(
        [
            classified(post("1", days_old=30), joy=1.0),
            classified(post("2", days_old=400), joy=1.0),
            classified(post("3", days_old=2, ownership=Ownership.SHARED), joy=1.0),
            classified(post("4", days_old=40, ownership=Ownership.LIKED), joy=1.0),
        ]
    )

    assert result.to_dict()["posts"] == {"total": 4, "own": 2, "shared": 1, "liked": 1}
    assert result.newest_post_at == NOW - timedelta(days=2)
    assert result.oldest_post_at == NOW - timedelta(days=400)


@pytest.mark.parametrize(("days_old", "said_days"), [(60, None), (60.01, 60), (90, 90)])
def test_a_result_is_stale_once_its_newest_post_is_more_than_sixty_days_old_and_says_how_old(
    days_old: float, said_days: int | None
) -> None:
    item = classified(post(days_old=days_old), joy=1.0)

    result = result_of([item], as_of=item.post.created_at)

    note = (
        f"The newest post counted is {said_days} days old: this tells how the posts felt then, not"
        " how they feel now."
    )
    assert result.stale is (said_days is not None)
    assert result.stale_note == (note if said_days else None)


def test_a_result_has_the_share_of_truncated_posts() -> None:
    cut = ClassifiedPost(post("1"), replace(said(joy=1.0), truncated=True))
    whole = [classified(post(str(n)), joy=1.0) for n in (2, 3, 4)]

    assert result_of([cut, *whole]).truncated_share == 0.25


def in_languages(*languages: str | None) -> list[ClassifiedPost]:
    """Return posts of joy in English or of unknown language, and of sadness in others."""
    return [
        classified(
            post(str(n), language=each),
            **({"joy": 1.0} if each in (None, "en") else {"sadness": 1.0}),
        )
        for n, each in enumerate(languages)
    ]


@pytest.mark.parametrize(
    ("languages", "share", "known"),
    [
        (["en", "en-GB", "de", "und", None], 0.2, 3),
        (["de", "fr", "en", "en"], 0.5, 4),
        ([None], 0.0, 0),
        ([], 0.0, 0),
    ],
)
def test_the_share_that_is_not_english_is_over_all_posts(
    languages: list[str | None], share: float, known: int
) -> None:
    result = result_of(in_languages(*languages))

    assert (result.not_english_share, result.language_known) == (share, known)


def test_posts_that_are_not_in_english_weigh_nothing_and_the_result_says_how_many() -> None:
    read = in_languages(*["en"] * 6)

    result = result_of([*read, *in_languages(*["en"] * 6, *["de"] * 9)[6:]])
    alone = result_of(read)

    assert (result.mood, result.scores, result.confidence) == (
        (alone.mood, alone.scores, alone.confidence)
    )
    assert result.effective_sample_size == alone.effective_sample_size
    assert result.posts["total"] == 15
    assert (result.not_english, result.not_english_share) == (9, 0.6)
    assert result.language_note == "9 of 15 posts are not in English and were left out."
    assert (alone.not_english, alone.language_note) == (0, None)


def test_a_post_that_is_left_out_is_neither_happiest_nor_saddest_and_moved_nothing() -> None:
    result = result_of(in_languages("en", "en", "de"))

    assert result.saddest is not None
    assert result.saddest.post.language == "en"
    assert {each.post.language for each in result.moved_most} == {"en"}
    assert result.language_note == "1 of 3 posts is not in English and was left out."


@pytest.mark.parametrize(
    ("read", "others", "reason"),
    [
        (0, 1, "None of 1 post is in English, which is what the model reads: "),
        (0, 60, "None of 60 posts is in English, which is what the model reads: "),
        (1, 9, "Only 1 of 10 posts is in English, which is what the model reads: "),
        (3, 57, "Only 3 of 60 posts are in English, which is what the model reads: "),
    ],
)
def test_if_too_few_posts_are_in_english_there_is_no_mood_and_the_reason_says_it(
    read: int, others: int, reason: str
) -> None:
    result = result_of(in_languages(*["en"] * read, *["de"] * others))

    assert (result.mood, result.scores, result.confidence) == (None, None, None)
    assert result.moved_most == ()
    assert result.reason == f"{reason}that is too little to tell a mood by."


@pytest.mark.parametrize(
    ("read", "others"), [(1, 1), (3, 3), (5, 500)], ids=["half of two", "half of six", "enough"]
)
def test_enough_posts_in_english_or_half_of_all_give_a_mood(read: int, others: int) -> None:
    result = result_of(in_languages(*["en"] * read, *["de"] * others))

    assert (result.mood, result.reason) == (Mood.CHEERFUL, None)


def test_a_post_of_unknown_language_counts_by_the_language_detected_in_it() -> None:
    english, german = in_languages("und", "und")
    detected = replace(german, classification=replace(german.classification, language="de"))
    named = classified(post("3", language="en"), joy=1.0)
    named = replace(named, classification=replace(named.classification, language="de"))

    assert [each.readable for each in (english, detected, named)] == [True, False, True]
    assert result_of([english, detected, named]).not_english == 1


def test_the_classic_scoring_counts_posts_in_every_language() -> None:
    liked = Engagement(likes=3)
    items = [classified(post(engagement=liked, language="de"), sadness=1.0)]

    result = result_of(items, CLASSIC)

    assert result.mood is Mood.DEPRESSED
    assert result.language_note == (
        "1 of 1 post is not in English, which is what the model reads; "
        'the "classic" scoring counts them too.'
    )


def test_a_result_consists_of_json_values() -> None:
    items = [
        classified(post("1", language="en"), joy=1.0),
        classified(post("2", days_old=80, ownership=Ownership.SHARED), sadness=1.0),
    ]

    values = result_of(items).to_dict()

    assert json.loads(json.dumps(values)) == values
    assert type(values["mood"]) is str
    assert values["as_of"] == "2024-05-01T12:00:00+00:00"
    assert values["model"] == "tiny@1"
    assert values["happiest"]["text"] == "text of 1"
    assert values["moved_most"][0]["post_id"] == "1"


def test_a_result_stores_the_constants_used() -> None:
    own_rules = replace(WORKED, name="study", half_life_days=3.0)

    assert result_of([classified(joy=1.0)], own_rules).to_dict()["scoring"] == own_rules.to_dict()


@pytest.mark.parametrize(
    ("as_of", "ages", "expected"),
    [("now", [9], NOW), ("newest", [9, 4, 7], NOW - timedelta(days=4)), ("newest", [], NOW)],
)
def test_as_of_is_now_or_the_time_of_the_newest_post(
    as_of: str, ages: list[int], expected: datetime
) -> None:
    items = [classified(post(str(days), days_old=days), joy=1.0) for days in ages]

    assert resolve_as_of(as_of, items, NOW) == expected


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2020-02-29T12:30:00Z", datetime(2020, 2, 29, 12, 30, tzinfo=UTC)),
        ("2020-02-29T12:30:00+02:00", datetime(2020, 2, 29, 10, 30, tzinfo=UTC)),
        ("2020-02-29T12:30:00", datetime(2020, 2, 29, 12, 30, tzinfo=UTC)),
        ("2020-02-29", datetime(2020, 2, 29, tzinfo=UTC)),
    ],
)
def test_as_of_may_be_an_iso_time_with_or_without_zone(as_of: str, expected: datetime) -> None:
    moment = resolve_as_of(as_of, [], NOW)

    assert moment == expected
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "as_of", ["", "yesterday", "NOW", "2023-02-29", "0001-01-01T00:00:00+02:00", "1714564800"]
)
def test_anything_else_as_of_is_refused_in_plain_words(as_of: str) -> None:
    with pytest.raises(InvalidAsOfError, match='as_of is "now", "newest" or a time such as'):
        resolve_as_of(as_of, [], NOW)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (
            [
                classified(post("1"), joy=0.5, neutral=0.5),
                classified(post("2"), joy=0.7, neutral=0.3),
                classified(post("3", ownership=Ownership.SHARED), joy=0.9, neutral=0.1),
            ],
            ("2", 0.7),
        ),
        (
            [
                classified(post("ironic"), joy=0.9, neutral=0.1, irony=1.0),  # 0.9 * (1 - 0.5)
                classified(post("plain"), joy=0.6, neutral=0.4),
            ],
            ("plain", 0.6),
        ),
        ([classified(post(str(days), days_old=days), joy=0.7) for days in (2, 1, 3)], ("1", 0.7)),
        ([classified(post(ownership=Ownership.LIKED), joy=1.0)], None),
    ],
    ids=["own", "after the irony shift", "the newer of equals", "none without own posts"],
)
def test_the_happiest_post_is_the_own_one_with_most_joy(
    items: list[ClassifiedPost], expected: tuple[str, float] | None
) -> None:
    found = result_of(items).happiest

    assert (found and (found.post.post_id, found.probability)) == expected


def test_the_saddest_post_is_shown_with_its_text_and_time() -> None:
    found = result_of([classified(post("7"), sadness=0.6)]).saddest

    assert found is not None
    assert found.to_dict() == {
        "post_id": "7",
        "text": "text of 7",
        "created_at": "2024-05-01T12:00:00+00:00",
        "emotion": "sadness",
        "probability": 0.6,
    }


def test_of_posts_that_moved_as_much_but_for_rounding_the_newer_comes_first() -> None:
    items = [classified(post("old", days_old=9), joy=1.0), classified(post("new"), joy=1.0)]

    moved = moved_most(items, [emotions(joy=1.0)] * 2, [0.1 + 0.2, 0.3], WORKED)

    assert [each.post.post_id for each in moved] == ["new", "old"]


def test_the_posts_that_moved_most_are_those_of_the_largest_share_times_balance() -> None:
    probabilities = [
        emotions(joy=0.6, sadness=0.4),  # share 0.5 * 0.2 = 0.1
        emotions(sadness=0.8, joy=0.2),  # share 0.3 * -0.6 = -0.18
        emotions(joy=0.9, neutral=0.1),  # share 0.2 * 0.9 = 0.18 - a shade, see weights
    ]
    items = [classified(post(name)) for name in ("even", "heavy", "light")]

    moved = moved_most(items, probabilities, [5.0, 3.0, 2.0 - 1e-6], WORKED)

    assert [(each.post.post_id, each.direction) for each in moved] == [
        ("heavy", "negative"),
        ("light", "positive"),
        ("even", "positive"),
    ]
    assert [each.contribution for each in moved] == pytest.approx([-0.18, 0.18, 0.1], abs=1e-6)
    assert [each.weight_share for each in moved] == pytest.approx([0.3, 0.2, 0.5], abs=1e-6)


def test_all_contributions_add_up_to_the_balance_of_the_result() -> None:
    probabilities = [emotions(joy=0.6, sadness=0.4), emotions(anger=0.9, love=0.1)]
    items = [classified(post("1")), classified(post("2"))]

    moved = moved_most(items, probabilities, [1.0, 3.0], WORKED)

    # 0.25 * 0.2 + 0.75 * -0.8
    assert sum(each.contribution for each in moved) == pytest.approx(-0.55)


def test_no_more_posts_are_named_than_asked_for_and_the_newer_of_equals_comes_first() -> None:
    items = [classified(post(str(days), days_old=days)) for days in (3, 1, 2, 9, 8, 7)]

    moved = moved_most(items, [emotions(joy=1.0)] * 6, [1.0] * 6, WORKED)

    assert [each.post.post_id for each in moved] == ["1", "2", "3", "7", "8"]


def test_posts_that_moved_nothing_are_left_out() -> None:
    items = [classified(post("weightless")), classified(post("even")), classified(post("moves"))]
    probabilities = [emotions(joy=1.0), emotions(joy=0.5, sadness=0.5), emotions(joy=1.0)]

    moved = moved_most(items, probabilities, [0.0, 1.0, 1.0], WORKED)

    assert [each.post.post_id for each in moved] == ["moves"]


@pytest.mark.parametrize(
    ("count", "neutral", "there"),
    [(1, 0, "there is 1"), (0, 4, "there is none"), (2, 5, "there are 2")],
)
def test_too_few_posts_with_a_feeling_give_no_mood_and_the_reason_says_what_would_help(
    count: int, neutral: int, there: str
) -> None:
    items = [classified(post(f"j{n}"), joy=0.9, neutral=0.1) for n in range(count)]
    items += [classified(post(f"n{n}"), neutral=0.9, joy=0.1) for n in range(neutral)]

    result = result_of(items, WORKED)

    assert (result.mood, result.summary, result.why, result.confidence) == (None,) * 4
    assert (result.feeling_posts, result.moved_most) == (count, ())
    assert result.reason == (
        f"3 posts with feeling in them are needed, {there}. More posts, or posts that say more of"
        " how it was, would help."
    )


def test_the_same_post_three_times_is_not_three_posts_with_a_feeling() -> None:
    copies = [
        replace(classified(replace(post(), post_id=name)), classification=said(joy=1.0))
        for name in "abc"
    ]

    assert result_of(copies, WORKED).feeling_posts == 1
    assert result_of(copies, WORKED).mood is None


def days_of(count: int, start: int = 0, **feelings: float) -> list[ClassifiedPost]:
    return [classified(post(f"{start + n}", days_old=n / 24), **feelings) for n in range(count)]


def confidence_in(*groups: list[ClassifiedPost]) -> float:
    found = result_of([item for group in groups for item in group], DEFAULT).confidence
    assert found is not None
    return found


@pytest.mark.parametrize("count", [2, 5, 10, 25, 100])
def test_as_many_lighter_as_heavier_posts_give_low_confidence_however_many(count: int) -> None:
    tie = confidence_in(days_of(count, joy=0.9), days_of(count, start=500, sadness=0.9))
    near = confidence_in(days_of(count + 1, joy=0.9), days_of(count, start=500, sadness=0.9))

    assert tie < 0.7
    assert near < 0.75


def test_a_few_posts_with_a_feeling_among_many_neutral_ones_give_low_confidence() -> None:
    alone = confidence_in(days_of(3, joy=0.9))
    among_some = confidence_in(days_of(3, joy=0.9), days_of(10, start=500, neutral=1.0))
    among_many = confidence_in(days_of(3, joy=0.9), days_of(200, start=500, neutral=1.0))

    assert alone > among_some > among_many
    assert among_many < 0.6


def test_more_posts_that_say_the_same_give_more_confidence() -> None:
    sure = [confidence_in(days_of(count, joy=0.9)) for count in (3, 5, 10, 20)]

    assert sure == sorted(sure)
    assert sure[-1] > sure[0] + 0.05


@pytest.mark.parametrize(
    ("mood", "confidence", "words"),
    [
        (Mood.CHEERFUL, 0.9996, "confidence 99% that heavier feelings do not set the tone"),
        (Mood.SATISFIED, 0.5, "confidence 50% that heavier feelings do not set the tone"),
        (Mood.STRESSED, 0.5, "confidence 50% that heavier feelings set the tone"),
        ("Depressed", 1.0, "confidence 99% that heavier feelings set the tone"),
        (None, None, None),
    ],
)
def test_the_words_of_confidence_say_what_it_is_about_and_never_certainty(
    mood: str | None, confidence: float | None, words: str | None
) -> None:
    assert confidence_words(mood, confidence) == words


def test_copies_of_a_post_take_one_place_among_those_that_moved_most() -> None:
    copies = [
        classified(replace(post("0"), post_id=f"copy{n}", text="again"), joy=0.9) for n in range(50)
    ]

    moved = result_of([*copies, *days_of(3, start=1, sadness=0.9)]).moved_most

    assert [each.post.text for each in moved] == ["again", "text of 1", "text of 2", "text of 3"]


def test_a_text_posted_fifty_times_gives_less_confidence_than_three_different_ones() -> None:
    repeated = [replace(item, post=replace(item.post, text="again")) for item in days_of(50, joy=1)]

    repeats = result_of(repeated, DEFAULT)

    assert repeats.mood is Mood.CHEERFUL
    assert repeats.feeling_posts == 50
    assert repeats.confidence is not None
    assert repeats.confidence < confidence_in(days_of(3, joy=1))
