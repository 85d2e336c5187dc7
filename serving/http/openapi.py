"""The HTTP contract as an OpenAPI 3.1 document, served at /docs.json.

BentoML would describe the server behind the application, not the contract. The schemas are
generated from the wire models below. Requests are not parsed with them: pydantic refuses lone
surrogates in JSON, which the contract accepts, and does not point at faults as the contract does.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from serving.classifier.artifact import EMOTIONS, ModelArtifact
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
from serving.http.messages import JSON_TYPE
from serving.http.problems import KINDS, PROBLEM_TYPE
from serving.http.protocols.native import CLASSIFY_PATH, MODEL_PATH
from serving.http.protocols.open_inference import INPUT_NAME, OUTPUTS, ROOT, OpenInference
from serving.http.protocols.tei import ERROR_TYPES, PREDICT_PATH, VALIDATION
from serving.schemas import Limits
from serving.settings import Settings


def _one_of(*values: str) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(values)})


Text = Annotated[str, WithJsonSchema({"type": "string", "maxLength": "{text_chars}"})]
OneText = Annotated[list[Text], Field(min_length=1, max_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Emotion = Annotated[str, _one_of(*EMOTIONS)]
OutputName = Annotated[str, _one_of(*(output.name for output in OUTPUTS))]
TEXTS = Field(json_schema_extra={"minItems": 1, "maxItems": "{texts}"})
"""Numbers in braces are the server's limits, which `component_schemas` fills in."""


class ClassifyRequest(BaseModel):
    """At most {body_bytes} bytes."""

    model_config = ConfigDict(extra="forbid")
    texts: Annotated[list[Text], TEXTS]


class Scores(BaseModel):
    """Probabilities that sum to 1."""

    anger: Probability
    fear: Probability
    joy: Probability
    love: Probability
    sadness: Probability
    surprise: Probability
    neutral: Probability


class Classification(BaseModel):
    label: Annotated[Emotion, Field(description="The likeliest emotion.")]
    scores: Scores
    irony: Probability
    tokens: int = Field(description="Tokens that the model read.")
    truncated: bool = Field(description="Whether the text had more.")


class ClassifyResponse(RootModel[list[Classification]]):
    """One item per text, in the order of the texts."""


class Fault(BaseModel):
    where: str
    reason: str


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: Annotated[str, _one_of(*(kind.path for kind in KINDS.values()))]
    title: str
    status: int
    detail: str
    trace_id: str
    errors: list[Fault]


class PredictRequest(BaseModel):
    """At most {body_bytes} bytes."""

    inputs: Text | OneText | Annotated[list[OneText], TEXTS] = Field(
        description="One text, bare or as an array of one; or a batch, each in its own array."
    )
    truncate: bool | None = Field(None, description="False: too long is an error.")
    truncation_direction: Literal["Right", "right"] = "Right"
    raw_scores: Literal[False] = False


class Prediction(BaseModel):
    score: Probability
    label: Emotion


class PredictResponse(RootModel[list[Prediction] | list[list[Prediction]]]):
    """The emotions of a text, likeliest first; for a batch one such array per text."""


class PredictError(BaseModel):
    error: str
    error_type: Annotated[str, _one_of(*sorted({*ERROR_TYPES.values(), VALIDATION}))]


Size = Annotated[int, Field(ge=1, json_schema_extra={"maximum": "{texts}"})]


class InputTensor(BaseModel):
    name: str = Field(examples=[INPUT_NAME])
    datatype: Literal["BYTES"]
    shape: tuple[Size] | tuple[Size, Literal[1]] = Field(description="[n] or [n, 1].")
    data: Annotated[list[Text | OneText], TEXTS]
    parameters: dict[str, Any] = {}


class WantedOutput(BaseModel):
    name: OutputName


class InferRequest(BaseModel):
    """At most {body_bytes} bytes."""

    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=1)]
    id: str = ""
    parameters: dict[str, Any] = {}
    outputs: list[WantedOutput] = []


class OutputTensor(BaseModel):
    name: OutputName
    datatype: Annotated[str, _one_of(*sorted({output.datatype for output in OUTPUTS}))]
    shape: list[int]
    data: list[str | float]


class InferParameters(BaseModel):
    emotions: str


class InferResponse(BaseModel):
    model_name: str
    model_version: str
    id: str = ""
    parameters: InferParameters
    outputs: list[OutputTensor]


class InferError(BaseModel):
    error: str


MODELS: tuple[type[BaseModel], ...] = (
    ClassifyRequest, ClassifyResponse, Problem,
    PredictRequest, PredictResponse, PredictError,
    InferRequest, InferResponse, InferError,
)  # fmt: skip


class _Schemas(GenerateJsonSchema):
    """Schemas without titles of fields, and without defaults: a field may be left out."""

    def field_title_should_be_set(self, _: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def component_schemas(limits: Limits) -> dict[str, Any]:
    """Return the schemas of the wire models by their names, with these limits in them."""
    _, generated = models_json_schema(
        [(model, "validation") for model in MODELS],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Schemas,
    )
    text = json.dumps(generated["$defs"])
    text = text.replace('"{texts}"', str(limits.texts))
    text = text.replace('"{text_chars}"', str(limits.text_chars))
    schemas: dict[str, Any] = json.loads(text.replace("{body_bytes}", str(limits.body_bytes)))
    return schemas


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
            "Answers one item per text, in the order of the texts. Any text will do.",
            ClassifyRequest, ClassifyResponse, Problem,
        ),
        PREDICT_PATH: _post(
            "predict", "Classify texts by emotion, in the shape of text-embeddings-inference",
            "One text is answered with its ranking, a batch with an array of rankings. Irony is"
            " not among the labels. A text longer than the model reads is cut, unless `truncate`"
            " is false: then it is 413.",
            PredictRequest, PredictResponse, PredictError,
        ),
        MODEL_PATH: _get("Describe the model", Problem, KeyRefusedError, name="getModel"),
        "/livez": _get("Check that the process answers"),
        "/readyz": _get("Check whether texts are classified", Problem, NotReadyError),
        "/docs.json": _get("This document"),
        "/healthz": _get("BentoML's health check", media_type="text/plain"),
        "/schema.json": _get("BentoML's schema, for its own clients"),
        ROOT: _get("Describe the server", InferError, KeyRefusedError, name="serverMetadata"),
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
            "`scores` has seven columns, in the order of the parameter `emotions`. JSON only.",
            InferRequest, InferResponse, InferError,
        )  # fmt: skip
    if metrics != "off":
        refusals = [KeyRefusedError] if metrics == "key" else []
        summary = "Counters in Prometheus's text format"
        paths["/metrics"] = _get(summary, Problem, *refusals, media_type="text/plain")
    return paths


def _post(
    name: str, summary: str, description: str,
    request: type[BaseModel], answer: type[BaseModel], error: type[BaseModel],
) -> dict[str, Any]:  # fmt: skip
    """Return a path that classifies."""
    operation = {
        "operationId": name,
        "summary": summary,
        "description": description,
        "requestBody": {"required": True, "content": _content(request)},
        "responses": {
            "200": {"description": "As asked for.", "content": _content(answer)},
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
    """Return a path with a page, and what it is refused with."""
    schema = {"schema": {"type": "object"}} if media_type == JSON_TYPE else {}
    page = {"description": summary, "content": {media_type: schema}}
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
