"""Fits of the constants of mood: the same rule as the product's, and decisions beyond noise."""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from api.domain.analyses import Analysis, AnalysisRequest, Progress
from api.domain.mood.confidence import Evidence, calibrated
from api.domain.mood.results import mood_result
from api.domain.mood.scoring import DEFAULT, ScoringConfig, config_of
from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Post
from api.stores.sqlite import SqliteStore
from export.coefficients.__main__ import main
from export.coefficients.agreement import (
    composite,
    confusion,
    drawn_people,
    folds_of,
    following,
    macro_f1,
    own_moods,
    resampled_macro_f1,
)
from export.coefficients.decision import (
    compared_borders,
    compared_half_lives,
    compared_weights,
    held_out,
    kept,
)
from export.coefficients.evidence import EvidenceRow, least_feeling_posts
from export.coefficients.findings import findings
from export.coefficients.fitting import DECIDED, UNFITTED, fitted_half_life, fitted_weights
from export.coefficients.ironic_posts import irony_rows
from export.coefficients.product_feedback import feedback_windows, open_feedback
from export.coefficients.rated_windows import (
    MOODS,
    Person,
    RatedWindows,
    moods,
    sides,
    windows_of,
)
from export.coefficients.report import render, write_plot
from export.coefficients.sampled_moods import sample_moods
from export.coefficients.self_rated import read_self_rated
from export.errors import DataError
from tests.support.export.sets import write

START = datetime(2024, 3, 1, tzinfo=UTC)
SURPRISE_IS_HEAVY = {
    **dict.fromkeys(("joy", "love"), 2.0),
    **dict.fromkeys(("anger", "fear", "sadness", "surprise"), -2.0),
}


def post(at: datetime, number: int, irony: float = 0.0, **scores: float) -> ClassifiedPost:
    full = dict.fromkeys(EMOTIONS, 0.0) | scores
    label = max(full, key=lambda name: full[name])
    return ClassifiedPost(
        Post(f"{number:06}", f"text {number}", at), Classification(label, full, irony, 3, False)
    )


