"""Define what the service says of itself."""

from __future__ import annotations

from pydantic import BaseModel

from api.routes.openapi_examples import example


class AliveDocument(BaseModel):
    """Say that the process answers."""

    status: str

    model_config = example({"status": "alive"})


class ReadyDocument(BaseModel):
    """Say of each dependency by name whether it is ready."""

    status: str
    dependencies: dict[str, bool]

    model_config = example({"status": "ready", "dependencies": {"store": True, "inference": True}})
