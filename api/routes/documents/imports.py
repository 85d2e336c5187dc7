"""Documents of an import: what was read from a file, and the kinds of files that can be read."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.domain.imports import DateOrder
from api.domain.posts import Ownership
from api.routes import openapi_examples as examples
from api.routes.openapi_examples import example
from api.services.imports import ImportReport


class ImportFormatDocument(BaseModel):
    """A dialect: one known shape of an uploaded file, in words for people."""

    name: str
    title: str = Field(description="what people call the export")
    group: str = Field(description="the network or kind of program that it comes from")
    files: list[str] = Field(description="the names that its files have")
    where_to_get: str
    recognised_by: str
    read: list[str]
    not_read: list[str]

    model_config = ConfigDict(from_attributes=True)


class ImportFormatsDocument(BaseModel):
    """The dialects that can be imported, in the order to show them."""

    formats: list[ImportFormatDocument]

    model_config = example(examples.IMPORT_FORMATS)


class SkippedDocument(BaseModel):
    """A row or item of the file that was skipped, and why."""

    where: str
    field: str | None
    reason: str

    model_config = ConfigDict(from_attributes=True)


class DialectDocument(BaseModel):
    """The dialect of a file; GET /v1/import-formats says more about it."""

    name: str
    title: str

    model_config = ConfigDict(from_attributes=True)


class EngagementDocument(BaseModel):
    """How often others reacted to a post."""

    likes: int
    reposts: int
    replies: int
    quotes: int
    bookmarks: int
    impressions: int

    model_config = ConfigDict(from_attributes=True)


class ReadPostDocument(BaseModel):
    """A post as it was read; own_word is the writer's own word for their mood (Daylio)."""

    text: str
    created_at: datetime
    ownership: Ownership
    engagement: EngagementDocument
    language: str | None
    own_word: str | None

    model_config = ConfigDict(from_attributes=True)


class ImportDocument(BaseModel):
    """What was understood of a file, and what of it was stored or, in a dry run, would be."""

    dry_run: bool = Field(description="whether nothing was stored")
    format: str = Field(description="the kind of file, such as csv, jsonl or archive")
    dialect: DialectDocument
    encoding: str = Field(description="the encoding of its text")
    date_order: DateOrder | None = Field(
        description="the order taken for its dates; null where none needed one"
    )
    own: int = Field(description="posts in the file that the user wrote")
    shared: int = Field(description="posts in the file that the user reposted")
    liked: int = Field(description="posts in the file that the user liked")
    first_posts: list[ReadPostDocument] = Field(description="the first three posts in the file")
    imported: int = Field(description="posts that are new")
    updated: int = Field(description="posts that were stored and have changed")
    unchanged: int = Field(description="posts that were stored as they are")
    duplicates: int = Field(
        description="posts left out because the same post is in the file or stored already"
    )
    edits: int = Field(
        description="earlier versions of edited posts, in the file or stored: only the last counts"
    )
    skipped: int = Field(description="other rows or items that did not become a post")
    skipped_reasons: list[SkippedDocument] = Field(description="why, for the first 100")
    unused_columns: list[str] = Field(description="columns or keys that nothing was read from")
    notes: list[str] = Field(description="what else to know about how the file was read")
    total: int = Field(description="all posts of the user that are stored now")

    model_config = example(examples.IMPORT)


def import_document(report: ImportReport) -> dict[str, Any]:
    """Return the result of an import as JSON values."""
    return ImportDocument.model_validate(
        {
            **{field.name: getattr(report, field.name) for field in fields(report)},
            "imported": report.saved.created,
            "updated": report.saved.updated,
            "unchanged": report.saved.unchanged,
        }
    ).model_dump(mode="json")
