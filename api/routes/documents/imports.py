"""Define the report of an import, and make it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from api.routes.openapi_examples import IMPORT, example
from api.services import ImportReport


class SkippedDocument(BaseModel):
    """Say which row or item was skipped, and why."""

    where: str
    field: str | None
    reason: str


class ImportDocument(BaseModel):
    """Report on an import; skipped_reasons holds the first 100, total is all posts kept."""

    imported: int
    updated: int
    unchanged: int
    skipped: int
    skipped_reasons: list[SkippedDocument]
    total: int
    format: str

    model_config = example(IMPORT)


def import_document(report: ImportReport) -> dict[str, Any]:
    """Return the report of an import as JSON values."""
    reasons = [
        SkippedDocument(where=item.where, field=item.field, reason=item.reason)
        for item in report.skipped_reasons
    ]
    return ImportDocument(
        imported=report.saved.created,
        updated=report.saved.updated,
        unchanged=report.saved.unchanged,
        skipped=report.skipped,
        skipped_reasons=reasons,
        total=report.total,
        format=report.format,
    ).model_dump(mode="json")
