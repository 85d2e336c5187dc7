"""Load the dialects, each from one file of `dialects/`, and recognise one by names of fields.

A dialect's file says how the shape is recognised, where each field of a post is, and what it means;
what it does not say is as in common exports (`api.intake.field_names.PLAIN`).
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.domain.imports import DateOrder, Dialect
from api.domain.posts import ENGAGEMENT, Ownership
from api.intake.field_names import MAX_FIELDS, PLAIN, FieldNames, first_value, is_missing, normal
from api.intake.post_fields import ReadingRules

Kind = Literal["csv", "json", "x_script", "car"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sign(_Part):
    """One way to recognise a dialect: all that is named here must be there.

    names: columns of a CSV or keys of a JSON item, which may be paths ("object.content"). values:
    how the value of a key begins. path: where the items are in a JSON file ("data").
    """

    kind: Kind
    names: tuple[str, ...] = ()
    values: dict[str, str] = Field(default_factory=dict)
    path: str | None = None

    @property
    def strength(self) -> int:
        """How much the sign says: the more it asks for, the more."""
        return len(self.names) + 2 * len(self.values) + (self.path is not None)

    @cached_property
    def _plans(self) -> FieldNames:
        asked = (*self.names, *self.values)
        return FieldNames({name: [[name]] for name in asked})

    def is_in_columns(self, known: Set[str]) -> bool:
        """Return whether the columns of a CSV file show this sign; known are their normal forms."""
        return self.kind == "csv" and all(normal(name) in known for name in self.names)

    def is_in_item(self, item: Mapping[str, object], path: str) -> bool:
        """Return whether an item at a path of a JSON file shows this sign."""
        if self.kind != "json" or len(item) > MAX_FIELDS:
            return False
        if self.path is not None and normal(self.path) != normal(path):
            return False
        plan = self._plans.plan(item)
        for name in self.names:
            joins = plan.get(name, ())
            has_key = any(not join[0].rest for join in joins)
            if not has_key and is_missing(first_value(item, joins)[1]):
                return False
        for name, start in self.values.items():
            value = first_value(item, plan.get(name, ()))[1]
            if not isinstance(value, str) or not value.startswith(start):
                return False
        return True


class DialectFile(_Part):
    """The contents of one file of `dialects/`.

    group is shared by the dialects of a network or kind of program.
    members are regular expressions for the paths of its files in an archive. paths are where the
    items of a JSON file are; none means any. fields replaces the names of some fields. originals is
    the path of the items that reposts refer to. inside is the key of an item that holds the post.
    refused is why the shape is recognised and not read; refused_scripts the same for scripts of the
    X archive. defused: texts have the apostrophe of api.domain.spreadsheets. The rest is as in
    ReadingRules and Dialect.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    group: str
    files: tuple[str, ...]
    where_to_get: str
    not_read: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()
    members: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    originals: str | None = None
    html: bool | None = None
    relation: Ownership = Ownership.OWN
    date_order: DateOrder | None = None
    dated_by_id: bool = True
    id_prefix: str = ""
    left_out: dict[str, dict[str, str]] = Field(default_factory=dict)
    refused: str | None = None
    refused_scripts: dict[str, str] = Field(default_factory=dict)
    inside: str | None = None
    defused: bool = False

    @cached_property
    def names(self) -> FieldNames:
        """Names of the fields of a post in this dialect.

        Counts, of which tools have had many names, are also found under those of other exports.
        """
        return PLAIN.replaced(
            {
                field: [names, *(PLAIN.groups[field] if field in ENGAGEMENT else ())]
                if names
                else []
                for field, names in self.fields.items()
            }
        )

    @cached_property
    def rules(self) -> ReadingRules:
        """What the fields mean, apart from what only a file can tell."""
        return ReadingRules(
            names=self.names,
            html=self.html,
            relation=self.relation,
            order=self.date_order,
            dated_by_id=self.dated_by_id,
            id_prefix=self.id_prefix,
            left_out={
                normal(field): {normal(value): reason for value, reason in reasons.items()}
                for field, reasons in self.left_out.items()
            },
        )

    def refusal_of_script(self, name: str) -> str | None:
        """Return why a script of the X archive is not read; None where that is not known."""
        return self._reasons_by_script.get(normal(name))

    @cached_property
    def _reasons_by_script(self) -> Mapping[str, str]:
        return {normal(script): reason for script, reason in self.refused_scripts.items()}

    def has_items_at(self, path: str) -> bool:
        """Return whether items at this path of a JSON file are posts in this dialect."""
        return not self.paths or any(normal(path) == normal(known) for known in self.paths)

    def described(self) -> Dialect:
        """Return the dialect in words for people."""
        return Dialect(
            name=self.name,
            title=self.title,
            group=self.group,
            files=self.files,
            where_to_get=self.where_to_get,
            recognised_by=_recognised_by(self),
            read=tuple(_read(self)),
            not_read=self.not_read,
        )


