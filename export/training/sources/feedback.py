"""Feedback as training data: the mood that users reported for one of their analyses.

Reads user data exports, the responses of `GET /v1/users/{user_name}/export`. It never reads a
store: consent to an analysis does not cover training, so only exports that users handed over for
training may be placed where this source reads.
"""

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
from export.training.sources.terms import HANDED_OVER
from export.training.sources.text_files import read_lines
from export.yaml_files import first_fault

Mood = Literal["Depressed", "Stressed", "Cheerful", "Satisfied"]
Side = Literal["positive", "negative"]

EMOTIONS_OF: Mapping[Mood, tuple[str, ...]] = {
    "Depressed": ("fear", "sadness"),
    "Stressed": ("anger",),
    "Cheerful": ("joy", "love", "surprise"),
    "Satisfied": ("joy", "love", "surprise"),
}
"""Emotions of the posts that led to a mood, by the rules of mood (api/domain).

Cheerful and Satisfied require that joy + love + surprise is no less than anger + fear + sadness;
they differ in a proportion over many posts, which no single post shows. Otherwise the mood is
Stressed where twice the anger exceeds fear + sadness, else Depressed. Neutral leads to no mood,
so it is known to be wrong.
"""

_SIDE_OF: Mapping[Mood, Side] = {
    mood: "positive" if "joy" in emotions else "negative" for mood, emotions in EMOTIONS_OF.items()
}
_SUFFIXES = (".json", ".jsonl", ".ndjson")


class _Part(BaseModel):
    """Part of a user data export; other fields are ignored, and no error shows a value."""

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
class _Report:
    """One user's feedback on one analysis, with its examples by user and post id."""

    analysis_id: str
    at: datetime
    examples: Mapping[tuple[str, str], Example]


_TIME = attrgetter("at")


def feedback_source(path: Path, val_path: Path | None) -> Source:
    """Return the source of the user data exports at `path`, validated on those at `val_path`.

    Either is a JSON file of one export, a file with one export per line (.jsonl, .ndjson) or a
    folder of such files. Each own post that moved an analysis most is an example for which some
    emotion of the reported mood is right, unless it moved the analysis neither to the side of its
    result nor to the reported one: a happy person's sad post is still sad. A post that is no
    longer stored with the analysed text is left out too. The latest feedback on an analysis
    counts, also over several exports of one user, and a post counts once, by the latest feedback.
    Reading raises DataError, also when consent is not on record.
    """

    def read(_: Path, split: Split) -> Iterator[Example]:
        chosen = path if split == "train" else val_path
        if chosen is not None:
            yield from _latest_examples(chosen)

    return Source(
        name="feedback",
        origin="exports named in the configuration, with their owners' word for their mood",
        terms=HANDED_OVER,
        read=read,
    )


def _latest_examples(path: Path) -> Iterator[Example]:
    """Yield one example per post, by the latest feedback about it."""
    reports = [report for file in _files(path) for report in _read_reports(file)]
    latest = {report.analysis_id: report for report in sorted(reports, key=_TIME)}
    examples: dict[tuple[str, str], Example] = {}
    # Sorted again: a report that replaced an earlier one has that one's position in the dict.
    for report in sorted(latest.values(), key=_TIME):
        examples.update(report.examples)
    yield from examples.values()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise DataError(f"{path}: holds no file that ends in {', '.join(_SUFFIXES)}")
    return files


def _read_reports(path: Path) -> Iterator[_Report]:
    """Yield the feedback in a file's exports; raises DataError without quoting their content."""
    lines = read_lines(path)
    if path.suffix.lower() == ".json":
        yield from _reports("\n".join(lines), f"{path}")
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _reports(line, f"{path}:{number}")


def _reports(content: str, where: str) -> Iterator[_Report]:
    try:
        document = _Document.model_validate_json(content)
    except ValidationError as exc:
        if exc.errors()[0]["type"] == "json_invalid":
            raise DataError(f"{where}: is not JSON") from exc
        raise DataError(f"{where}: {first_fault(exc, 'document')}") from exc
    if document.user.consented_at is None:
        raise DataError(f"{where}: its user's consent is not on record; remove the document")
    results = {one.analysis_id: one.result for one in document.analyses}
    posts = {post.post_id: post for post in document.posts}
    for index, reported in enumerate(document.feedback):
        if reported.analysis_id not in results:
            raise DataError(f"{where}: feedback.{index}: its analysis is not in the document")
        examples = {
            (document.user.user_id, post.post_id): Example(
                post.text, EMOTIONS_OF[reported.mood], EMOTIONS, any_of=True
            )
            for post in _usable(results[reported.analysis_id], reported.mood, posts)
        }
        yield _Report(reported.analysis_id, reported.created_at, examples)


def _usable(result: _Result | None, reported: Mood, posts: Mapping[str, _Post]) -> Iterator[_Post]:
    if result is None or result.mood is None:
        return
    sides = {_SIDE_OF[reported], _SIDE_OF[result.mood]}
    for moved in result.moved_most:
        post = posts.get(moved.post_id)
        if post is None or post.text != moved.text or not post.text.strip():
            continue
        if post.ownership == "own" and moved.direction in sides:
            yield post
