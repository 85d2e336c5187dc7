"""Patterns: what posts that are lighter or heavier have in common, and what is chance."""

import csv
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.domain.mood.patterns import LEAST_POSTS, Group, Patterns, patterns
from api.domain.mood.scoring import DEFAULT
from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Ownership, Post

MONDAY = datetime(2026, 2, 2, 10, tzinfo=UTC)
TIMELINE = Path(os.environ.get("MOODLINE_DATA", "../shared/data")) / "timelines" / "BarackObama.csv"
NAMES = (
    "apple", "bridge", "candle", "dragon", "engine", "forest", "guitar", "harbour", "island",
    "jacket", "kettle", "ladder",
)  # fmt: skip
LIGHT, HEAVY, NEITHER = "joy", "sadness", "neutral"


def felt(
    number: int,
    emotion: str,
    text: str,
    at: datetime = MONDAY,
    ownership: Ownership = Ownership.OWN,
    hashtags: tuple[str, ...] = (),
    language: str | None = None,
) -> ClassifiedPost:
    scores = dict.fromkeys(EMOTIONS, 0.04)
    scores[emotion] = 0.76
    post = Post(str(number), text, at, ownership, language=language, hashtags=hashtags)
    return ClassifiedPost(post, Classification(emotion, scores, 0.0, 5, truncated=False))


def of(*posts: ClassifiedPost, zone: str = "UTC") -> Patterns:
    return patterns(posts, ZoneInfo(zone), DEFAULT)


def mixed(count: int, seed: int = 1) -> Iterator[ClassifiedPost]:
    """Posts of random feeling and random words, which have nothing to do with each other."""
    chosen = random.Random(seed)  # noqa: S311  no secret
    for number in range(count):
        words = " ".join(chosen.sample(NAMES, 3))
        emotion = chosen.choice((LIGHT, HEAVY, NEITHER, NEITHER))
        yield felt(
            number,
            emotion,
            f"{words} n{number}",
            MONDAY + timedelta(hours=number),
            hashtags=(words[0],),
        )


def named(groups: tuple[Group, ...], name: str) -> Group:
    (found,) = (group for group in groups if group.name == name)
    return found


def test_no_posts_have_no_patterns() -> None:
    found = of()

    assert (found.posts, found.balance) == (0, None)
    assert [len(each) for each in (found.weekdays, found.hours, found.ownership)] == [7, 24, 3]
    assert found.words.light == found.words.heavy == found.hashtags.light == ()


def test_a_word_of_heavy_posts_and_one_of_light_ones_are_found_with_their_figures() -> None:
    base = list(mixed(200))
    mine = [felt(1_000 + n, HEAVY, f"The deadline again x{n}") for n in range(12)]
    yours = [felt(2_000 + n, LIGHT, f"In the garden, x{n}!") for n in range(12)]

    found = of(*base, *mine, *yours)

    (deadline,), (garden,) = found.words.heavy, found.words.light
    assert (deadline.word, deadline.posts, garden.word, garden.posts) == (
        "deadline",
        12,
        "garden",
        12,
    )
    assert deadline.balance == pytest.approx((0.04 * 3) - (0.76 + 0.04 * 2))
    assert found.balance is not None
    assert deadline.difference == pytest.approx(deadline.balance - found.balance)
    assert deadline.example == "1000"


def test_a_hashtag_is_found_among_hashtags_and_not_among_words() -> None:
    mine = [felt(1_000 + n, HEAVY, f"#Monday x{n}", hashtags=("monday",)) for n in range(12)]

    found = of(*mixed(200), *mine)

    assert [each.word for each in found.hashtags.heavy] == ["monday"]
    assert found.words.heavy == ()


def test_words_in_too_few_posts_are_left_out_however_heavy() -> None:
    rare = [felt(1_000 + n, HEAVY, f"deadline x{n}") for n in range(LEAST_POSTS - 1)]

    found = of(*(felt(n, LIGHT, f"n{n}") for n in range(500)), *rare)

    assert found.words.heavy == ()


def test_a_few_heavy_posts_among_many_light_ones_are_not_taken_for_a_pattern_of_their_word() -> (
    None
):
    # Two of five heavy, where one in ten is: a t-test finds that beyond chance.
    light = [felt(n, HEAVY if n % 10 == 0 else LIGHT, f"n{n}") for n in range(300)]
    word = [felt(1_000 + n, HEAVY if n < 2 else LIGHT, f"kettle x{n}") for n in range(5)]

    assert of(*light, *word).words.heavy == ()


def test_posts_whose_words_say_nothing_hardly_ever_show_a_word() -> None:
    shown = 0
    for seed in range(40):
        found = of(*mixed(150, seed))
        every = (found.words, found.hashtags)
        shown += any(each.light or each.heavy for each in every)

    assert shown <= 4