_SHOWN = (
    "text", "time", "date", "clock", "zone", "id", "url", "author", "repost", "kind", "original",
    "versions", "language", "hashtags", "own_word", "likes", "reposts", "replies", "quotes",
    "bookmarks", "impressions",
)  # fmt: skip


def _read(dialect: DialectFile) -> Iterable[str]:
    """Yield each field that is read, with the names that the dialect has for it."""
    for field in _SHOWN:
        names = dialect.fields.get(field)
        if names:
            yield f"{field}: {', '.join(names)}"
    if not dialect.fields and not dialect.refused:
        yield "every field under the names of common exports"


def _recognised_by(dialect: DialectFile) -> str:
    words = {"csv": "columns", "json": "keys", "x_script": "a script of", "car": "a repository"}
    found = []
    for sign in dialect.signs:
        names = [*sign.names, *(f"{key} = {value}…" for key, value in sign.values.items())]
        place = f" in `{sign.path}`" if sign.path else ""
        found.append(f"{words[sign.kind]} {', '.join(names)}{place}".strip())
    found += [f"the file {member}" for member in dialect.files[:1] if dialect.members]
    return "; or ".join(found) or "a text and a time, under any usual names"


@lru_cache(maxsize=1)
def dialect_files() -> tuple[DialectFile, ...]:
    """Return every dialect in the order of their files' names, the plain ones last."""
    folder = files("api.post_files") / "dialects"
    texts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir()}
    loaded = [
        DialectFile.model_validate(tomllib.loads(text))
        for name, text in sorted(texts.items())
        if name.endswith(".toml")
    ]
    return tuple(sorted(loaded, key=lambda dialect: dialect.name.startswith("plain")))


def dialect_of_columns(columns: Sequence[str]) -> DialectFile | None:
    """Return the dialect of a CSV file whose sign says most, or None where none is there."""
    best: tuple[int, DialectFile] | None = None
    known = {normal(column) for column in columns}
    for dialect in dialect_files():
        for sign in dialect.signs:
            if sign.is_in_columns(known) and (best is None or sign.strength > best[0]):
                best = sign.strength, dialect
    return best[1] if best else None


def dialect_of_items(items: Sequence[tuple[str, Mapping[str, object]]]) -> DialectFile | None:
    """Return the dialect of a JSON file whose signs say most in some of its items, or None.

    items are pairs of path and item.
    """
    strengths: dict[str, int] = {}
    for dialect in dialect_files():
        for path, item in items:
            shown = [
                sign.strength
                for sign in dialect.signs
                if dialect.has_items_at(path) and sign.is_in_item(item, path)
            ]
            if shown:
                strengths[dialect.name] = strengths.get(dialect.name, 0) + max(shown)
    best = max(strengths, key=lambda name: strengths[name], default=None)
    return next((each for each in dialect_files() if each.name == best), None)


def named(name: str) -> DialectFile:
    """Return the dialect of that name."""
    return next(dialect for dialect in dialect_files() if dialect.name == name)
