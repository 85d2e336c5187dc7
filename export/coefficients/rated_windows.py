"""Moods of many people at many times, in arrays: the rules of api.domain without its loops.

An occasion is a time at which a person said how they felt. Its window is the person's posts up to
then, the post of that time included; posts are sorted by person and time, so a window is a range.
Weights without recency, and the irony shift, come from api.domain itself; recency, sums over posts
and comparisons are computed here, and a test compares the outcome with api.domain.mood.results.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from api.domain.mood.copies import corrected_alike
from api.domain.mood.moods import Mood
from api.domain.mood.scoring import DEFAULT, ScoringConfig, adjusted, timeless_weight
from api.domain.posts import EMOTIONS, ClassifiedPost

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOODS = (Mood.DEPRESSED, Mood.STRESSED, Mood.CHEERFUL, Mood.SATISFIED)
"""The order in which moods are numbered."""

FELT = EMOTIONS[:-1]
"""The emotions that have a valence weight; neutral, the last, is the reference at 0."""

MIDDLE_AROUSAL = 1.0
"""Middle of the scale of arousal (0 to 2): from here on a rating counts as aroused."""

_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class RatedWindows:
    """Occasions ([occasions] arrays) and posts (the posts and [posts] arrays), as above.

    plain holds the posts' emotions without irony; shift_of_light is what irony adds to them at a
    share of 1, shift_without_surprise the same where surprise does not count as light.
    valence and arousal are what the person said at the occasion. Where every post was rated,
    post_valence and post_arousal are those ratings, else they are None. A fit starts from the
    constants before_fit and is compared with them.
    """

    posts: tuple[ClassifiedPost, ...]
    person: Ints
    start: Ints
    end: Ints
    as_of: Reals
    valence: Reals
    arousal: Reals
    day: Reals
    timeless: Reals
    plain: Reals
    shift_of_light: Reals
    shift_without_surprise: Reals
    before_fit: ScoringConfig
    post_valence: Reals | None = None
    post_arousal: Reals | None = None

    @property
    def people(self) -> int:
        """Number of people."""
        return int(self.person.max()) + 1

    @property
    def posts_counted(self) -> Ints:
        """Number of posts in each window."""
        return self.end - self.start

    def at(self, chosen: Flags | Ints) -> "RatedWindows":
        """Return the chosen occasions; people keep their numbers."""
        return replace(
            self,
            **{
                name: getattr(self, name)[chosen]
                for name in ("person", "start", "end", "as_of", "valence", "arousal")
            },
        )

    def before(self) -> "RatedWindows":
        """Return the occasions that have earlier posts, without their newest post."""
        weighed = np.concatenate([[0.0], np.cumsum(self.timeless)])
        left = replace(self, end=self.end - 1)
        return left.at(weighed[left.end] > weighed[left.start])

    def alone(self) -> "RatedWindows":
        """Return the occasions with a window of their newest post alone."""
        return replace(self, start=self.end - 1)

    def last(self) -> "RatedWindows":
        """Return the last occasion of each person."""
        order = np.lexsort((self.end, self.as_of, self.person))
        ends = np.append(np.flatnonzero(np.diff(self.person[order])), len(order) - 1)
        return self.at(order[ends])

    def emotions(self, config: ScoringConfig) -> Reals:
        """Return the scores of the seven emotions, [occasions, 7]."""
        light = config.surprise_valence > 0
        shift = self.shift_of_light if light else self.shift_without_surprise
        return self.mean(self.plain + config.irony_share * shift, config.half_life_days)

    def own(self, half_life: float) -> tuple[Reals, Reals]:
        """Return own valence and arousal over each window, weighted by recency as its posts are."""
        if self.post_valence is None or self.post_arousal is None:
            return self.valence, self.arousal
        both = self.mean(np.stack([self.post_valence, self.post_arousal], axis=1), half_life)
        return both[:, 0], both[:, 1]

    def mean(self, values: Reals, half_life: float) -> Reals:
        """Return the weighted mean of the posts' [posts, n] values over each window."""
        counts = self.posts_counted
        begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
        of = np.repeat(np.arange(len(counts)), counts)
        index = np.arange(len(of)) - begins[of] + self.start[of]
        age = np.maximum(0.0, self.as_of[of] - self.day[index])
        # Ages relative to the newest, as in relative_weights, so that old windows do not underflow.
        newest = np.minimum.reduceat(age, begins)
        weight = self.timeless[index] * 2.0 ** (-(age - newest[of]) / half_life)
        total = np.add.reduceat(weight, begins)
        summed = np.add.reduceat(weight[:, None] * values[index], begins, axis=0)
        return np.asarray(summed / total[:, None])


