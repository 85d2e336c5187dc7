"""The result of an analysis: the mood of a user's posts and the figures it rests on."""

import heapq
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from api.domain.mood.changes import EarlierMood, MoodChange, mood_change
from api.domain.mood.confidence import calibrated, effective_sample_size, evidence_of
from api.domain.mood.copies import corrected_alike, without_copies
from api.domain.mood.explanations import why
from api.domain.mood.moods import SUMMARIES, Mood, mood_of
from api.domain.mood.scoring import (
    ScoringConfig,
    adjusted,
    feeling_posts,
    has_feeling,
    language,
    negativity,
    positivity,
    relative_weights,
    weighted_mean,
)
from api.domain.posts import ClassifiedPost, Ownership, Post

_DIGITS_OF_ORDER = 12
_SUREST = 0.99  # The most that is shown: nothing read from posts is certain.
_MOST_CORRECTIONS = 1_000  # kept with a result, which is stored and sent as a whole


class InvalidAsOfError(ValueError):
    """A value of as_of that is neither "now", "newest" nor a time."""


@dataclass(frozen=True, slots=True)
class EmotionPeak:
    """Own post with the highest probability of one emotion, after the irony shift."""

    post: Post
    emotion: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**_identity(self.post), "emotion": self.emotion, "probability": self.probability}


@dataclass(frozen=True, slots=True)
class Influence:
    """How far one post moved the mood.

    weight_share is its weight over that of all posts; contribution is weight_share * (positivity -
    negativity) of the post after the irony shift. The contributions of all posts sum to the
    positivity - negativity of the result.
    """

    post: Post
    weight_share: float
    contribution: float

    @property
    def direction(self) -> str:
        """Return "positive" or "negative", the side to which the post moved the mood."""
        return "positive" if self.contribution > 0 else "negative"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            **_identity(self.post),
            "ownership": self.post.ownership.value,
            "weight_share": self.weight_share,
            "contribution": self.contribution,
            "direction": self.direction,
        }


