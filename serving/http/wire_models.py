"""The wire formats' bodies as pydantic models, from which the OpenAPI document has its schemas.

Requests are not parsed with them: pydantic refuses lone surrogates in JSON, which the contract
accepts, and does not point at faults as the contract does.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from serving.classifier.artifact import EMOTIONS
from serving.http.problems import KINDS
from serving.http.protocols.open_inference import INPUT_NAME, OUTPUTS
from serving.http.protocols.tei import ERROR_TYPES, VALIDATION
from serving.schemas import LONG_TEXTS, Limits


def _one_of(*values: str) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(values)})


Text = Annotated[str, WithJsonSchema({"type": "string", "maxLength": "{text_chars}"})]
OneText = Annotated[list[Text], Field(min_length=1, max_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Emotion = Annotated[str, _one_of(*EMOTIONS)]
OutputName = Annotated[str, _one_of(*(output.name for output in OUTPUTS))]
CLOSED = ConfigDict(extra="forbid")
TEXTS = Field(json_schema_extra={"minItems": 1, "maxItems": "{texts}"})
"""Numbers in braces are the server's limits, which `component_schemas` fills in."""


class ClassifyRequest(BaseModel):
    """At most {body_bytes} bytes."""

    model_config = CLOSED
    texts: Annotated[list[Text], TEXTS]
    long_texts: Annotated[str, _one_of(*LONG_TEXTS)] = Field(
        "truncate",
        description="Of a text longer than the model reads: classify its start, or all of it, in"
        " windows whose probabilities are averaged and each of which counts as a text.",
    )


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

    model_config = CLOSED
    inputs: Text | OneText | Annotated[list[OneText], TEXTS] = Field(
        description="One text, bare or as an array of one; or a batch, each in its own array."
    )
    truncate: bool | None = Field(None, description="False: too long is an error.")
    truncation_direction: Literal["Right"] = "Right"
    raw_scores: Literal[False] = False


class Prediction(BaseModel):
    score: Probability
    label: Emotion


class PredictResponse(RootModel[list[Prediction] | list[list[Prediction]]]):
    """The emotions of a text, likeliest first; for a batch one such array per text."""


class PredictError(BaseModel):
    error: str
    error_type: Annotated[str, _one_of(*sorted({*ERROR_TYPES.values(), VALIDATION}))]


class OneInput(BaseModel):
    model_config = CLOSED
    text: Text


class PipelineParameters(BaseModel):
    model_config = CLOSED
    function_to_apply: Literal["softmax"] | None = None
    top_k: Annotated[int, Field(ge=1)] | None = Field(None, description="Null: all emotions.")
    truncation: bool | None = Field(None, description="False: too long is an error.")


class PipelineRequest(BaseModel):
    """At most {body_bytes} bytes."""

    model_config = CLOSED
    inputs: Text | OneInput | Annotated[list[Text], TEXTS]
    parameters: PipelineParameters | None = None


class PipelineResponse(RootModel[list[list[Prediction]]]):
    """For each text its emotions, likeliest first."""


Size = Annotated[int, Field(ge=1, json_schema_extra={"maximum": "{texts}"})]


class TensorParameters(BaseModel):
    model_config = CLOSED
    content_type: str | None = None


class InputTensor(BaseModel):
    model_config = CLOSED
    name: str = Field(examples=[INPUT_NAME])
    datatype: Literal["BYTES"]
    shape: Annotated[list[Size], Field(min_length=1, max_length=2)] = Field(
        description="[n] or [n, 1]."
    )
    data: Annotated[list[Text], TEXTS]
    parameters: TensorParameters | None = None


class OutputParameters(BaseModel):
    model_config = CLOSED
    binary_data: bool | None = None
    content_type: str | None = None


class WantedOutput(BaseModel):
    model_config = CLOSED
    name: OutputName
    parameters: OutputParameters | None = None


class RequestParameters(BaseModel):
    model_config = CLOSED
    binary_data_output: bool | None = None
    content_type: str | None = None


class InferRequest(BaseModel):
    """At most {body_bytes} bytes."""

    model_config = CLOSED
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=1)]
    id: str | None = None
    parameters: RequestParameters | None = None
    outputs: list[WantedOutput] | None = None


class TensorSize(BaseModel):
    binary_data_size: int


class OutputTensor(BaseModel):
    """Has `data` or, where it was asked for in binary, `parameters`."""

    name: OutputName
    datatype: Annotated[str, _one_of(*sorted({output.datatype for output in OUTPUTS}))]
    shape: list[int]
    data: list[str | float] = []
    parameters: TensorSize = TensorSize(binary_data_size=0)


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


class IndexRequest(BaseModel):
    model_config = CLOSED
    ready: bool | None = Field(None, description="True: ready models alone.")


class IndexEntry(BaseModel):
    name: str
    version: str
    state: Literal["READY", "LOADING"]
    reason: str


class IndexResponse(RootModel[list[IndexEntry]]):
    """The models and their states."""


MODELS: tuple[type[BaseModel], ...] = (
    ClassifyRequest, ClassifyResponse, Problem,
    PredictRequest, PredictResponse, PredictError,
    PipelineRequest, PipelineResponse,
    InferRequest, InferResponse, InferError,
    IndexRequest, IndexResponse,
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
