"""Define a post and what is known about it before and after classification."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
"""The seven emotions, in the order of the model's first seven outputs."""

MAX_POST_CHARACTERS = 25_000
"""Longest text a post may have, in characters: the longest post that X allows."""

_USER_NAME = re.compile(r"[A-Za-z0-9_]{1,15}")


class InvalidUserNameError(ValueError):
    """Say that a name is not a user name: 1 to 15 letters, digits or underscores."""


def user_id_of(user_name: str) -> str:
    """Return the key under which a user is kept: the lower-cased name, as X ignores case.

    Raises InvalidUserNameError where the name is not 1 to 15 ASCII letters, digits, underscores.
    """
    if not _USER_NAME.fullmatch(user_name):
        raise InvalidUserNameError(
            "a user name is 1 to 15 letters, digits or underscores, without the @"
        )
    return user_name.lower()


class Ownership(StrEnum):
    """Say how a post came to stand in the user's timeline."""

    OWN = "own"
    SHARED = "shared"
    LIKED = "liked"


@dataclass(frozen=True, slots=True)
class Engagement:
    """Count what others did with a post; each count is 0 or more."""

    likes: int = 0
    reposts: int = 0
    replies: int = 0
    quotes: int = 0
    bookmarks: int = 0
    impressions: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """Hold one post as a source gave it.

    post_id is the source's id as a string; created_at is an aware UTC time; language is a BCP 47
    code or None where the source does not say; hashtags are lower-cased, without the "#".
    """

    post_id: str
    text: str
    created_at: datetime
    ownership: Ownership = Ownership.OWN
    engagement: Engagement = field(default_factory=Engagement)
    language: str | None = None
    hashtags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedPost:
    """Say which row or item of a source could not become a post, and why.

    where names the place as a person would look for it ("row 17", "line 3", "item 5 of
    tweets.js"); field is the column or key at fault, or None where the whole row is.
    """

    where: str
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Classification:
    """Hold what the model said about one post.

    scores maps each of EMOTIONS to a probability, summing to 1; irony is a probability; tokens is
    how many tokens the model read; truncated tells whether the text was longer than that.
    """

    label: str
    scores: Mapping[str, float]
    irony: float
    tokens: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class ClassifiedPost:
    """Pair a post with its classification."""

    post: Post
    classification: Classification
