"""What changed a mood from one analysis to the next: the posts, in words and by id."""

import math
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.domain.moods import Mood
from api.domain.posts import ClassifiedPost, Post
from api.domain.scoring import ScoringConfig, adjusted, negativity, positivity, relative_weights

_LEAST_CHANGE = 1e-6
_QUOTED_POSTS = 2
_QUOTE_WIDTH = 60


@dataclass(frozen=True, slots=True)
class MovedPost:
    """A post that moved the balance of lighter and heavier feelings, and how far.

    effect is how much its share of the weight has grown, times how much lighter its own balance is
    than that of all posts then. The effects of all posts sum to the change of the balance, and a
    post like all others has none. new says whether the earlier analysis did not have it.
    """

    post: Post
    effect: float
    new: bool

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "post_id": self.post.post_id,
            "text": self.post.text,
            "created_at": self.post.created_at.isoformat(),
            "effect": self.effect,
            "new": self.new,
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
    it is known which of the posts the earlier one had: the number it counted must be that of the
    posts that are not new, or of those up to its newest post.
    """
    before = earlier.result
    if before.get("mood") is None or before.get("model") != model:
        return None
    if before.get("scoring") != config.to_dict():
        return None
    had = _had(before, posts, new_ids)
    if had is None:
        return None
    balances = [_balance(item, config) for item in posts]
    now = _shares(posts, as_of, config)
    then = _shares(had, datetime.fromisoformat(before["as_of"]), config)
    ids = [item.post.post_id for item in posts]
    level = math.fsum(
        then.get(key, 0.0) * balance for key, balance in zip(ids, balances, strict=True)
    )
    effects = [
        MovedPost(item.post, (now[key] - then.get(key, 0.0)) * (balance - level), key not in then)
        for item, key, balance in zip(posts, ids, balances, strict=True)
    ]
    total = math.fsum(each.effect for each in effects)
    if abs(total) < _LEAST_CHANGE:
        return None
    that_way = [each for each in effects if each.effect * total > 0]
    that_way.sort(key=lambda each: (-abs(each.effect), each.post.created_at, each.post.post_id))
    earlier_mood = Mood(before["mood"])
    words = _words(earlier_mood, mood, before["as_of"][:10], total, that_way)
    return MoodChange(
        earlier.analysis_id,
        earlier_mood,
        total,
        words,
        tuple(that_way[: config.moved_most_count]),
    )


def _had(
    before: Mapping[str, Any], posts: Sequence[ClassifiedPost], new_ids: Collection[str]
) -> list[ClassifiedPost] | None:
    newest = datetime.fromisoformat(before["newest_post_at"])
    not_new = [item for item in posts if item.post.post_id not in new_ids]
    up_to_newest = [item for item in posts if item.post.created_at <= newest]
    counted = before["posts"]["total"]
    return next((had for had in (not_new, up_to_newest) if len(had) == counted), None)


def _balance(item: ClassifiedPost, config: ScoringConfig) -> float:
    felt = adjusted(item.classification, config)
    return positivity(felt, config) - negativity(felt, config)


def _shares(
    posts: Sequence[ClassifiedPost], as_of: datetime, config: ScoringConfig
) -> dict[str, float]:
    """Return the share of each post, by id, in the weight of all."""
    weights = relative_weights(posts, as_of, config)
    total = math.fsum(weights) or 1.0
    return {item.post.post_id: weight / total for item, weight in zip(posts, weights, strict=True)}


def _words(earlier: Mood, mood: Mood, day: str, total: float, that_way: Sequence[MovedPost]) -> str:
    way = "lighter" if total > 0 else "heavier"
    leans = mood.label.lower()
    if earlier is mood:
        said = f"Since {day} your posts are as {leans} as before, though a little {way}"
    else:
        said = f"Since {day} your posts have gone from {earlier.label.lower()} to {leans}"
    new = [each for each in that_way if each.new]
    of_new = math.fsum(each.effect for each in new)
    of_all = math.fsum(each.effect for each in that_way)
    if abs(of_new) * 2 < abs(of_all):
        return f"{said}, mostly because earlier posts now count for more or less than then."
    named = [_quoted(each.post) for each in new[:_QUOTED_POSTS]]
    count = "one new post" if len(new) == 1 else f"{len(new)} new posts, above all"
    return f"{said}, mostly by {count} {' and '.join(named)}."


def _quoted(post: Post) -> str:
    return f'"{textwrap.shorten(post.text, _QUOTE_WIDTH, placeholder="...")}"'
