"""Documents about the service itself: problems, health, and the sources of posts."""

from pydantic import BaseModel, RootModel

from api.routes import openapi_examples as examples
from api.routes.openapi_examples import example


class FieldErrorDocument(BaseModel):
    """One fault in a request: where it is and what is wrong there."""

    where: str
    reason: str


class ProblemDocument(BaseModel):
    """Problem document (RFC 9457); `type` is stable, and an explanation stands at its address."""

    type: str
    title: str
    status: int
    detail: str
    trace_id: str | None
    errors: list[FieldErrorDocument]


class AliveDocument(BaseModel):
    """Liveness: the process answers."""

    status: str

    model_config = example({"status": "alive"})


class DependenciesDocument(RootModel[dict[str, bool]]):
    """Whether each dependency is ready, by name."""


class ReadyDocument(BaseModel):
    """Readiness, in total and of each dependency by name."""

    status: str
    dependencies: DependenciesDocument

    model_config = example({"status": "ready", "dependencies": {"store": True, "inference": True}})


class SourceDocument(BaseModel):
    """A source of posts; to_configure names the settings that are missing."""

    name: str
    configured: bool
    to_configure: str | None
    sign_in: str | None


class SourcesDocument(BaseModel):
    """The sources of posts that the service knows."""

    sources: list[SourceDocument]

    model_config = example(examples.SOURCES)