@dataclass(frozen=True, slots=True)
class MoodResult:
    """The mood of a user's posts, with the figures it rests on.

    scores, positivity and negativity are None if no post has a weight, or if too few are in a
    language that the model reads. mood, summary, why and confidence are None then, and also if too
    few posts have a feeling in them; reason then says why, and is None otherwise. why is the
    comparison that decided the mood, with its numbers. changed_by tells what changed since the
    analysis before this one, None if nothing did or it cannot be told. feeling_posts counts the
    posts that have a weight and a feeling in them, copies once; neutral_share is the share of the
    posts counted that have none.
    Scores, shares and confidence are between 0 and 1. truncated_share is None without
    posts. not_english and not_english_share are the posts in another language than English that
    are not corrected, the share being of all posts, and 0 without posts; language_known counts the
    posts whose language is known. corrected_posts counts the posts that count by a correction of
    the user, copies of a corrected post too; corrections are their emotions by post id, None if
    they are more than a result keeps. posts is their number in total and by ownership. stale_note
    is a sentence if stale, language_note one if posts are not in English; else they are None.
    scoring holds the constants used. Times are aware UTC.
    """

    mood: Mood | None
    reason: str | None
    summary: str | None
    why: str | None
    scores: Mapping[str, float] | None
    positivity: float | None
    negativity: float | None
    confidence: float | None
    effective_sample_size: float
    as_of: datetime
    posts: Mapping[str, int]
    feeling_posts: int
    neutral_share: float | None
    newest_post_at: datetime | None
    oldest_post_at: datetime | None
    stale: bool
    stale_note: str | None
    happiest: EmotionPeak | None
    saddest: EmotionPeak | None
    moved_most: tuple[Influence, ...]
    changed_by: MoodChange | None
    truncated_share: float | None
    not_english: int
    not_english_share: float
    language_known: int
    language_note: str | None
    corrected_posts: int
    corrections: Mapping[str, str] | None
    model: str
    scoring: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values, in their order; times are ISO 8601."""
        return {each.name: _json_value(getattr(self, each.name)) for each in fields(self)}


def resolve_as_of(as_of: str, posts: Sequence[ClassifiedPost], now: datetime) -> datetime:
    """Return the time relative to which the ages of posts are measured, in UTC.

    "now" is now; "newest" is the time of the newest post, or now without posts; anything else is
    read as ISO 8601, as UTC if it names no zone, and a date as its first moment.
    Raises InvalidAsOfError if it is none of these.
    """
    if as_of == "now":
        return now
    if as_of == "newest":
        return max((item.post.created_at for item in posts), default=now)
    try:
        moment = datetime.fromisoformat(as_of)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise InvalidAsOfError(
            f'as_of is "now", "newest" or a time such as 2024-05-01T12:00:00Z, not "{as_of[:40]}"'
        ) from exc


def confidence_words(mood: str | None, confidence: float | None) -> str | None:
    """Return what a result's confidence is and is about, in words to show; None without a mood.

    mood and confidence are those of the result as JSON. It is about the side of the mood alone.
    """
    if mood is None or confidence is None:
        return None
    side = "set" if Mood(mood).is_heavy else "do not set"
    return f"confidence {min(confidence, _SUREST):.0%} that heavier feelings {side} the tone"


def model_note(model: str, served: str | None) -> str | None:
    """Return a sentence to show with a result if another model is served now, else None.

    Both are `name@version`; served is None if it is not known.
    """
    if served is None or served == model:
        return None
    then, now = (key.replace("@", " ") for key in (model, served))
    return f"Another model read these posts ({then}; now {now}): analyse again to renew this mood."


def mood_result(
    posts: Sequence[ClassifiedPost],
    *,
    as_of: datetime,
    now: datetime,
    config: ScoringConfig,
    model: str,
    earlier: EarlierMood | None = None,
    new_ids: Collection[str] = (),
) -> MoodResult:
    """Return the mood of the posts as of a time; the order of the posts does not matter.

    Posts later than as_of are left out, unless as_of is now: a post can then be later only because
    clocks differ, and counts with age 0. as_of and now are aware; see resolve_as_of.
    earlier is the analysis before, and new_ids the posts that this one was the first to classify:
    the result then tells what changed.
    """
    counted = sorted(
        (item for item in corrected_alike(posts) if as_of == now or item.post.created_at <= as_of),
        # By text before id, so that copies stand together and their ids change nothing.
        key=lambda item: (item.post.created_at, item.post.text, item.post.post_id),
    )
    probabilities = [adjusted(item.counted, config) for item in counted]
    read = [
        (item, of_post)
        for item, of_post in zip(counted, probabilities, strict=True)
        if language(item, config) > 0
    ]
    weights = (
        [0.0] * len(counted)
        if _too_few(len(read), len(counted), config)
        else relative_weights(counted, as_of, config)
    )
    evidence_weights = without_copies(counted, weights)
    felt = feeling_posts(counted, evidence_weights)
    scores = weighted_mean(probabilities, evidence_weights)
    enough = felt >= config.least_feeling_posts
    mood = mood_of(scores, config) if scores is not None and enough else None
    found = None if mood is None else evidence_of(counted, probabilities, evidence_weights, config)
    newest = counted[-1].post.created_at if counted else None
    stale_note = _stale_note(newest, now, config)
    not_english = sum(not item.readable for item in counted)
    by_ownership = Counter(item.post.ownership for item in counted)
    corrections = {
        item.post.post_id: item.correction for item in counted if item.correction is not None
    }
    return MoodResult(
        mood=mood,
        reason=None
        if mood is not None
        else _reason(posts, counted, len(read), scores, felt, as_of, config),
        summary=None if mood is None else SUMMARIES[mood],
        why=None if mood is None or scores is None else why(mood, scores, config),
        scores=scores,
        positivity=None if scores is None else positivity(scores, config),
        negativity=None if scores is None else negativity(scores, config),
        confidence=None if found is None else calibrated(found, config),
        effective_sample_size=effective_sample_size(evidence_weights),
        as_of=as_of,
        posts={"total": len(counted), **{each.value: by_ownership[each] for each in Ownership}},
        feeling_posts=felt,
        neutral_share=_share([not has_feeling(item.counted) for item in counted]),
        newest_post_at=newest,
        oldest_post_at=counted[0].post.created_at if counted else None,
        stale=stale_note is not None,
        stale_note=stale_note,
        happiest=peak("joy", read),
        saddest=peak("sadness", read),
        moved_most=()
        if mood is None
        else moved_most(counted, probabilities, evidence_weights, config),
        changed_by=None
        if mood is None or earlier is None
        else mood_change(earlier, mood, counted, new_ids, as_of=as_of, config=config, model=model),
        truncated_share=_share([item.classification.truncated for item in counted]),
        not_english=not_english,
        not_english_share=not_english / max(1, len(counted)),
        language_known=sum(item.language is not None for item in counted),
        language_note=_language_note(not_english, len(counted), config),
        corrected_posts=len(corrections),
        corrections=corrections if len(corrections) <= _MOST_CORRECTIONS else None,
        model=model,
        scoring=config.to_dict(),
    )


def peak(
    emotion: str, posts: Sequence[tuple[ClassifiedPost, Mapping[str, float]]]
) -> EmotionPeak | None:
    """Return the own post highest in the emotion (the newer of equals), None without own posts.

    Each post comes with its probabilities after the irony shift.
    """
    own = [
        (of_post[emotion], item.post.created_at, item.post.post_id, item.post)
        for item, of_post in posts
        if item.post.ownership is Ownership.OWN
    ]
    if not own:
        return None
    probability, _, _, post = max(own, key=lambda entry: entry[:3])
    return EmotionPeak(post, emotion, probability)


def moved_most(
    posts: Sequence[ClassifiedPost],
    probabilities: Sequence[Mapping[str, float]],
    weights: Sequence[float],
    config: ScoringConfig,
) -> tuple[Influence, ...]:
    """Return up to moved_most_count posts with the largest absolute contribution, largest first.

    Posts with contribution 0 are left out; the newer of two equals comes first, of the same moment
    by text. With the weights of without_copies the copies of a post count as the one post that they
    are.
    """
    total = math.fsum(weights)
    if total <= 0:
        return ()
    moving = []
    for item, each, weight in zip(posts, probabilities, weights, strict=True):
        share = weight / total
        contribution = share * (positivity(each, config) - negativity(each, config))
        if contribution != 0:
            # Rounded, so that equals are equal however their sums were added up.
            size = round(abs(contribution), _DIGITS_OF_ORDER)
            order = (size, item.post.created_at, item.post.text)
            moving.append((order, item.post, share, contribution))
    largest = heapq.nlargest(config.moved_most_count, moving, key=lambda entry: entry[0])
    return tuple(Influence(post, share, moved) for _, post, share, moved in largest)


def _too_few(read: int, total: int, config: ScoringConfig) -> bool:
    # Those left out must be the most for it: one more post in another language takes no mood away
    # from somebody who has written three posts.
    return read < min(config.least_read_posts, total / 2)


def _reason(
    posts: Sequence[ClassifiedPost],
    counted: Sequence[ClassifiedPost],
    read: int,
    scores: Mapping[str, float] | None,
    felt: int,
    as_of: datetime,
    config: ScoringConfig,
) -> str:

    if not posts:
        return "There are no posts to go by."
    if not counted:
        asked = as_of.astimezone(UTC)
        return f"All posts are later than {asked:%Y-%m-%d %H:%M} UTC, the time asked about."
    if _too_few(read, len(counted), config):
        some = f"Only {read}" if read else "None"
        verb = "are" if read > 1 else "is"
        or_corrected = ", or corrected" if any(item.correction for item in counted) else ""
        return (
            f"{some} of {_posts(len(counted))} {verb} in English, which is what the model reads"
            f"{or_corrected}: that is too little to tell a mood by."
        )
    if scores is not None:
        there = f"there {'is' if felt < 2 else 'are'} {felt or 'none'}"
        return (
            f"{_posts(config.least_feeling_posts)} with feeling in them are needed, {there}. More"
            " posts, or posts that say more of how it was, would help."
        )
    return (
        f'Under the "{config.name}" scoring none of these posts weighs anything, so there is no '
        "mood to tell. Another scoring may count them."
    )


def _language_note(not_english: int, total: int, config: ScoringConfig) -> str | None:

    if not not_english:
        return None
    verb, past = ("is", "was") if not_english == 1 else ("are", "were")
    said = f"{not_english} of {_posts(total)} {verb} not in English"
    if config.other_language_weight == 0:
        return f"{said} and {past} left out."
    return f'{said}, which is what the model reads; the "{config.name}" scoring counts them too.'


def _posts(count: int) -> str:
    return f"{count} {'post' if count == 1 else 'posts'}"


def _stale_note(newest: datetime | None, now: datetime, config: ScoringConfig) -> str | None:

    if newest is None or now - newest <= timedelta(days=config.stale_after_days):
        return None
    return (
        f"The newest post counted is {(now - newest).days} days old: this tells how the posts felt "
        "then, not how they feel now."
    )


def _share(facts: Sequence[bool]) -> float | None:
    return sum(facts) / len(facts) if facts else None


def _json_value(value: Any) -> Any:
    if isinstance(value, Mood):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, EmotionPeak | Influence | MoodChange):
        return value.to_dict()
    return [_json_value(each) for each in value] if isinstance(value, tuple) else value


def _identity(post: Post) -> dict[str, Any]:
    return {"post_id": post.post_id, "text": post.text, "created_at": post.created_at.isoformat()}
