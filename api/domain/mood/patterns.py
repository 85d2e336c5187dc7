"""When a user's posts are lighter or heavier: by weekday, hour and ownership, and about what."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import chain
from operator import itemgetter

from api.domain.mood.copies import corrected_alike
from api.domain.mood.scoring import (
    ScoringConfig,
    adjusted,
    language,
    negativity,
    positivity,
)
from api.domain.mood.words import WordReader
from api.domain.posts import EMOTIONS, ClassifiedPost, Ownership, normalised_hashtags

LEAST_POSTS = 5
"""Fewer posts than this show no pattern."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = tuple(f"{hour:02d}" for hour in range(24))
_OWNERSHIPS = tuple(each.value for each in Ownership)
_MOST_WORDS = 10
_FALSE_SHARE = 0.1
"""Largest share, on average, of what is shown as a difference that may be chance."""


@dataclass(frozen=True, slots=True)
class Group:
    """Mean scores of the posts of one weekday, hour or ownership, None where posts are too few.

    beyond_chance says whether its positivity - negativity differs from that of all posts by more
    than chance.
    """

    name: str
    posts: int
    positivity: float | None
    negativity: float | None
    scores: Mapping[str, float] | None
    beyond_chance: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A word or hashtag whose posts are lighter or heavier than all, by more than chance.

    posts counts them. balance is their mean positivity - negativity, difference is that less the
    mean of all posts; example is the id of the one that lies furthest on that side.
    """

    word: str
    posts: int
    balance: float
    difference: float
    example: str


@dataclass(frozen=True, slots=True)
class LightAndHeavy:
    """The words or hashtags of the lighter and of the heavier posts, the surest first."""

    light: tuple[Word, ...]
    heavy: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """What a user's posts have in common where they are lighter or heavier.

    posts counts those looked at; balance is their mean positivity - negativity, None without any.
    """

    posts: int
    balance: float | None
    weekdays: tuple[Group, ...]
    hours: tuple[Group, ...]
    ownership: tuple[Group, ...]
    words: LightAndHeavy
    hashtags: LightAndHeavy


@dataclass(frozen=True, slots=True)
class _Felt:
    """A post, its emotion probabilities after the irony shift, and their balance."""

    item: ClassifiedPost
    scores: Mapping[str, float]
    balance: float


def patterns(posts: Sequence[ClassifiedPost], zone: tzinfo, config: ScoringConfig) -> Patterns:
    """Return the patterns of posts, by the clocks of a zone; in time linear in their texts.

    Left out are posts that the scoring leaves out for their language, and copies: posts with the
    text and time of another. Corrected posts count as what they were corrected to. Unlike in a mood
    every post counts alike, whatever its age and its likes: a pattern is about what recurs. Liked
    posts have no weekday or hour, since their time is that of their writer. A text that was posted
    several times, be it at different times, counts once for its words and hashtags.
    """
    felt = list(_felt(corrected_alike(posts), config))
    chance = _Chance([each.balance for each in felt])
    timed = [each for each in felt if each.item.post.ownership is not Ownership.LIKED]
    clocks = [each.item.post.created_at.astimezone(zone) for each in timed]
    by_weekday = ((WEEKDAYS[at.weekday()], each) for at, each in zip(clocks, timed, strict=True))
    by_hour = ((_HOURS[at.hour], each) for at, each in zip(clocks, timed, strict=True))
    by_ownership = ((each.item.post.ownership.value, each) for each in felt)
    texts = list({each.item.post.text: each for each in reversed(felt)}.values())[::-1]
    of_texts = _Chance([each.balance for each in texts])
    words_of = WordReader().words_of
    in_texts = ((words_of(each.item.post.text), each) for each in texts)
    hashtags = ((normalised_hashtags(each.item.post.hashtags), each) for each in texts)
    return Patterns(
        posts=len(felt),
        balance=chance.mean if felt else None,
        weekdays=_groups(WEEKDAYS, by_weekday, chance, config),
        hours=_groups(_HOURS, by_hour, chance, config),
        ownership=_groups(_OWNERSHIPS, by_ownership, chance, config),
        words=_words(in_texts, of_texts),
        hashtags=_words(hashtags, of_texts),
    )


def _felt(posts: Iterable[ClassifiedPost], config: ScoringConfig) -> Iterator[_Felt]:
    seen: set[tuple[datetime, str]] = set()
    for item in posts:
        key = (item.post.created_at, item.post.text)
        if key in seen or language(item, config) == 0:
            continue
        seen.add(key)
        scores = adjusted(item.counted, config)
        yield _Felt(item, scores, positivity(scores, config) - negativity(scores, config))


class _Chance:
    """How likely a mean of some of the balances is by chance alone.

    If what the posts have in common says nothing, the n of them are a random sample of all posts,
    drawn without replacement. The chance that the mean of such a sample lies at least d above that
    of all is at most

        exp(-n * max over t of (t * d - K(t)))
        K(t) = ln of the mean over all posts of exp(t * (balance - mean balance))

    the bound of Chernoff (1952), which Hoeffding (1963, section 6) shows to hold without
    replacement too. It assumes nothing about how balances are distributed and holds for any n,
    where a t-test of a few posts among mostly neutral ones takes chance for a pattern. Any t gives
    a bound, so a row of them is enough.
    """

    _DIGITS = 3  # balances are rounded, so that K is a sum over few values
    _STEPS = tuple(0.25 * 1.3**step for step in range(24))

    def __init__(self, balances: Sequence[float]) -> None:
        self.mean = math.fsum(balances) / max(1, len(balances))
        counts = Counter(round(each - self.mean, self._DIGITS) for each in balances)
        self._above = [self._k(step, counts) for step in self._STEPS]
        self._below = [self._k(-step, counts) for step in self._STEPS]

    def of(self, posts: int, difference: float) -> float:
        """Return the largest chance of a mean of so many posts that differs so far, either way."""
        # Rounding may have moved each balance by half of the last digit.
        distance = abs(difference) - 0.5 * 10**-self._DIGITS
        side = self._above if difference > 0 else self._below
        exponent = max(step * distance - k for step, k in zip(self._STEPS, side, strict=True))
        return min(1.0, 2 * math.exp(-posts * max(0.0, exponent)))

    @staticmethod
    def _k(step: float, counts: Mapping[float, int]) -> float:
        total = (counts and sum(counts.values())) or 1
        largest = max((step * each for each in counts), default=0.0)
        mean = sum(n * math.exp(step * each - largest) for each, n in counts.items()) / total
        return largest + math.log(mean or 1.0)


def _beyond_chance(risks: Mapping[str, float]) -> set[str]:
    """Return the names whose difference is more than chance, by the chance of each.

    Of many comparisons some differ by chance alone. The procedure of Benjamini and Hochberg (1995)
    keeps the expected share of those among what is returned below _FALSE_SHARE.
    """
    ranked = sorted(risks, key=lambda name: (risks[name], name))
    kept = 0
    for rank, name in enumerate(ranked, 1):
        if risks[name] <= _FALSE_SHARE * rank / len(ranked):
            kept = rank
    return set(ranked[:kept])


def _groups(
    names: Sequence[str],
    named: Iterable[tuple[str, _Felt]],
    chance: _Chance,
    config: ScoringConfig,
) -> tuple[Group, ...]:
    found: dict[str, list[_Felt]] = {name: [] for name in names}
    for name, each in named:
        found[name].append(each)
    means = {
        name: math.fsum(each.balance for each in group) / len(group)
        for name, group in found.items()
        if len(group) >= LEAST_POSTS
    }
    sure = _beyond_chance(
        {name: chance.of(len(found[name]), mean - chance.mean) for name, mean in means.items()}
    )
    return tuple(
        _group(name, group, config, beyond_chance=name in sure) for name, group in found.items()
    )


def _group(
    name: str, felt: Sequence[_Felt], config: ScoringConfig, *, beyond_chance: bool
) -> Group:
    if len(felt) < LEAST_POSTS:
        return Group(name, len(felt), None, None, None, beyond_chance)
    of_posts = [each.scores for each in felt]
    scores = {
        emotion: math.fsum(map(itemgetter(emotion), of_posts)) / len(felt) for emotion in EMOTIONS
    }
    light, heavy = positivity(scores, config), negativity(scores, config)
    return Group(name, len(felt), light, heavy, scores, beyond_chance)


def _words(posts: Iterable[tuple[Iterable[str], _Felt]], chance: _Chance) -> LightAndHeavy:
    read = [(tuple(found), each) for found, each in posts]
    counts = Counter(chain.from_iterable(words for words, _ in read))
    common = {word: count for word, count in counts.items() if count >= LEAST_POSTS}
    sums = dict.fromkeys(common, 0.0)
    for words, each in read:
        balance = each.balance
        for word in words:
            if word in sums:
                sums[word] += balance
    means = {word: sums[word] / count for word, count in common.items()}
    risks = {word: chance.of(counts[word], mean - chance.mean) for word, mean in means.items()}
    sure = sorted(
        _beyond_chance(risks),
        key=lambda word: (risks[word], -abs(means[word] - chance.mean), word),
    )
    light = [word for word in sure if means[word] > chance.mean][:_MOST_WORDS]
    heavy = [word for word in sure if means[word] < chance.mean][:_MOST_WORDS]
    furthest = {**_furthest(light, read, 1), **_furthest(heavy, read, -1)}

    def shown(word: str) -> Word:
        mean = means[word]
        example = furthest[word].item.post.post_id
        return Word(word, counts[word], mean, mean - chance.mean, example)

    return LightAndHeavy(tuple(map(shown, light)), tuple(map(shown, heavy)))


def _furthest(
    words: Sequence[str], posts: Iterable[tuple[tuple[str, ...], _Felt]], side: int
) -> dict[str, _Felt]:
    """Return the first of the posts of each word that lie furthest on a side, 1 for light."""
    wanted = frozenset(words)
    found: dict[str, _Felt] = {}
    for of_post, each in posts:
        for word in wanted.intersection(of_post):
            if word not in found or side * each.balance > side * found[word].balance:
                found[word] = each
    return found
