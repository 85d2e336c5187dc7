"""Define what sources of posts look like."""

from __future__ import annotations

from pydantic import BaseModel

from api.routes.openapi_examples import SOURCES, example


class SourceDocument(BaseModel):
    """Hold a source of posts; to_configure names the settings that are missing."""

    name: str
    configured: bool
    to_configure: str | None
    sign_in: str | None


class SourcesDocument(BaseModel):
    """List the sources of posts."""

    sources: list[SourceDocument]

    model_config = example(SOURCES)
