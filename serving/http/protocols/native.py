"""This server's own format: /v1/classify and /v1/model, and checks that other formats share."""

import json
from collections.abc import Mapping, Set
from dataclasses import asdict
from typing import Any

from serving.classifier.artifact import ModelArtifact
from serving.errors import Fault, InvalidRequestError, PayloadTooLargeError, UnsupportedMediaError
from serving.http.messages import JSON_TYPE, Answer, Asked, WireProtocol
from serving.http.problems import problem_answer
from serving.schemas import LONG_TEXTS, Limits

CLASSIFY_PATH = "/v1/classify"
MODEL_PATH = "/v1/model"
FAULTS_SHOWN = 10
UTF_8 = {"utf-8", "utf8", "us-ascii", "ascii"}
"""Names of UTF-8, and of its part that is ASCII."""


def check_json(headers: Mapping[str, str], unstated: str = "") -> None:
    """Raise UnsupportedMediaError unless the headers promise a body of plain JSON in UTF-8.

    `unstated` is the media type of a body without a Content-Type.
    """
    media_type, *parameters = (headers.get("content-type") or unstated).lower().split(";")
    charsets = [
        value.strip().strip("\"'")
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip() == "charset"
    ]
    if media_type.strip() != JSON_TYPE or not set(charsets) <= UTF_8:
        raise UnsupportedMediaError(f"Send the body with `Content-Type: {JSON_TYPE}`, in UTF-8.")


def read_classify(body: bytes, limits: Limits, _: Mapping[str, str]) -> Asked:
    """Read the body of /v1/classify, `{"texts": ["...", ...], "long_texts": "truncate"}`.

    Raises InvalidRequestError when the body is anything else, and what check_texts raises.
    """
    document = read_object(body, '{"texts": ["...", ...]}')
    if "texts" not in document:
        raise wrong_shape(Fault("/texts", "is missing"))
    if unknown := unknown_fields(document, {"texts", "long_texts"}):
        raise wrong_shape(*unknown)
    long_texts = document.get("long_texts", "truncate")
    if long_texts not in LONG_TEXTS:
        raise wrong_shape(Fault("/long_texts", f"must be one of {', '.join(LONG_TEXTS)}"))
    texts = check_texts(document["texts"], limits)
    return Asked(texts, lambda classified: Answer(200, classified), long_texts == "window")


NATIVE = WireProtocol(check_json, read_classify, problem_answer)


def read_object(body: bytes, form: str) -> dict[str, Any]:
    """Return the JSON object in a body; InvalidRequestError, which shows `form`, without one."""
    try:
        document = json.loads(body.decode("utf-8-sig"))  # some clients begin with a BOM
    # RecursionError: brackets nested thousands deep.
    except (ValueError, RecursionError) as exc:
        raise InvalidRequestError("The body is not JSON in UTF-8.") from exc
    if not isinstance(document, dict):
        raise wrong_shape(Fault("", f"must be an object, {form}"))
    return document


def check_texts(texts: Any, limits: Limits) -> list[str]:
    """Return `texts` if they are a list of texts within the limits.

    Raises InvalidRequestError when they are anything else, PayloadTooLargeError when there are
    more texts, or longer ones. Both name the first FAULTS_SHOWN texts, as /texts/{index}.
    """
    if not isinstance(texts, list) or not texts:
        raise wrong_shape(Fault("/texts", "must be an array of at least one text"))
    if len(texts) > limits.texts:
        reason = f"has {len(texts)} texts, the limit is {limits.texts}"
        raise PayloadTooLargeError("Too many texts in one request.", [Fault("/texts", reason)])
    others = [index for index, text in enumerate(texts) if not isinstance(text, str)]
    if others:
        raise wrong_shape(*(Fault(f"/texts/{index}", "must be a string") for index in others))
    faults = [
        Fault(f"/texts/{index}", f"has {len(text)} characters, the limit is {limits.text_chars}")
        for index, text in enumerate(texts)
        if len(text) > limits.text_chars
    ]
    if faults:
        raise PayloadTooLargeError("A text is too long.", faults[:FAULTS_SHOWN])
    return texts


def whole_number(value: Any) -> int | None:
    """Return a whole number in JSON, None for anything else; 3.0 is one too, as in JSON Schema."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def unknown_fields(document: Mapping[str, Any], known: Set[str], at: str = "") -> list[Fault]:
    """Return a fault for each field of the object at `at` that is not known.

    An option that nobody reads, or a misspelt one, would be ignored in silence.
    """
    return [
        Fault(f"{at}/{_escaped(name)}", "is not a known field")
        for name in sorted(document.keys() - known)
    ]


def wrong_shape(*faults: Fault) -> InvalidRequestError:
    """Return the error of a body with these faults, of which the first FAULTS_SHOWN are named."""
    return InvalidRequestError("The body is not what this address takes.", faults[:FAULTS_SHOWN])


def model_page(artifact: ModelArtifact, limits: Limits) -> Answer:
    """Return the answer of /v1/model: which model this is, how good it is, and the limits."""
    return Answer.of(
        {
            "name": artifact.name,
            "version": artifact.version,
            "base": artifact.base,
            "precision": artifact.precision,
            "labels": list(artifact.labels),
            "max_tokens": artifact.max_tokens,
            "preprocess_version": artifact.preprocess_version,
            "accuracy": artifact.accuracy,
            "limits": asdict(limits),
        }
    )


def _escaped(name: str) -> str:
    """Return a field's name as a step of a JSON pointer (RFC 6901), cut to a readable length."""
    shown = name[:40].encode("utf-8", "replace").decode()
    return shown.replace("~", "~0").replace("/", "~1")
