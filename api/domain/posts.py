"""A post, its author's user id, its language and hashtags, its classification and correction."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeGuard

EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
"""The seven emotions, in the order of the model's first seven outputs."""

MAX_POST_CHARACTERS = 25_000
"""Longest text a post may have, in characters: the longest post that X allows."""

_USER_NAME = re.compile(r"[A-Za-z0-9_]{1,15}")


class InvalidUserNameError(ValueError):
    """A name that is not 1 to 15 letters, digits or underscores."""


def user_id_of(user_name: str) -> str:
    """Return the id of a user: the lower-cased name, as X ignores case.

    Raises InvalidUserNameError unless the name is 1 to 15 ASCII letters, digits or underscores.
    """
    if not _USER_NAME.fullmatch(user_name):
        raise InvalidUserNameError(
            "a user name is 1 to 15 letters, digits or underscores, without the @"
        )
    return user_name.lower()


class Ownership(StrEnum):
    """Relation of the user to a post in their timeline."""

    OWN = "own"
    SHARED = "shared"
    LIKED = "liked"


@dataclass(frozen=True, slots=True)
class Engagement:
    """How often others reacted to a post; each count is 0 or more."""

    likes: int = 0
    reposts: int = 0
    replies: int = 0
    quotes: int = 0
    bookmarks: int = 0
    impressions: int = 0


ENGAGEMENT = tuple(each.name for each in fields(Engagement))
"""The names of the counts."""


@dataclass(frozen=True, slots=True)
class Post:
    """One post as the source gave it.

    post_id is the source's id as a string, else one made from time and text (is_content_id);
    created_at is an aware UTC time; language is a BCP 47 code or None if unknown; hashtags are
    lower-cased, without the "#". earlier_ids are the ids of the versions of this post before it was
    edited; own_word is the writer's own word for their mood, where the source has one (Daylio).
    """

    post_id: str
    text: str
    created_at: datetime
    ownership: Ownership = Ownership.OWN
    engagement: Engagement = field(default_factory=Engagement)
    language: str | None = None
    hashtags: tuple[str, ...] = ()
    earlier_ids: tuple[str, ...] = ()
    own_word: str | None = None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_CONTENT_ID = re.compile(r"[0-9a-f]{32}")
_URL = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)[!-~]*")
_REPOST_PREFIX = re.compile(r"\s*rt @[\w.@-]+:?\s")


_MOST_MARKS = 128
# Neither word, blank nor ASCII, as are all combining marks, emoji besides; and the two marks of
# half-width kana, which become combining ones.
_ROW = re.compile(r"(?:[^\w\s!-~]|[\uff9e\uff9f])++")


class _ComparedCharacters(dict[int, int | None]):
    """Which characters of texts are compared, for str.translate, worked out as they come.

    Letters, marks, numbers and symbols are; but no accent that stands alone, no skin tone (Sk), and
    no selector of how an emoji is drawn.
    """

    _MOST = 10_000  # characters remembered, more than any language uses

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        compared = category[0] in "LMN" or (category[0] == "S" and category != "Sk")
        found = code if compared and chr(code) not in "\ufe0e\ufe0f" else None
        if len(self) < self._MOST:
            self[code] = found
        return found


_COMPARED = _ComparedCharacters()


def is_content_id(post_id: str) -> bool:
    """Return whether an id was made from time and text because the source gave none.

    Such an id is 32 lower-case hexadecimal digits.
    """
    return len(post_id) == 32 and _CONTENT_ID.fullmatch(post_id) is not None


def content_key(post: Post) -> str:
    """Return a hash that is equal for the same post read from two files.

    It covers ownership, time to the minute, and the text as far as files agree on it: without
    case, blanks, punctuation, URLs, the prefix of a repost, and how an emoji is drawn. A text that
    has nothing else is compared as it is.
    """
    return key_of_content(post.ownership, post.created_at, post.text)


def key_of_content(ownership: Ownership, created_at: datetime, text: str) -> str:
    """Return the content_key of a post with this content."""
    minute = (created_at - _EPOCH) // _MINUTE
    compared = f"{ownership.value}\n{minute}\n{_compared(text) or text}"
    return hashlib.blake2b(compared.encode(errors="replace"), digest_size=16).hexdigest()


def folded_text(text: str) -> str:
    """Return the text as it is compared without case: folded, in NFKC; linear in its length."""
    # For ASCII lower() gives the same, and faster. Composed again at the end: folding may leave a
    # letter and its accent apart.
    return text.lower() if text.isascii() else _composed(_composed(text).casefold())


def _compared(text: str) -> str:
    folded = folded_text(text)
    repost = _REPOST_PREFIX.match(folded)
    written = _URL.sub("", folded[repost.end() :] if repost else folded)
    return written.translate(_COMPARED)


def _composed(text: str) -> str:
    """Return the text in NFKC, in time linear in its length.

    Combining marks are put into their order by exchanging neighbours, so a joiner that shows
    nothing parts rows of more marks than any text has.
    """
    return unicodedata.normalize("NFKC", _ROW.sub(_parted, text))


def _parted(found: re.Match[str]) -> str:
    row = found[0]
    if len(row) <= _MOST_MARKS or not any(map(_is_ordered, row)):
        return row
    parts = (row[at : at + _MOST_MARKS] for at in range(0, len(row), _MOST_MARKS))
    return "\u034f".join(parts)


