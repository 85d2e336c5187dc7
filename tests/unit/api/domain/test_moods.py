"""The rules that turn scores into a mood, at and around each boundary."""

from dataclasses import replace

import pytest

from api.domain.mood.moods import LABELS, OPPOSITE, SUMMARIES, Mood, labelled, mood_of
from tests.support.posts import WORKED, emotions


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        # negativity 0.7 > positivity 0.1; 2 * 0.1 = 0.2 is not above 0.2 + 0.4
        (emotions(anger=0.1, fear=0.2, sadness=0.4, joy=0.1, neutral=0.2), Mood.DEPRESSED),
        # negativity 0.7 > positivity 0.1; 2 * 0.4 = 0.8 > 0.1 + 0.2
        (emotions(anger=0.4, fear=0.1, sadness=0.2, joy=0.1, neutral=0.2), Mood.STRESSED),
        # positivity 0.6 >= 1.5 * 0.2
        (emotions(joy=0.3, love=0.2, surprise=0.1, sadness=0.2, neutral=0.2), Mood.CHEERFUL),
        # negativity 0.4 is not above positivity 0.5, which is below 1.5 * 0.4 = 0.6
        (emotions(joy=0.5, sadness=0.4, neutral=0.1), Mood.SATISFIED),
        # positivity 0 >= 1.5 * 0, as the rule stands; a softmax is never exactly there
        (emotions(neutral=1.0), Mood.CHEERFUL),
        # only more negativity than positivity is heavy: a tie is not
        (emotions(joy=0.5, sadness=0.5), Mood.SATISFIED),
        (emotions(joy=0.499, sadness=0.501), Mood.DEPRESSED),
        (emotions(joy=0.501, sadness=0.499), Mood.SATISFIED),
        # 0.1 + 0.2 is 0.30000000000000004 as a float: rounding makes no tie heavy
        (emotions(fear=0.1, sadness=0.2, joy=0.3, neutral=0.4), Mood.SATISFIED),
        # only twice the anger above fear and sadness is stressed: 2 * 0.3 is a tie with 0.25 + 0.35
        (emotions(anger=0.3, fear=0.25, sadness=0.35), Mood.DEPRESSED),
        (emotions(anger=0.301, fear=0.25, sadness=0.35), Mood.STRESSED),
        (emotions(anger=0.299, fear=0.25, sadness=0.35), Mood.DEPRESSED),
        # cheerful from one and a half times the negativity, which is 0.6000000000000001 as a float
        (emotions(joy=0.6, sadness=0.4), Mood.CHEERFUL),
        (emotions(joy=0.601, sadness=0.4), Mood.CHEERFUL),
        (emotions(joy=0.599, sadness=0.4), Mood.SATISFIED),
    ],
)
def test_scores_have_a_mood(scores: dict[str, float], expected: Mood) -> None:
    assert mood_of(scores, WORKED) is expected


def test_a_heavy_mood_takes_more_than_the_heavy_factor_times_the_lighter_feelings() -> None:
    scores, lenient = emotions(joy=0.4, sadness=0.6), replace(WORKED, heavy_factor=1.5)

    assert mood_of(scores, WORKED) is Mood.DEPRESSED
    assert mood_of(scores, lenient) is Mood.SATISFIED  # 0.6 is a tie with 1.5 * 0.4


def test_each_mood_has_an_opposite() -> None:
    assert OPPOSITE == {
        Mood.DEPRESSED: Mood.CHEERFUL,
        Mood.CHEERFUL: Mood.DEPRESSED,
        Mood.STRESSED: Mood.SATISFIED,
        Mood.SATISFIED: Mood.STRESSED,
    }


@pytest.mark.parametrize("mood", list(Mood))
def test_every_mood_has_a_label_of_its_own_that_its_summary_says(mood: Mood) -> None:
    assert len(set(LABELS.values())) == len(LABELS) == len(Mood)
    assert mood.label.lower() in SUMMARIES[mood].split(":")[0].split()


def test_a_label_stands_after_the_mood_that_it_is_for() -> None:
    values = labelled({"posts": 3, "mood": "Stressed", "scores": None})

    assert list(values) == ["posts", "mood", "label", "scores"]
    assert values["label"] == "Tense"


def test_without_a_mood_the_label_is_null_whatever_stood_there() -> None:
    assert labelled({"mood": None}) == {"mood": None, "label": None}


@pytest.mark.parametrize("mood", list(Mood))
def test_every_summary_speaks_of_posts_and_diagnoses_nobody(mood: Mood) -> None:
    summary = SUMMARIES[mood].lower()

    assert summary.startswith("your posts")
    assert not [
        word
        for word in ("depress", "anxi", "disorder", "symptom", "ill", "patient", "you are")
        if word in summary.split() or (len(word) > 4 and word in summary)
    ]
