"""People's own word for their mood, as training text: what they told about an analysis.

Reads documents as `GET /v1/users/{user_name}/export` answers them. Nothing here reads a store:
consent to an analysis is consent to that alone and does not cover training, so only exports
that people handed over for training may be placed where this source reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example, Source, Split
from export.training.sources.text_files import read_lines

Mood = Literal["Depressed", "Stressed", "Cheerful", "Satisfied"]
Side = Literal["positive", "negative"]

EMOTIONS_OF: Mapping[Mood, tuple[str, ...]] = {
    "Depressed": ("fear", "sadness"),
    "Stressed": ("anger",),
    "Cheerful": ("joy", "love", "surprise"),
    "Satisfied": ("joy", "love", "surprise"),
}
"""What the posts that made a mood speak of, by the rules of mood (DESIGN section 4).

Cheerful and Satisfied come about only where joy + love + surprise is no less than anger + fear +
sadness; what parts them is a proportion over many posts, which no post shows alone. Below that
a mood is Stressed where twice the anger exceeds fear + sadness, else Depressed. Neutral makes
no mood, so it is known to be wrong.
"""

_SIDE_OF: Mapping[Mood, Side] = {
    "Depressed": "negative",
    "Stressed": "negative",
    "Cheerful": "positive",
    "Satisfied": "positive",
}
_SUFFIXES = (".json", ".jsonl", ".ndjson")


class _Part(BaseModel):
    """A part of a document; what is not named here is not read, and no error shows a value."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class _User(_Part):
    user_id: str
    consented_at: AwareDatetime | None


class _Post(_Part):
    post_id: str
    text: str
    ownership: Literal["own", "shared", "liked"]


class _Influence(_Part):
    post_id: str
    text: str
    direction: Side


class _Result(_Part):
    mood: Mood | None
    moved_most: tuple[_Influence, ...]


class _Analysis(_Part):
    analysis_id: str
    result: _Result | None


class _Feedback(_Part):
    analysis_id: str
    mood: Mood
    created_at: AwareDatetime


class _Document(_Part):
    user: _User
    posts: tuple[_Post, ...]
    analyses: tuple[_Analysis, ...]
    feedback: tuple[_Feedback, ...]


@dataclass(frozen=True)
class _Word:
    """What one person told about one analysis, with its examples by user and post id."""

    analysis_id: str
    at: datetime
    examples: Mapping[tuple[str, str], Example]


_TIME = attrgetter("at")


def feedback_source(path: Path, val_path: Path | None) -> Source:
    """Return the source of the exported documents at `path`, validated on those at `val_path`.

    Either is a JSON file of one document, a file of one document a line (.jsonl, .ndjson) or a
    folder of such files. Each post of the user's own that moved an analysis most is an example
    for which some emotion of the told mood is right, unless it moved the analysis to neither
    the side it came to nor the side told: a glad person's sad post is still sad. Left out too
    is a post that is no longer held with the text that was counted. The latest word on an
    analysis counts, also over several exports of one person, and a post counts once, by the
    latest word about it. Reading raises DataError, also where consent is not on record.
    """

    def read(_: Path, split: Split) -> Iterator[Example]:
        chosen = path if split == "train" else val_path
        if chosen is not None:
            yield from _latest_examples(chosen)

    return Source(
        name="feedback",
        origin="exports named in the configuration, with their owners' word for their mood",
        terms="handed over for training by the people they are about",
        split_names=("train", "val"),
        read=read,
    )


def _latest_examples(path: Path) -> Iterator[Example]:
    """Yield one example a post, as the latest word about it has it."""
    words = [word for file in _files(path) for word in _read_words(file)]
    latest = {word.analysis_id: word for word in sorted(words, key=_TIME)}
    examples: dict[tuple[str, str], Example] = {}
    # Sorted once more: a word that took the place of an earlier one stands where that stood.
    for word in sorted(latest.values(), key=_TIME):
        examples.update(word.examples)
    yield from examples.values()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise DataError(f"{path}: holds no file that ends in {', '.join(_SUFFIXES)}")
    return files


def _read_words(path: Path) -> Iterator[_Word]:
    """Yield what the documents of a file tell; raises DataError without a word of theirs."""
    lines = read_lines(path)
    if path.suffix.lower() == ".json":
        yield from _words("\n".join(lines), f"{path}")
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _words(line, f"{path}:{number}")


def _words(content: str, where: str) -> Iterator[_Word]:
    try:
        document = _Document.model_validate_json(content)
    except ValidationError as exc:
        first = exc.errors()[0]
        if first["type"] == "json_invalid":
            raise DataError(f"{where}: is not JSON") from exc
        place = ".".join(str(part) for part in first["loc"]) or "document"
        raise DataError(f"{where}: {place}: {first['msg']}") from exc
    if document.user.consented_at is None:
        raise DataError(f"{where}: its user's consent is not on record; remove the document")
    results = {one.analysis_id: one.result for one in document.analyses}
    held = {post.post_id: post for post in document.posts}
    for index, told in enumerate(document.feedback):
        if told.analysis_id not in results:
            raise DataError(f"{where}: feedback.{index}: its analysis is not in the document")
        examples = {
            (document.user.user_id, post.post_id): Example(
                post.text, EMOTIONS_OF[told.mood], EMOTIONS, any_of=True
            )
            for post in _usable(results[told.analysis_id], told.mood, held)
        }
        yield _Word(told.analysis_id, told.created_at, examples)


def _usable(result: _Result | None, told: Mood, held: Mapping[str, _Post]) -> Iterator[_Post]:
    """Yield the posts of which the told mood says something."""
    if result is None or result.mood is None:
        return
    sides = {_SIDE_OF[told], _SIDE_OF[result.mood]}
    for moved in result.moved_most:
        post = held.get(moved.post_id)
        if post is None or post.text != moved.text or not post.text.strip():
            continue
        if post.ownership == "own" and moved.direction in sides:
            yield post
