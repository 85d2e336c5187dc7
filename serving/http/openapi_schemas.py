"""The JSON schemas of bodies and answers, as /docs.json names them."""

from __future__ import annotations

from typing import Any

from serving.classifier.artifact import EMOTIONS
from serving.http.problems import KINDS
from serving.http.protocols.open_inference import INPUT_NAME, OUTPUTS
from serving.http.protocols.tei import ERROR_TYPES, VALIDATION
from serving.schemas import Limits

Schema = dict[str, Any]

_STRING: Schema = {"type": "string"}
_PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}


def reference(name: str) -> Schema:
    """Return what points at the component schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def component_schemas(limits: Limits) -> dict[str, Schema]:
    """Return every schema by its name."""
    return {
        "ClassifyRequest": _classify_request(limits),
        "ClassifyResponse": {"type": "array", "items": reference("Classification")},
        "Classification": _classification(),
        "Problem": _problem(),
        "PredictRequest": _predict_request(limits),
        "PredictResponse": _predict_response(),
        "PredictError": _predict_error(),
        "InferRequest": _infer_request(limits),
        "InferResponse": _infer_response(),
        "InferError": _object({"error": _STRING}),
    }


def _object(properties: dict[str, Schema], *optional: str, **more: Any) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, **more}


def _texts(limits: Limits, text: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": limits.texts, "items": text}


def _text(limits: Limits) -> Schema:
    return {"type": "string", "maxLength": limits.text_chars}


def _bytes(limits: Limits) -> str:
    return f"At most {limits.body_bytes} bytes."


def _one(item: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": 1, "items": item}


def _classify_request(limits: Limits) -> Schema:
    return _object(
        {"texts": _texts(limits, _text(limits))},
        description=_bytes(limits),
        additionalProperties=False,
    )


def _classification() -> Schema:
    scores = _object(
        dict.fromkeys(EMOTIONS, _PROBABILITY), description="Probabilities that sum to 1."
    )
    return _object(
        {
            "label": {"enum": list(EMOTIONS), "description": "The likeliest emotion."},
            "scores": scores,
            "irony": _PROBABILITY,
            "tokens": {"type": "integer", "description": "Tokens that the model read."},
            "truncated": {"type": "boolean", "description": "Whether the text had more."},
        }
    )


def _problem() -> Schema:
    fault = {"type": "object", "properties": {"where": _STRING, "reason": _STRING}}
    return _object(
        {
            "type": {"type": "string", "enum": [kind.path for kind in KINDS.values()]},
            "title": _STRING,
            "status": {"type": "integer"},
            "detail": _STRING,
            "trace_id": _STRING,
            "errors": {"type": "array", "items": fault},
        }
    )


def _predict_request(limits: Limits) -> Schema:
    text = _text(limits)
    inputs = {
        "description": "One text, bare or as an array of one; or a batch, each in its own array.",
        "anyOf": [text, _one(text), _texts(limits, _one(text))],
    }
    options: dict[str, Schema] = {
        "truncate": {"type": ["boolean", "null"], "description": "False: too long is an error."},
        "truncation_direction": {"enum": ["Right", "right"]},
        "raw_scores": {"const": False},
    }
    return _object({"inputs": inputs, **options}, *options, description=_bytes(limits))


def _predict_response() -> Schema:
    prediction = _object({"score": _PROBABILITY, "label": {"enum": list(EMOTIONS)}})
    ranking = {"type": "array", "description": "Likeliest first.", "items": prediction}
    return {"anyOf": [ranking, {"type": "array", "items": ranking}]}


def _predict_error() -> Schema:
    words = sorted({*ERROR_TYPES.values(), VALIDATION})
    return _object({"error": _STRING, "error_type": {"enum": words}})


def _infer_request(limits: Limits) -> Schema:
    text = _text(limits)
    size = {"type": "integer", "minimum": 1, "maximum": limits.texts}
    parameters = {"type": "object"}
    tensor = _object(
        {
            "name": {"type": "string", "examples": [INPUT_NAME]},
            "datatype": {"const": "BYTES"},
            "shape": {
                "type": "array",
                "description": "[n] or [n, 1].",
                "prefixItems": [size, {"const": 1}],
                "items": False,
                "minItems": 1,
            },
            "data": _texts(limits, {"anyOf": [text, _one(text)]}),
            "parameters": parameters,
        },
        "parameters",
    )
    wanted = _object({"name": {"enum": [output.name for output in OUTPUTS]}})
    return _object(
        {
            "inputs": _one(tensor),
            "id": _STRING,
            "parameters": parameters,
            "outputs": {"type": "array", "items": wanted},
        },
        *("id", "parameters", "outputs"),
        description=_bytes(limits),
    )


def _infer_response() -> Schema:
    tensor = _object(
        {
            "name": {"enum": [output.name for output in OUTPUTS]},
            "datatype": {"enum": sorted({output.datatype for output in OUTPUTS})},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "data": {"type": "array", "items": {"type": ["string", "number"]}},
        }
    )
    return _object(
        {
            "model_name": _STRING,
            "model_version": _STRING,
            "id": _STRING,
            "parameters": _object({"emotions": _STRING}),
            "outputs": {"type": "array", "items": tensor},
        },
        "id",
    )