def _is_ordered(character: str) -> bool:
    return character in "\uff9e\uff9f" or unicodedata.combining(character) > 0


class Skip(StrEnum):
    """Why an item of a file did not become a post."""

    UNREADABLE = "unreadable"
    """The item is damaged, or lacks what a post needs."""
    DUPLICATE = "duplicate"
    """The same post stands earlier in the file."""
    EDITED = "edited"
    """A later version of the same post is in the file."""
    LEFT_OUT = "left_out"
    """The item is sound, but nothing that is read: a repost without its text, a draft."""


@dataclass(frozen=True, slots=True)
class RejectedPost:
    """A row or item of a source that did not become a post, and the reason.

    where is for people ("row 17", "line 3", "item 5 of tweets.js"); field is the column or key at
    fault, None if the whole row is.
    """

    where: str
    reason: str
    field: str | None = None
    kind: Skip = Skip.UNREADABLE


@dataclass(frozen=True, slots=True)
class Classification:
    """The model's output for one post.

    scores maps each of EMOTIONS to a probability, summing to 1; irony is a probability; tokens is
    how many tokens the model read; truncated is True if the text was longer than that. language is
    the language detected in the text, as a BCP 47 code; None if the source names one, or if it
    could not be told.
    """

    label: str
    scores: Mapping[str, float]
    irony: float
    tokens: int
    truncated: bool
    language: str | None = None


_CERTAIN = {
    certain: {emotion: float(emotion == certain) for emotion in EMOTIONS} for certain in EMOTIONS
}


@dataclass(frozen=True, slots=True)
class ClassifiedPost:
    """A post with the model's classification, and the user's correction of it.

    correction is the emotion, one of EMOTIONS, that the user says the post has; None if the
    classification stands uncorrected.
    """

    post: Post
    classification: Classification
    correction: str | None = None

    @property
    def counted(self) -> Classification:
        """Return the classification that moods, timelines and all other figures are made of.

        It is the model's, or for a corrected post the correction: probability 1, and no irony.
        """
        if self.correction is None:
            return self.classification
        return replace(
            self.classification,
            label=self.correction,
            scores=_CERTAIN[self.correction],
            irony=0.0,
        )

    @property
    def language(self) -> str | None:
        """Return the language that the source names, else the one detected; None if unknown."""
        named = self.post.language
        language = named if is_known_language(named) else self.classification.language
        return language if is_known_language(language) else None

    @property
    def readable(self) -> bool:
        """Return whether the emotion of the post can be told.

        The model reads English only, but a person who corrects a post has read it. A post of
        unknown language counts as readable: short posts and names say too little.
        """
        if self.correction is not None:
            return True
        language = self.language
        return language is None or is_english(language)


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post as it is stored: classification is None until a model has classified it."""

    post: Post
    classification: Classification | None
    correction: str | None = None

    @property
    def emotion(self) -> str | None:
        """Return the emotion that counts: the correction, else the model's label, else None."""
        if self.correction is not None or self.classification is None:
            return self.correction
        return self.classification.label

    @property
    def language(self) -> str | None:
        """Return the language that the source names, else the one detected; None if unknown."""
        if self.classification is None:
            return self.post.language if is_known_language(self.post.language) else None
        return ClassifiedPost(self.post, self.classification).language

    @property
    def read(self) -> bool:
        """Return whether the post is classified and the model reads its language."""
        if self.classification is None:
            return False
        return ClassifiedPost(self.post, self.classification).readable


READ_LANGUAGE = "en"
"""The one language that the model reads."""

# BCP 47: undetermined, no linguistic content, several, uncoded; and q.., the codes for private
# use, with which X marks posts that consist of mentions, hashtags or media (qam, qht, qme, ...).
_UNKNOWN_LANGUAGE = re.compile(r"und|zxx|mul|mis|q[a-t][a-z]")


def is_known_language(language: str | None) -> TypeGuard[str]:
    """Return whether the code names a language."""
    if language is None:
        return False
    primary = _primary(language)
    return bool(primary) and not _UNKNOWN_LANGUAGE.fullmatch(primary)


def is_english(language: str) -> bool:
    """Return whether the code is English of any region: en, en-GB, EN_us, eng."""
    return _primary(language) in (READ_LANGUAGE, "eng")


@lru_cache(1_000)  # asked several times per post, of a few codes
def _primary(language: str) -> str:
    return re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]


def interests(posts: Iterable[Post], limit: int) -> list[str]:
    """Return up to `limit` hashtags of the user's own posts, most used first, then alphabetically.

    A hashtag counts once per post, so that repeating it within one post has no effect.
    """
    counts = Counter(
        hashtag
        for post in posts
        if post.ownership is Ownership.OWN
        for hashtag in normalised_hashtags(post.hashtags)
    )
    ranked = sorted(counts, key=lambda hashtag: (-counts[hashtag], hashtag))
    return ranked[: max(0, limit)]


def normalised_hashtags(hashtags: Iterable[str]) -> dict[str, None]:
    """Return each hashtag once, lower-cased, without "#", in order (the dict is an ordered set)."""
    return {hashtag.lower().removeprefix("#"): None for hashtag in hashtags}
