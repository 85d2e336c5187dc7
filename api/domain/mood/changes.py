"""What changed a mood from one analysis to the next: the posts, in words and by id."""

import math
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.domain.mood.moods import Mood
from api.domain.mood.scoring import (
    ScoringConfig,
    adjusted,
    negativity,
    positivity,
    relative_weights,
)
from api.domain.posts import ClassifiedPost, Post

_LEAST_CHANGE = 1e-6
_LEAST_PART = 0.1
"""A post is told if it moved the balance by this part of what the first one did."""

_QUOTED_POSTS = 2
_QUOTE_WIDTH = 60


@dataclass(frozen=True, slots=True)
class MovedPost:
    """A post that moved the balance of lighter and heavier feelings, and how far.

    effect is how much its share of the weight has grown, times how much lighter its own balance is
    than that of all posts then; and, of a post whose correction was made, changed or taken back
    since, its share then times how much lighter that made it. The effects of all posts sum to the
    change of the balance, and a post like all others has none. new says whether the earlier
    analysis did not have it, corrected whether it had it with another correction or none,
    taken_back whether it has none any more.
    """

    post: Post
    effect: float
    new: bool
    corrected: bool
    taken_back: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "post_id": self.post.post_id,
            "text": self.post.text,
            "created_at": self.post.created_at.isoformat(),
            "effect": self.effect,
            "new": self.new,
            "corrected": self.corrected,
        }


@dataclass(frozen=True, slots=True)
class MoodChange:
    """How the mood differs from that of an earlier analysis, and the posts that made it so.

    balance_change is positivity - negativity now less the same then; posts are those that moved it
    that way, the largest effect first.
    """

    analysis_id: str
    mood: Mood
    balance_change: float
    words: str
    posts: tuple[MovedPost, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "analysis_id": self.analysis_id,
            "mood": self.mood.value,
            "balance_change": self.balance_change,
            "words": self.words,
            "posts": [each.to_dict() for each in self.posts],
        }


@dataclass(frozen=True, slots=True)
class EarlierMood:
    """The analysis before this one: its id and its mood result as JSON values."""

    analysis_id: str
    result: Mapping[str, Any]


def mood_change(
    earlier: EarlierMood,
    mood: Mood,
    posts: Sequence[ClassifiedPost],
    new_ids: Collection[str],
    *,
    as_of: datetime,
    config: ScoringConfig,
    model: str,
) -> MoodChange | None:
    """Return what changed since an earlier mood, None if nothing did or it cannot be told.

    posts are those that this mood counts, new_ids those of them that this analysis was the first
    to classify. The two moods are compared only if the same constants and model made them, and if
    it is known which of the posts the earlier one had, and with which corrections: the number it
    counted must be that of the posts that are not new, or of those up to its newest post.
    """
    before = earlier.result
    if before.get("mood") is None or before.get("model") != model:
        return None
    if before.get("scoring") != config.to_dict():
        return None
    corrections = before.get("corrections", {})  # a result of an older version had none
    had = _had(before, posts, new_ids)
    if had is None or corrections is None:
        return None
    had = [_corrected(item, corrections.get(item.post.post_id)) for item in had]
    now = _shares(posts, as_of, config)
    then = _shares(had, datetime.fromisoformat(before["as_of"]), config)
    earlier_posts = {item.post.post_id: item for item in had}
    level = math.fsum(then[item.post.post_id] * _balance(item, config) for item in had)
    effects = []
    for item in posts:
        key = item.post.post_id
        share, was = then.get(key, 0.0), earlier_posts.get(key, item)
        balance = _balance(item, config)
        corrected = was.correction != item.correction
        effect = (now[key] - share) * (balance - level)
        if corrected:
            effect += share * (balance - _balance(was, config))
        taken_back = corrected and item.correction is None
        effects.append(MovedPost(item.post, effect, key not in then, corrected, taken_back))
    total = math.fsum(each.effect for each in effects)
    if abs(total) < _LEAST_CHANGE:
        return None
    that_way = [each for each in effects if each.effect * total > 0]
    that_way.sort(key=lambda each: (-abs(each.effect), each.post.created_at, each.post.post_id))
    earlier_mood = Mood(before["mood"])
    words = _words(earlier_mood, mood, datetime.fromisoformat(before["as_of"]), total, that_way)
    told = [each for each in that_way if abs(each.effect) >= _LEAST_PART * abs(that_way[0].effect)]
    return MoodChange(
        earlier.analysis_id,
        earlier_mood,
        total,
        words,
        tuple(told[: config.moved_most_count]),
    )


