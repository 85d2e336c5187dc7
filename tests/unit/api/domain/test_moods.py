"""The rules that turn scores into a mood, at and around each boundary."""

import pytest

from api.domain.moods import OPPOSITE, SUMMARIES, Mood, mood_of
from api.domain.scoring import DEFAULT
from tests.support.posts import emotions


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
    ],
    ids=["mostly sad and afraid", "anger leads", "mostly light", "a little lighter", "no feeling"],
)
def test_scores_have_a_mood(scores: dict[str, float], expected: Mood) -> None:
    assert mood_of(scores, DEFAULT) is expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (emotions(joy=0.5, sadness=0.5), Mood.SATISFIED),  # a tie is not heavy
        (emotions(joy=0.499, sadness=0.501), Mood.DEPRESSED),
        (emotions(joy=0.501, sadness=0.499), Mood.SATISFIED),
        # 0.1 + 0.2 is 0.30000000000000004 as a float: rounding makes no tie heavy
        (emotions(fear=0.1, sadness=0.2, joy=0.3, neutral=0.4), Mood.SATISFIED),
    ],
)
def test_only_more_negativity_than_positivity_is_heavy(
    scores: dict[str, float], expected: Mood
) -> None:
    assert mood_of(scores, DEFAULT) is expected


@pytest.mark.parametrize(
    ("anger", "expected"),
    [
        (0.3, Mood.DEPRESSED),  # 2 * 0.3 = 0.6 is a tie with 0.25 + 0.35
        (0.301, Mood.STRESSED),
        (0.299, Mood.DEPRESSED),
    ],
)
def test_only_twice_the_anger_above_fear_and_sadness_is_stressed(
    anger: float, expected: Mood
) -> None:
    assert mood_of(emotions(anger=anger, fear=0.25, sadness=0.35), DEFAULT) is expected


@pytest.mark.parametrize(
    ("joy", "expected"),
    [
        (0.6, Mood.CHEERFUL),  # 1.5 * 0.4 is 0.6, though 0.6000000000000001 as a float
        (0.601, Mood.CHEERFUL),
        (0.599, Mood.SATISFIED),
    ],
)
def test_one_and_a_half_times_the_negativity_is_cheerful(joy: float, expected: Mood) -> None:
    assert mood_of(emotions(joy=joy, sadness=0.4), DEFAULT) is expected


def test_each_mood_has_an_opposite() -> None:
    assert OPPOSITE == {
        Mood.DEPRESSED: Mood.CHEERFUL,
        Mood.CHEERFUL: Mood.DEPRESSED,
        Mood.STRESSED: Mood.SATISFIED,
        Mood.SATISFIED: Mood.STRESSED,
    }


@pytest.mark.parametrize("mood", list(Mood))
def test_every_summary_speaks_of_posts_and_diagnoses_nobody(mood: Mood) -> None:
    summary = SUMMARIES[mood].lower()

    assert summary.startswith("your posts")
    assert not [
        word
        for word in ("depress", "anxi", "disorder", "symptom", "ill", "patient", "you are")
        if word in summary.split() or (len(word) > 4 and word in summary)
    ]
