"""The HTTP contract as an OpenAPI 3.1 document, served at /docs.json.

BentoML would describe the server behind the application, not the contract.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from serving.classifier.artifact import ModelArtifact
from serving.errors import (
    BusyError,
    DeadlineExceededError,
    InvalidRequestError,
    KeyRefusedError,
    NotReadyError,
    PayloadTooLargeError,
    RequestError,
    RetryableError,
    UnexpectedError,
    UnsupportedMediaError,
)
from serving.http.docs_page import DOCS_PATH
from serving.http.messages import JSON_TYPE
from serving.http.problems import KINDS, PROBLEM_TYPE
from serving.http.protocols.binary_tensors import BINARY_TYPE
from serving.http.protocols.huggingface import ROOT_PATH
from serving.http.protocols.native import CLASSIFY_PATH, MODEL_PATH
from serving.http.protocols.open_inference import ROOT, OpenInference
from serving.http.protocols.tei import (
    HEALTH_PATH,
    INFO_PATH,
    INVOCATIONS_PATH,
    PING_PATH,
    PREDICT_PATH,
)
from serving.http.wire_models import (
    ClassifyRequest,
    ClassifyResponse,
    IndexRequest,
    IndexResponse,
    InferError,
    InferRequest,
    InferResponse,
    PipelineRequest,
    PipelineResponse,
    PredictError,
    PredictRequest,
    PredictResponse,
    Problem,
    component_schemas,
)
from serving.settings import Settings

_CLASSIFY_ERRORS: tuple[type[RequestError], ...] = (
    InvalidRequestError, KeyRefusedError, PayloadTooLargeError, UnsupportedMediaError,
    BusyError, UnexpectedError, NotReadyError, DeadlineExceededError,
)  # fmt: skip
_RETRY_AFTER = {
    "Retry-After": {"description": "Whole seconds to wait.", "schema": {"type": "integer"}}
}


def openapi_document(artifact: ModelArtifact, settings: Settings) -> dict[str, Any]:
    """Return the document of a server with these settings."""
    paths = _paths(OpenInference(artifact.name, artifact.version), settings.metrics)
    for operation in (one for path in paths.values() for one in path.values()):
        if "401" in operation["responses"]:
            operation["security"] = [{"key": []}] if settings.keys else []
    return {
        "openapi": "3.1.0",
        "info": {"title": "Moodline inference", "version": artifact.version},
        "paths": paths,
        "components": {
            "schemas": component_schemas(settings.limits),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths(model: OpenInference, metrics: str) -> dict[str, Any]:
    """Return the description of every path; `metrics` says who may read them."""
    paths = {
        CLASSIFY_PATH: _post(
            "classify", "Classify texts by emotion and irony",
            "Answers one item per text, in the order of the texts. Any text will do. Bodies may be"
            " packed with gzip or deflate, here and at the other paths.",
            ClassifyRequest, ClassifyResponse, Problem,
        ),
        PREDICT_PATH: _predict("predict"),
        INVOCATIONS_PATH: _predict("invoke"),
        ROOT_PATH: _post(
            "textClassification", "Classify texts by emotion, for Hugging Face's InferenceClient",
            "Answers one ranking per text, a text sent alone included. Irony is not among the"
            " labels. A text longer than the model reads is cut, unless `truncation` is false:"
            " then it is 413.",
            PipelineRequest, PipelineResponse, PredictError,
        ),
        HEALTH_PATH: _get("Check whether texts are classified", PredictError, NotReadyError,
                          name="health", media_type=""),
        PING_PATH: _get("Check whether texts are classified", PredictError, NotReadyError,
                        name="ping", media_type=""),
        INFO_PATH: _get("Describe the model", PredictError, KeyRefusedError, name="info"),
        MODEL_PATH: _get("Describe the model", Problem, KeyRefusedError, name="getModel"),
        "/livez": _get("Check that the process answers"),
        "/readyz": _get("Check whether texts are classified", Problem, NotReadyError),
        "/docs.json": _get("This document"),
        DOCS_PATH: _get("This document as a page", media_type="text/html"),
        "/healthz": _get("BentoML's health check", media_type="text/plain"),
        "/schema.json": _get("BentoML's schema, for its own clients"),
        ROOT: _get("Describe the server", InferError, KeyRefusedError, name="serverMetadata"),
        f"{ROOT}/models": _get("List the models", InferError, KeyRefusedError, name="listModels"),
        f"{ROOT}/repository/index": _repository_index(),
        f"{ROOT}/health/live": _get("Check that the process answers"),
        f"{ROOT}/health/ready": _get("Check whether texts are classified", InferError,
                                     NotReadyError),
    }  # fmt: skip
    for path, suffix in zip(model.model_paths, ("", "OfVersion"), strict=True):
        name = f"modelMetadata{suffix}"
        paths[path] = _get("Describe the model", InferError, KeyRefusedError, name=name)
        ready = _get("Check whether the model is ready", InferError, NotReadyError)
        paths[f"{path}/ready"] = ready
        paths[f"{path}/infer"] = _post(
            f"infer{suffix}", "Classify a BYTES tensor of texts (Open Inference Protocol v2)",
            "`scores` has seven columns, in the order of the parameter `emotions`. The binary"
            " tensor extension is understood: the input's data may follow the JSON, and so may"
            " those of outputs.",
            InferRequest, InferResponse, InferError,
        )  # fmt: skip
    if metrics != "off":
        refusals = [KeyRefusedError] if metrics == "key" else []
        summary = "Counters in Prometheus's text format"
        paths["/metrics"] = _get(summary, Problem, *refusals, media_type="text/plain")
    return paths


def _predict(name: str) -> dict[str, Any]:
    return _post(
        name, "Classify texts by emotion, in the shape of text-embeddings-inference",
        "One text is answered with its ranking, a batch with an array of rankings. Irony is not"
        " among the labels. A text longer than the model reads is cut, unless `truncate` is false:"
        " then it is 413. With `parameters` the body is read and answered as at /.",
        PredictRequest, PredictResponse, PredictError,
    )  # fmt: skip


def _repository_index() -> dict[str, Any]:
    operation = {
        "operationId": "repositoryIndex",
        "summary": "List the models and their states",
        "requestBody": {"required": False, "content": _content(IndexRequest)},
        "responses": {
            "200": {"description": "The models.", "content": _content(IndexResponse)},
            **_refusals(
                (InvalidRequestError, KeyRefusedError, PayloadTooLargeError, UnsupportedMediaError),
                InferError,
            ),
        },
    }
    return {"post": operation}


def _post(
    name: str, summary: str, description: str,
    request: type[BaseModel], answer: type[BaseModel], error: type[BaseModel],
) -> dict[str, Any]:  # fmt: skip
    """Return a path that classifies."""
    content = _content(answer)
    if answer is InferResponse:
        content |= {BINARY_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    operation = {
        "operationId": name,
        "summary": summary,
        "description": description,
        "requestBody": {"required": True, "content": _content(request)},
        "responses": {
            "200": {"description": "As asked for.", "content": content},
            **_refusals(_CLASSIFY_ERRORS, error),
        },
    }
    return {"post": operation}


def _get(
    summary: str,
    error: type[BaseModel] = Problem,
    *refusals: type[RequestError],
    name: str = "",
    media_type: str = JSON_TYPE,
) -> dict[str, Any]:
    """Return a path with a page, an empty one without a media type, and its refusals."""
    schema = {"schema": {"type": "object"}} if media_type == JSON_TYPE else {}
    page = {"description": summary} | ({"content": {media_type: schema}} if media_type else {})
    operation = {"summary": summary, "responses": {"200": page, **_refusals(refusals, error)}}
    return {"get": operation | ({"operationId": name} if name else {})}


def _refusals(errors: Sequence[type[RequestError]], body: type[BaseModel]) -> dict[str, Any]:
    """Return the responses of these errors, by status."""
    responses: dict[str, Any] = {}
    for error in errors:
        kind = KINDS[error]
        content = _content(body, PROBLEM_TYPE if body is Problem else JSON_TYPE)
        responses[str(kind.status)] = {"description": kind.title, "content": content}
        if issubclass(error, RetryableError):
            responses[str(kind.status)]["headers"] = _RETRY_AFTER
    return responses


def _content(model: type[BaseModel], media_type: str = JSON_TYPE) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