@dataclass(frozen=True)
class Person:
    """One person's posts, sorted by time, and what they said: (when, valence, arousal)."""

    posts: Sequence[ClassifiedPost]
    said: Sequence[tuple[datetime, float, float]]


def windows_of(
    people: Sequence[Person], *, rated_posts: bool, before_fit: ScoringConfig = DEFAULT
) -> RatedWindows:
    """Return the windows of all occasions that have a post with a weight.

    rated_posts says that each person said something with each post, in the same order. Copies of a
    corrected post count like it, as in the product.
    """
    posts = [post for person in people for post in corrected_alike(person.posts)]
    day = np.array([item.post.created_at.timestamp() / _SECONDS_A_DAY for item in posts])
    timeless = np.array([timeless_weight(item, before_fit) for item in posts])
    weighed = np.concatenate([[0.0], np.cumsum(timeless)])
    rows = []
    first = 0
    for number, person in enumerate(people):
        after = first + len(person.posts)
        for index, (moment, valence, arousal) in enumerate(person.said):
            at = moment.timestamp() / _SECONDS_A_DAY
            end = first + index + 1 if rated_posts else _first_after(day, first, after, at)
            if weighed[end] > weighed[first]:
                rows.append((number, first, end, at, valence, arousal))
        first = after
    columns = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    plain = _emotions(posts, replace(before_fit, irony_share=0.0))
    said = np.array([one[1:] for person in people for one in person.said]).reshape(-1, 2)
    return RatedWindows(
        posts=tuple(posts),
        person=np.unique(columns[0], return_inverse=True)[1].astype(np.int64),
        start=columns[1].astype(np.int64),
        end=columns[2].astype(np.int64),
        as_of=columns[3],
        valence=columns[4],
        arousal=columns[5],
        day=day,
        timeless=timeless,
        plain=plain,
        shift_of_light=_emotions(posts, replace(before_fit, irony_share=1.0)) - plain,
        shift_without_surprise=(
            _emotions(posts, replace(before_fit, irony_share=1.0, surprise_valence=0.0)) - plain
        ),
        before_fit=before_fit,
        post_valence=said[:, 0] if rated_posts else None,
        post_arousal=said[:, 1] if rated_posts else None,
    )


def balance(emotions: Reals, config: ScoringConfig) -> Reals:
    """Return positivity - negativity of [n, 7] scores."""
    positive, negative = sides(emotions, config)
    return positive - negative


def sides(emotions: Reals, config: ScoringConfig) -> tuple[Reals, Reals]:
    """Return positivity and negativity of [n, 7] scores, by the valences of the configuration."""
    valence = np.array([getattr(config, f"{name}_valence") for name in FELT])
    felt = emotions[:, : len(FELT)]
    return felt @ np.maximum(valence, 0.0), felt @ np.maximum(-valence, 0.0)


def moods(emotions: Reals, config: ScoringConfig) -> Ints:
    """Return the number of the mood of [n, 7] scores, as decided_mood in api.domain.mood.moods."""
    positive, negative = sides(emotions, config)
    anger, fear, sadness = (emotions[:, FELT.index(name)] for name in ("anger", "fear", "sadness"))
    tie = config.tie_tolerance
    tense = config.anger_factor * anger - (fear + sadness) > tie
    bright = config.cheerful_factor * negative - positive <= tie
    is_heavy = negative - config.heavy_factor * positive > tie
    return np.where(is_heavy, np.where(tense, 1, 0), np.where(bright, 2, 3)).astype(np.int64)


def _first_after(day: Reals, first: int, after: int, at: float) -> int:
    """Return the index of the first post of a person that is later than a time."""
    return first + int(np.searchsorted(day[first:after], at, side="right"))


def _emotions(posts: Sequence[ClassifiedPost], config: ScoringConfig) -> Reals:
    rows = [adjusted(item.counted, config) for item in posts]
    return np.array([[row[name] for name in EMOTIONS] for row in rows]).reshape(-1, len(EMOTIONS))
