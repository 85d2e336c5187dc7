"""The contract as an OpenAPI 3.1 document, served at /docs.json.

Written out, because BentoML would describe the server behind the gateway, not the contract.
"""

from __future__ import annotations

from typing import Any

from serving.artifact import EMOTIONS, ModelArtifact
from serving.errors import (
    BusyError,
    DeadlineExceededError,
    InvalidRequestError,
    KeyRefusedError,
    NotReadyError,
    PayloadTooLargeError,
    RequestError,
    UnexpectedError,
    UnsupportedMediaError,
)
from serving.problems import KINDS, PROBLEM_TYPE
from serving.schemas import Limits

_JSON = "application/json"
_RETRY_AFTER = {
    "Retry-After": {"description": "Whole seconds to wait.", "schema": {"type": "integer"}}
}
_CLASSIFY_ERRORS: tuple[type[RequestError], ...] = (
    InvalidRequestError,
    KeyRefusedError,
    PayloadTooLargeError,
    UnsupportedMediaError,
    BusyError,
    UnexpectedError,
    NotReadyError,
    DeadlineExceededError,
)


def openapi_document(artifact: ModelArtifact, limits: Limits, *, keys: bool) -> dict[str, Any]:
    """Return the document; `keys` says whether callers have to show one."""
    security: list[dict[str, list[str]]] = [{"key": []}] if keys else []
    classify = {
        "operationId": "classify",
        "summary": "Classify texts by emotion and irony",
        "description": "Answers one item a text, in the order of the texts. Any text will do.",
        "security": security,
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": {"$ref": "#/components/schemas/ClassifyRequest"}}},
        },
        "responses": {
            "200": _ok({"type": "array", "items": {"$ref": "#/components/schemas/Classification"}}),
            **{str(KINDS[error].status): _problem(error) for error in _CLASSIFY_ERRORS},
        },
    }
    model = {
        "operationId": "getModel",
        "summary": "Describe the model that is served",
        "security": security,
        "responses": {"200": _ok({"type": "object"}), "401": _problem(KeyRefusedError)},
    }
    ready = {
        "summary": "Say whether classifications are taken",
        "responses": {"200": _ok({"type": "object"}), "503": _problem(NotReadyError)},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Moodline inference", "version": artifact.version},
        "paths": {
            "/v1/classify": {"post": classify},
            "/v1/model": {"get": model},
            "/livez": {"get": _page("Say that the process answers", _JSON)},
            "/readyz": {"get": ready},
            "/metrics": {"get": _page("Counters in Prometheus's text format", "text/plain")},
            "/docs.json": {"get": _page("This document", _JSON)},
        },
        "components": {
            "schemas": {
                "ClassifyRequest": _request_schema(limits),
                "Classification": _classification_schema(),
                "Problem": _problem_schema(),
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _ok(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "As asked for.", "content": {_JSON: {"schema": schema}}}


def _page(summary: str, media_type: str) -> dict[str, Any]:
    answer = {"description": summary, "content": {media_type: {}}}
    return {"summary": summary, "responses": {"200": answer}}


def _problem(error: type[RequestError]) -> dict[str, Any]:
    kind = KINDS[error]
    response: dict[str, Any] = {
        "description": kind.title,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if error in (BusyError, NotReadyError, DeadlineExceededError):
        response["headers"] = _RETRY_AFTER
    return response


def _request_schema(limits: Limits) -> dict[str, Any]:
    texts = {
        "type": "array",
        "minItems": 1,
        "maxItems": limits.texts,
        "items": {"type": "string", "maxLength": limits.text_chars},
    }
    return {
        "type": "object",
        "description": f"At most {limits.body_bytes} bytes.",
        "properties": {"texts": texts},
        "required": ["texts"],
        "additionalProperties": False,
    }


def _classification_schema() -> dict[str, Any]:
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    properties = {
        "label": {"enum": list(EMOTIONS), "description": "The likeliest emotion."},
        "scores": {
            "type": "object",
            "description": "Probabilities that sum to 1.",
            "properties": dict.fromkeys(EMOTIONS, probability),
            "required": list(EMOTIONS),
        },
        "irony": probability,
        "tokens": {"type": "integer", "description": "Tokens that the model read."},
        "truncated": {"type": "boolean", "description": "Whether the text had more."},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    fault = {"type": "object", "properties": {"where": text, "reason": text}}
    properties = {
        "type": {"type": "string", "enum": [kind.path for kind in KINDS.values()]},
        "title": text,
        "status": {"type": "integer"},
        "detail": text,
        "trace_id": text,
        "errors": {"type": "array", "items": fault},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}