def _had(
    before: Mapping[str, Any], posts: Sequence[ClassifiedPost], new_ids: Collection[str]
) -> list[ClassifiedPost] | None:
    newest = datetime.fromisoformat(before["newest_post_at"])
    not_new = [item for item in posts if item.post.post_id not in new_ids]
    up_to_newest = [item for item in posts if item.post.created_at <= newest]
    counted = before["posts"]["total"]
    return next((had for had in (not_new, up_to_newest) if len(had) == counted), None)


def _corrected(item: ClassifiedPost, correction: str | None) -> ClassifiedPost:
    return item if item.correction == correction else replace(item, correction=correction)


def _balance(item: ClassifiedPost, config: ScoringConfig) -> float:
    felt = adjusted(item.counted, config)
    return positivity(felt, config) - negativity(felt, config)


def _shares(
    posts: Sequence[ClassifiedPost], as_of: datetime, config: ScoringConfig
) -> dict[str, float]:
    """Return the share of each post, by id, in the weight of all."""
    weights = relative_weights(posts, as_of, config)
    total = math.fsum(weights) or 1.0
    return {item.post.post_id: weight / total for item, weight in zip(posts, weights, strict=True)}


def _words(
    earlier: Mood, mood: Mood, then: datetime, total: float, that_way: Sequence[MovedPost]
) -> str:
    way = "lighter" if total > 0 else "heavier"
    day = f"the analysis of {then.day} {then:%B %Y}"
    leans = mood.label.lower()
    if earlier is mood:
        said = f"Since {day} your posts are as {leans} as before, though a little {way}"
    else:
        said = f"Since {day} your posts have gone from {earlier.label.lower()} to {leans}"
    new = [each for each in that_way if each.new]
    corrected = [each for each in that_way if each.corrected]
    of_all = _effect(that_way)
    if _effect(new) * 2 >= of_all:
        count = "one new post" if len(new) == 1 else f"{len(new)} new posts, above all"
        return f"{said}, mostly by {count} {_named(new)}."
    if _effect(corrected) * 2 >= of_all:
        if len(corrected) > 1:
            of = f"{len(corrected)} corrections of yours, above all of"
        else:
            of = f"{'taking back ' if corrected[0].taken_back else ''}your correction of"
        return f"{said}, mostly by {of} {_named(corrected)}."
    if _effect([*new, *corrected]) * 2 >= of_all:
        both = f"{_counted(new, 'new post')} and {_counted(corrected, 'correction')}"
        return f"{said}, mostly by {both} of yours."
    return f"{said}, mostly because earlier posts now count for more or less than then."


def _effect(posts: Sequence[MovedPost]) -> float:
    """Return how far the posts moved the balance together, whichever way."""
    return abs(math.fsum(each.effect for each in posts))


def _counted(posts: Sequence[MovedPost], one: str) -> str:
    return f"one {one}" if len(posts) == 1 else f"{len(posts)} {one}s"


def _named(posts: Sequence[MovedPost]) -> str:
    return " and ".join(_quoted(each.post) for each in posts[:_QUOTED_POSTS])


def _quoted(post: Post) -> str:
    return f'"{textwrap.shorten(post.text, _QUOTE_WIDTH, placeholder="...")}"'
