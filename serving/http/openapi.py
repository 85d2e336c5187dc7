"""The contract as an OpenAPI 3.1 document, served at /docs.json.

Written out, because BentoML would describe the server behind the gateway, not the contract.
"""

from __future__ import annotations

from typing import Any

from serving.classifier.artifact import ModelArtifact
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
from serving.http.openapi_schemas import component_schemas, reference
from serving.http.problems import KINDS, PROBLEM_TYPE
from serving.http.protocols.native import CLASSIFY_PATH
from serving.http.protocols.open_inference import ROOT, OpenInference
from serving.http.protocols.tei import PREDICT_PATH
from serving.settings import Settings

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


Described = tuple[str, str]
"""The media type of a protocol's errors, and the name of their schema."""

_PROBLEM: Described = (PROBLEM_TYPE, "Problem")
_PREDICT_ERROR: Described = (_JSON, "PredictError")
_INFER_ERROR: Described = (_JSON, "InferError")


def openapi_document(artifact: ModelArtifact, settings: Settings) -> dict[str, Any]:
    """Return the document of a server with these settings."""
    security: list[dict[str, list[str]]] = [{"key": []}] if settings.keys else []
    return {
        "openapi": "3.1.0",
        "info": {"title": "Moodline inference", "version": artifact.version},
        "paths": {
            CLASSIFY_PATH: {"post": _classify(security)},
            PREDICT_PATH: {"post": _predict(security)},
            **_open_inference(OpenInference(artifact.name, artifact.version), security),
            "/v1/model": {"get": _described("getModel", "Describe the model", security, _PROBLEM)},
            "/livez": {"get": _page("Say that the process answers", _JSON)},
            "/readyz": {"get": _ready("Say whether classifications are taken", _PROBLEM)},
            **_metrics(settings.metrics, security),
            "/docs.json": {"get": _page("This document", _JSON)},
        },
        "components": {
            "schemas": component_schemas(settings.limits),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _metrics(readers: str, security: list[dict[str, list[str]]]) -> dict[str, Any]:
    """Return the path of the metrics, as far as `readers` says that there is one."""
    if readers == "off":
        return {}
    page = _page("Counters in Prometheus's text format", "text/plain")
    if readers == "key":
        page["security"] = security
        page["responses"]["401"] = _refusal(KeyRefusedError, _PROBLEM)
    return {"/metrics": {"get": page}}


def _classify(security: list[dict[str, list[str]]]) -> dict[str, Any]:
    return {
        "operationId": "classify",
        "summary": "Classify texts by emotion and irony",
        "description": "Answers one item a text, in the order of the texts. Any text will do.",
        "security": security,
        **_exchange("ClassifyRequest", "ClassifyResponse", _PROBLEM),
    }


def _predict(security: list[dict[str, list[str]]]) -> dict[str, Any]:
    return {
        "operationId": "predict",
        "summary": "Classify texts by emotion, in the shape of text-embeddings-inference",
        "description": (
            "One text is answered with its ranking, a batch with an array of rankings. Irony is"
            " not among the labels. A text longer than the model reads is cut, unless `truncate`"
            " is false: then it is 413."
        ),
        "security": security,
        **_exchange("PredictRequest", "PredictResponse", _PREDICT_ERROR),
    }


def _open_inference(
    model: OpenInference, security: list[dict[str, list[str]]]
) -> dict[str, dict[str, Any]]:
    """Return the paths of the Open Inference Protocol, with the model's own name in them."""
    paths: dict[str, dict[str, Any]] = {
        ROOT: {"get": _described("serverMetadata", "Describe the server", security, _INFER_ERROR)},
        f"{ROOT}/health/live": {"get": _page("Say that the process answers", _JSON)},
        f"{ROOT}/health/ready": {
            "get": _ready("Say whether inferences are taken", _INFER_ERROR),
        },
    }
    for path, suffix in zip(model.model_paths, ("", "OfVersion"), strict=True):
        about = _described(f"modelMetadata{suffix}", "Describe the model", security, _INFER_ERROR)
        paths[path] = {"get": about}
        paths[f"{path}/ready"] = {"get": _ready("Say whether the model is ready", _INFER_ERROR)}
        infer = {
            "operationId": f"infer{suffix}",
            "summary": "Classify a BYTES tensor of texts (Open Inference Protocol v2)",
            "description": (
                "`scores` has seven columns, in the order of the parameter `emotions`. JSON only."
            ),
            "security": security,
            **_exchange("InferRequest", "InferResponse", _INFER_ERROR),
        }
        paths[f"{path}/infer"] = {"post": infer}
    return paths


def _exchange(request: str, response: str, described: Described) -> dict[str, Any]:
    """Return the body, answer and errors of a classification, by the names of their schemas."""
    return {
        "requestBody": {"required": True, "content": {_JSON: {"schema": reference(request)}}},
        "responses": {
            "200": _ok(reference(response)),
            **{str(KINDS[error].status): _refusal(error, described) for error in _CLASSIFY_ERRORS},
        },
    }


def _described(
    identity: str, summary: str, security: list[dict[str, list[str]]], described: Described
) -> dict[str, Any]:
    return {
        "operationId": identity,
        "summary": summary,
        "security": security,
        "responses": {
            "200": _ok({"type": "object"}),
            "401": _refusal(KeyRefusedError, described),
        },
    }


def _ready(summary: str, described: Described) -> dict[str, Any]:
    responses = {"200": _ok({"type": "object"}), "503": _refusal(NotReadyError, described)}
    return {"summary": summary, "responses": responses}


def _ok(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "As asked for.", "content": {_JSON: {"schema": schema}}}


def _page(summary: str, media_type: str) -> dict[str, Any]:
    answer = {"description": summary, "content": {media_type: {}}}
    return {"summary": summary, "responses": {"200": answer}}


def _refusal(error: type[RequestError], described: Described) -> dict[str, Any]:
    kind = KINDS[error]
    media_type, schema = described
    response: dict[str, Any] = {
        "description": kind.title,
        "content": {media_type: {"schema": reference(schema)}},
    }
    if error in (BusyError, NotReadyError, DeadlineExceededError):
        response["headers"] = _RETRY_AFTER
    return response