def test_the_same_text_posted_again_and_again_counts_once_for_its_words() -> None:
    again = [felt(1_000 + n, HEAVY, "deadline", MONDAY + timedelta(days=n)) for n in range(30)]

    found = of(*mixed(200), *again)

    assert found.posts == 230
    assert found.words.heavy == ()


def test_a_corrected_post_counts_as_what_it_was_corrected_to() -> None:
    posts = [replace(felt(n, HEAVY, f"n{n}"), correction=LIGHT) for n in range(LEAST_POSTS)]

    monday = named(of(*posts).weekdays, "Monday")

    assert (monday.positivity, monday.negativity) == (1, 0)


def test_copies_and_posts_in_languages_that_are_not_read_are_left_out() -> None:
    copies = [felt(n, LIGHT, "a copy") for n in range(9)]
    german = [felt(100 + n, HEAVY, f"x{n}", language="de") for n in range(9)]

    found = of(*copies, *german)

    assert found.posts == 1
    assert found.balance is not None
    assert found.balance > 0


def test_weekday_and_hour_are_by_the_clocks_of_the_zone_also_when_they_change() -> None:
    # 29 March 2026: in Berlin 1:00 UTC is 3:00, an hour before it is 1:00.
    before, after = datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)
    late = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)

    found = of(
        felt(1, LIGHT, "a", before), felt(2, LIGHT, "b", after), felt(3, LIGHT, "c", late),
        zone="Europe/Berlin",
    )  # fmt: skip

    counts = {each.name: each.posts for each in (*found.hours, *found.weekdays) if each.posts}
    assert counts == {"01": 1, "03": 1, "00": 1, "Sunday": 2, "Monday": 1}


def test_groups_of_too_few_posts_have_a_number_and_no_figures() -> None:
    few = [felt(n, LIGHT, f"n{n}") for n in range(LEAST_POSTS - 1)]

    monday = named(of(*few).weekdays, "Monday")
    enough = named(of(*few, felt(99, LIGHT, "more")).weekdays, "Monday")

    assert monday == Group("Monday", LEAST_POSTS - 1, None, None, None, beyond_chance=False)
    assert enough.scores is not None
    assert enough.scores["joy"] == pytest.approx(0.76)
    assert enough.positivity == pytest.approx(0.76 + 0.04 * 2)


def test_a_heavy_weekday_is_beyond_chance_and_an_even_week_is_not() -> None:
    even = [felt(n, (LIGHT, HEAVY)[n % 2], f"n{n}", MONDAY + timedelta(days=n)) for n in range(210)]
    heavy = [
        felt(n, HEAVY if n % 7 == 0 else LIGHT, f"n{n}", MONDAY + timedelta(days=n))
        for n in range(210)
    ]

    assert not any(each.beyond_chance for each in of(*even).weekdays)
    assert named(of(*heavy).weekdays, "Monday").beyond_chance


def test_liked_posts_have_an_ownership_but_no_weekday_or_hour_of_the_user() -> None:
    found = of(
        *(felt(n, LIGHT, f"n{n}", ownership=list(Ownership)[n % 3]) for n in range(30)),
    )

    assert [(each.name, each.posts) for each in found.ownership] == [
        ("own", 10), ("shared", 10), ("liked", 10),
    ]  # fmt: skip
    assert sum(each.posts for each in found.weekdays) == 20
    assert sum(each.posts for each in found.hours) == 20


def test_the_order_of_the_posts_changes_nothing_but_the_examples() -> None:
    posts = [*mixed(100), *(felt(1_000 + n, HEAVY, f"deadline x{n}") for n in range(9))]

    forwards, backwards = of(*posts), of(*reversed(posts))

    assert [each.word for each in forwards.words.heavy] == ["deadline"]
    assert forwards.hours == backwards.hours
    assert [each.word for each in backwards.words.heavy] == ["deadline"]


@pytest.mark.data
@pytest.mark.skipif(
    not TIMELINE.exists(),
    reason=f"{TIMELINE} is missing: the words of a real timeline were NOT read",
)
def test_the_words_of_a_real_timeline_are_what_it_is_about() -> None:
    # A rough stand-in for the model: it knows a few words of feeling, none of the words found.
    light, heavy = ("happy", "love", "great", "proud"), ("hurt", "threat", "violence", "worse")
    with TIMELINE.open(encoding="mac_roman", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    posts = []
    for number, text in enumerate(texts):
        low = text.lower()
        emotion = LIGHT if any(map(low.__contains__, light)) else NEITHER
        emotion = HEAVY if any(map(low.__contains__, heavy)) else emotion
        posts.append(felt(number, emotion, text, MONDAY + timedelta(hours=number)))

    found = of(*posts)

    shown = {each.word for each in (*found.words.light, *found.words.heavy)}
    assert {"birthday"} <= {each.word for each in found.words.light}
    assert {"gun"} <= {each.word for each in found.words.heavy}
    assert not shown & {"the", "don", "t", "https", "co", "rt", "amp", "i'm", "happy", "love"}