def numbers(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - invented ratings, not a secret


def random_people(count: int, seed: int = 3) -> list[Person]:
    """People whose posts have random emotions, times and ratings."""
    source = numbers(seed)
    people = []
    for _ in range(count):
        at, posts, said = START, [], []
        for number in range(source.randint(2, 9)):
            at += timedelta(hours=source.uniform(0.1, 400))
            drawn = [source.gammavariate(0.6, 1) + 1e-9 for _ in EMOTIONS]
            scores = {name: value / sum(drawn) for name, value in zip(EMOTIONS, drawn, strict=True)}
            posts.append(post(at, number, source.random(), **scores))
            said.append((at, float(source.randint(-2, 2)), float(source.randint(0, 2))))
        people.append(Person(posts, said))
    return people


def people_who_mean(
    count: int, weights: dict[str, float], *, noise: float = 0.0, seed: int = 5
) -> list[Person]:
    """People whose valence is the sum of weight * probability of each post, plus noise."""
    source = numbers(seed)
    people = []
    for _ in range(count):
        posts, said = [], []
        for number in range(12):
            at = START + timedelta(days=number)
            drawn = [source.gammavariate(0.4, 1) + 1e-9 for _ in EMOTIONS]
            scores = {name: value / sum(drawn) for name, value in zip(EMOTIONS, drawn, strict=True)}
            valence = sum(weights.get(name, 0.0) * scores[name] for name in EMOTIONS)
            posts.append(post(at, number, source.random(), **scores))
            said.append((at, valence + source.gauss(0, noise), float(source.randint(0, 2))))
        people.append(Person(posts, said))
    return people


@pytest.mark.parametrize(
    "config",
    [
        DEFAULT,
        replace(DEFAULT, irony_share=0.9, half_life_days=2.0, heavy_factor=1.3),
        replace(DEFAULT, surprise_valence=-0.5, anger_valence=-1.5, anger_factor=3.0),
        replace(DEFAULT, surprise_valence=0.0, joy_valence=0.4, cheerful_factor=4.0),
    ],
)
def test_moods_in_arrays_are_those_of_the_product(config: ScoringConfig) -> None:
    people = random_people(8)
    windows = windows_of(people, rated_posts=True)

    emotions = windows.emotions(config)
    positive, negative = sides(emotions, config)
    given = moods(emotions, config)

    row = 0
    for person in people:
        for end in range(1, len(person.posts) + 1):
            counted = person.posts[:end]
            at = counted[-1].post.created_at
            result = mood_result(
                counted, as_of=at, now=at, config=replace(config, least_feeling_posts=0), model="m"
            )
            assert result.scores is not None
            assert emotions[row] == pytest.approx([result.scores[name] for name in EMOTIONS])
            assert (positive[row], negative[row]) == pytest.approx(
                (result.positivity, result.negativity)
            )
            assert MOODS[given[row]] is result.mood
            row += 1
    assert row == len(windows.person)


def test_an_answer_about_a_whole_timeline_counts_the_posts_up_to_its_time() -> None:
    posts = [post(START + timedelta(days=day), day, joy=1.0 - day / 10) for day in range(5)]
    asked = START + timedelta(days=2, hours=5)

    windows = windows_of([Person(posts, [(asked, 1.0, 0.0)])], rated_posts=False)

    assert windows.posts_counted.tolist() == [3]
    later = asked + timedelta(days=9)
    result = mood_result(posts, as_of=asked, now=later, config=DEFAULT, model="m")
    assert result.scores is not None
    assert windows.emotions(DEFAULT)[0] == pytest.approx([result.scores[e] for e in EMOTIONS])
    assert windows.own(14.0)[0].tolist() == [1.0]


def test_a_post_that_its_writer_corrected_counts_as_corrected() -> None:
    posts = [post(START + timedelta(hours=hour), hour, joy=0.9, sadness=0.1) for hour in range(4)]
    corrected = [replace(item, correction="sadness") for item in posts]
    at = posts[-1].post.created_at
    people = [Person(corrected, [(at, -1.0, 0.0)])]

    windows = windows_of(people, rated_posts=False)
    samples = sample_moods(windows, DEFAULT)

    result = mood_result(corrected, as_of=at, now=at, config=DEFAULT, model="m")
    assert result.scores is not None
    assert windows.emotions(DEFAULT)[0] == pytest.approx([result.scores[e] for e in EMOTIONS])
    assert samples.right.all()


def test_samples_have_the_evidence_and_the_posts_with_a_feeling_that_are_served() -> None:
    again, told = "rain again", "said before it was corrected"
    days = (0, 2, 4, 5, 7)
    posts = [
        replace(item, post=replace(item.post, text=text))
        for item, text in zip(
            [
                post(START + timedelta(days=day), number, sadness=0.5 + number / 20, joy=0.3)
                for number, day in enumerate(days)
            ],
            [again, again, again, told, "a calm evening"],
            strict=True,
        )
    ]
    corrected = replace(posts[3], correction="joy")
    copy = replace(posts[3], post=replace(posts[3].post, post_id="000003b"))
    timeline = [*posts[:3], corrected, copy]
    at = timeline[-1].post.created_at

    samples = sample_moods(
        windows_of([Person(timeline, [(at, -1.0, 0.0)])], rated_posts=False), DEFAULT
    )

    result = mood_result(timeline, as_of=at, now=at, config=DEFAULT, model="m")
    assert (samples.size[-1], result.posts["total"]) == (5, 5)
    assert samples.with_feeling[-1] == result.feeling_posts == 4
    assert samples.confidence(DEFAULT)[-1] == pytest.approx(result.confidence)


def test_the_composite_joins_between_and_within_by_fisher() -> None:
    person = np.repeat([0, 1, 2], 4)
    ratings = np.array([0, 1, 2, 3, 4, 5, 4, 5, 1, 0, 1, 2], dtype=float)
    scores = np.array([1, 0, 2, 3, 5, 5, 3, 4, 0, 1, 1, 3], dtype=float)

    found = composite(person, scores, ratings)

    within = np.mean(
        [np.corrcoef(scores[person == k], ratings[person == k])[0, 1] for k in range(3)]
    )
    means = [[values[person == k].mean() for k in range(3)] for values in (scores, ratings)]
    between = np.corrcoef(*means)[0, 1]
    assert found == pytest.approx(
        np.tanh((np.arctanh(min(between, 0.999)) + np.arctanh(within)) / 2)
    )


def test_people_who_always_rate_the_same_count_between_people_only() -> None:
    person = np.array([0, 0, 1, 1, 2, 2])
    found = following(person, np.array([1.0, 2, 0, 1, 3, 4]), np.array([1.0, 1, 0, 1, 3, 5]))

    assert np.isnan(found.within).tolist() == [True, False, False]


def test_a_person_with_many_occasions_counts_like_one_with_few() -> None:
    own = np.array([0] * 9 + [3])
    person = np.array([0] * 9 + [1])

    counted = confusion(person, own, np.array([0] * 9 + [0])).sum(axis=0)

    assert counted[0, 0] == pytest.approx(1.0)
    assert counted[3, 0] == pytest.approx(1.0)
    assert macro_f1(counted) == pytest.approx((2 / 3) / 4)


def test_resampling_each_person_once_gives_the_figure_itself() -> None:
    source = np.random.default_rng(1)
    person = np.arange(40)
    counted = confusion(person, source.integers(0, 4, 40), source.integers(0, 4, 40))

    assert resampled_macro_f1(counted, person[None, :])[0] == pytest.approx(
        float(macro_f1(counted.sum(axis=0)))
    )


@pytest.mark.parametrize(
    ("valence", "arousal", "mood"),
    [(-0.1, 1.0, "Stressed"), (-2, 0.9, "Depressed"), (0, 1.2, "Cheerful"), (0, 0.2, "Satisfied")],
)
def test_own_ratings_amount_to_a_mood_by_quadrant(
    valence: float, arousal: float, mood: str
) -> None:
    number = own_moods(np.array([valence]), np.array([arousal]), 1.0)[0]

    assert MOODS[number].value == mood


def test_folds_are_of_people_and_no_person_is_judged_by_a_fit_of_their_own() -> None:
    windows = windows_of(random_people(23), rated_posts=True)
    seen: list[set[int]] = []

    def fit(part: RatedWindows) -> ScoringConfig:
        seen.append(set(part.person.tolist()))
        return DEFAULT

    def value(part: RatedWindows, _: ScoringConfig) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        assert not seen[-1] & set(part.person.tolist())
        return np.ones(len(part.person))

    assert held_out(windows, fit, value).all()
    assert len(seen) == 5
    assert sorted(np.bincount(folds_of(23)).tolist()) == [4, 4, 5, 5, 5]


def test_weights_that_people_mean_are_found() -> None:
    windows = windows_of(people_who_mean(30, SURPRISE_IS_HEAVY), rated_posts=True)

    config = fitted_weights(windows)

    assert config.surprise_valence < -0.8
    assert config.joy_valence > 0.8
    assert config.irony_share == 0.0


def test_ratings_that_say_nothing_leave_the_constants() -> None:
    windows = replace(windows_of(random_people(40), rated_posts=True), before_fit=UNFITTED)
    half_lives, half_life = compared_half_lives(windows)

    config = kept(windows, compared_weights(windows), half_life, compared_borders(windows))

    assert config == UNFITTED
    assert len(half_lives) > 5


def test_weights_that_win_beyond_noise_are_kept() -> None:
    windows = windows_of(people_who_mean(40, SURPRISE_IS_HEAVY, noise=0.2), rated_posts=True)
    compared = compared_weights(windows)
    _, half_life = compared_half_lives(windows)

    config = kept(windows, compared, half_life, compared_borders(windows))

    assert config.surprise_valence < 0
    assert any(one.wins for one in compared if one.name.endswith("cross-validated"))


def test_a_feeling_that_lasts_is_best_predicted_with_a_long_half_life() -> None:
    source = numbers(8)
    people = []
    for level in (source.uniform(0.1, 0.9) for _ in range(40)):
        posts, said = [], []
        for number in range(20):
            at = START + timedelta(days=number)
            joy = min(1.0, max(0.0, level + source.gauss(0, 0.3)))
            posts.append(post(at, number, joy=joy, sadness=1 - joy))
            said.append((at, 4 * level - 2, 1.0))
        people.append(Person(posts, said))

    assert fitted_half_life(windows_of(people, rated_posts=True)).half_life_days >= 7


def test_irony_makes_posts_heavier_and_the_report_counts_those_that_lean_as_a_reader_says() -> None:
    lament = post(START, 1, 1.0, joy=0.6, sadness=0.4).classification
    praise = post(START, 2, 0.5, joy=0.8, sadness=0.2).classification

    rows = irony_rows([lament], [praise], DEFAULT)

    at = {(one.share, one.sarcastic): one for one in rows}
    # The lament: 0.6 to 0.4, and at half 0.3 to 0.7. The praise: at 1, 0.4 to 0.6.
    assert (at[0.0, True].right, at[0.5, True].right) == (0, 1)
    assert (at[0.5, True].positivity, at[0.5, True].negativity) == pytest.approx((0.3, 0.7))
    assert (at[0.5, False].right, at[1.0, False].right) == (1, 0)


def row(least: int, most: int, gain: float) -> EvidenceRow:
    return EvidenceRow(least, most, 10, 0.7, 0.7, gain, (gain - 0.1, gain + 0.1))


def test_the_floor_is_above_the_last_number_of_posts_that_tells_no_more_than_a_guess() -> None:
    rows = [row(0, 0, -0.1), row(1, 1, 0.01), row(2, 2, -0.05), row(3, 3, 0.1), row(11, 50, -0.1)]

    assert least_feeling_posts(rows) == 3
    assert least_feeling_posts(rows[3:4]) == 0
    assert least_feeling_posts([row(2, 2, 9e-18), row(3, 3, 0.1)]) == 3  # rounding is no gain


def test_the_report_says_what_is_kept_and_its_constants_can_be_loaded(tmp_path: Path) -> None:
    windows = windows_of(people_who_mean(8, {"joy": 2.0, "sadness": -2.0}), rated_posts=True)

    found = findings(windows, "invented people", "a model")
    text = render(found, "plot.svg")
    write_plot(found, tmp_path / "plot.svg")

    assert "invented people: 8 people, 96 occasions" in text
    assert "Recommended constants" in text
    assert "</svg>" in (tmp_path / "plot.svg").read_text()
    assert ScoringConfig(**found.recommended.to_dict()).to_dict() == found.recommended.to_dict()
    assert 0 <= found.confidence[0].calibrated <= 1
    assert found.recommended.confidence_feeling_power > 0


def test_a_file_of_ratings_without_a_column_is_named_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    write(tmp_path / "more" / "self_rated_train.csv", "text,user_id,valence\na day,7,1\n")

    with pytest.raises(DataError, match=r"self_rated_train.csv: row 1: needs text, user_id"):
        read_self_rated(tmp_path)


def test_ratings_are_read_by_person_and_time(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    header = "text,user_id,timestamp,is_words,valence,arousal\n"
    rows = (
        "a calm day,4,2024-01-02 10:00:00,False,1,0\n"
        '"glad, calm",4,2024-01-01 10:00:00,True,2,1\n'
        "a bad day,3,2024-01-03 10:00:00,False,-2,2\n"
    )
    write(tmp_path / "more" / "self_rated_train.csv", header + rows)

    texts = read_self_rated(tmp_path)

    assert [one.text for one in texts] == ["a bad day", "glad, calm", "a calm day"]
    assert [one.words for one in texts] == [False, True, False]
    assert texts[0].valence == -2.0


def test_resamples_are_of_people_and_the_same_each_time() -> None:
    assert drawn_people(9).shape[1] == 9
    assert (drawn_people(9) == drawn_people(9)).all()


MOOD_POSTS = {
    "Cheerful": {"joy": 0.9, "sadness": 0.1},
    "Satisfied": {"neutral": 0.6, "joy": 0.4},
    "Depressed": {"sadness": 0.8, "neutral": 0.2},
    "Stressed": {"anger": 0.8, "neutral": 0.2},
}


def store_of_answers(
    path: Path,
    people: int,
    *,
    consent: bool = True,
    mood_posts: Mapping[str, dict[str, float]] = MOOD_POSTS,
) -> str:
    """A store in which each user has five classified posts and has named the mood of them."""
    store = SqliteStore(path)
    for number in range(people):
        user, analysis_id = f"user{number}", f"analysis{number}"
        mood = list(MOOD_POSTS)[number % 4]
        store.ensure_user(user, user, START)
        store.create_analysis(
            Analysis(analysis_id, AnalysisRequest(user), created_at=START), idempotency_key=None
        )
        items = [post(START + timedelta(days=day), day, **mood_posts[mood]) for day in range(5)]
        store.save_posts(user, [item.post for item in items], START)
        claimed = store.claim(
            analysis_id, owner="tests", now=START, until=START + timedelta(hours=1)
        )
        assert claimed is not None
        store.save_classifications(
            claimed[1], "m@1", [(item.post.post_id, item.classification) for item in items]
        )
        store.finish(
            claimed[1],
            at=START,
            progress=Progress(),
            mood=mood,
            result={"mood": mood, "as_of": (START + timedelta(days=3, hours=1)).isoformat()},
            hashtags=(),
        )
        store.add_feedback(analysis_id, mood, START)
        if consent:
            store.set_consent(user, START, training=True)
    store.close()
    return f"sqlite:///{path}"


def test_feedback_counts_the_posts_up_to_the_time_of_its_analysis(tmp_path: Path) -> None:
    store = open_feedback(store_of_answers(tmp_path / "moodline.db", 40))

    windows = feedback_windows(store)

    store.close()
    assert windows.people == 40
    assert set(windows.posts_counted.tolist()) == {4}
    valence, arousal = windows.own(14.0)
    assert valence[:4].tolist() == [1.0, 1.0, -1.0, -1.0]
    own = own_moods(valence, arousal, 1.0)
    assert [MOODS[number].value for number in own[:4]] == list(MOOD_POSTS)


def test_the_command_refits_to_feedback_and_writes_constants_that_the_service_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = store_of_answers(tmp_path / "moodline.db", 44)
    path = tmp_path / "scoring.json"

    status = main(["--store", url, "--scoring", str(path)])

    printed = capsys.readouterr().out
    assert status == 0
    assert "44 people, 44 occasions" in printed
    assert "text 1" not in printed
    assert config_of(json.loads(path.read_text())).name == "feedback"


def test_answers_that_posts_never_bear_out_move_no_floor_and_give_the_confidence_of_a_guess(
    tmp_path: Path,
) -> None:
    heavy, light = {"sadness": 0.9, "neutral": 0.1}, {"joy": 0.9, "neutral": 0.1}
    contrary = {"Cheerful": heavy, "Satisfied": heavy, "Depressed": light, "Stressed": light}
    url = store_of_answers(tmp_path / "moodline.db", 44, mood_posts=contrary)
    path, report = tmp_path / "scoring.json", tmp_path / "report.md"

    status = main(["--store", url, "--scoring", str(path), "--report", str(report)])

    assert status == 0
    config = config_of(json.loads(path.read_text()))
    assert config.least_feeling_posts == DEFAULT.least_feeling_posts
    assert calibrated(Evidence(1.0, 5.0, 1.0), config) < 0.6
    assert "No number of posts tells more than a guess here" in report.read_text()


def test_answers_about_posts_without_a_feeling_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    neutral = {mood: {"neutral": 0.9, "joy": 0.1} for mood in MOOD_POSTS}
    url = store_of_answers(tmp_path / "moodline.db", 44, mood_posts=neutral)

    assert main(["--store", url]) == 1

    assert "nobody has 3 posts with a feeling in them" in capsys.readouterr().err


@pytest.mark.parametrize(("people", "consent"), [(39, True), (44, False)])
def test_few_answers_or_none_by_consent_are_refused(
    tmp_path: Path, people: int, consent: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    url = store_of_answers(tmp_path / "moodline.db", people, consent=consent)

    assert main(["--store", url]) == 1

    assert "a fit needs 40" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_named_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nothing.db"

    assert main(["--store", f"sqlite:///{path}"]) == 1

    assert str(path) in capsys.readouterr().err
    assert not path.exists()


def test_the_default_has_the_constants_that_the_report_recommends() -> None:
    report = Path("export/COEFFICIENTS.md").read_text(encoding="utf-8")
    line = next(each for each in report.splitlines() if each.startswith("Recommended constants: "))
    reported = dict(re.findall(r"(\w+) (-?[\d.]+) \(was", line))
    floor = re.search(r"^Floor: (\d+) posts", report, re.MULTILINE)
    assert floor is not None

    expected = {name: getattr(UNFITTED, name) for name in DECIDED}
    expected |= {name: float(value) for name, value in reported.items()}
    expected["least_feeling_posts"] = int(floor[1])

    assert {name: getattr(DEFAULT, name) for name in DECIDED} == expected
    assert "confidence_slope" in reported


def test_a_fit_to_own_ratings_starts_from_the_original_rule_whatever_the_default_is() -> None:
    names = ("heavy_factor", "anger_factor", "cheerful_factor", "irony_share", "half_life_days")

    assert [getattr(UNFITTED, name) for name in names] == [1.0, 2.0, 1.5, 0.5, 14.0]
