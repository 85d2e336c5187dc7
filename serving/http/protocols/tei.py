"""The routes of Hugging Face's text-embeddings-inference (TEI): /predict, /health, /info.

After its router, `router/src/http/{types,server}.rs`. `inputs` is one text, bare or as `["..."]`,
answered with a ranking; or a batch, `[["..."], ...]`, answered with an array of rankings. Two
texts in a flat array are a pair in TEI, which this model cannot read: they are refused, never
taken for a batch. Unknown fields, which TEI ignores, are refused: they may be misspelt options.

A ranking has the seven emotions; irony is a separate probability and not in it.
/ping and /invocations are the names that SageMaker has for /health and /predict.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.classifier.artifact import EMOTIONS, ModelArtifact
from serving.errors import (
    BusyError,
    DeadlineExceededError,
    Fault,
    NotReadyError,
    PayloadTooLargeError,
    RequestError,
    UnexpectedError,
)
from serving.http.messages import Answer, Asked
from serving.http.problems import error_headers, kind_of, one_line
from serving.http.protocols.native import (
    FAULTS_SHOWN,
    check_texts,
    unknown_fields,
    wrong_shape,
)
from serving.schemas import Limits

PREDICT_PATH = "/predict"
INVOCATIONS_PATH = "/invocations"
HEALTH_PATH = "/health"
PING_PATH = "/ping"
INFO_PATH = "/info"
VALIDATION = "Validation"
ERROR_TYPES: dict[type[RequestError], str] = {
    BusyError: "Overloaded",
    NotReadyError: "Unhealthy",
    UnexpectedError: "Backend",
    DeadlineExceededError: "Backend",
}
"""TEI's name for an error; VALIDATION for all others."""

_FIELDS = {"inputs", "truncate", "truncation_direction", "raw_scores"}
_PAIR = (
    "holds several texts side by side, a pair in this protocol, and this model reads one text;"
    ' send a batch as [["..."], ["..."]]'
)


@dataclass(frozen=True, slots=True)
class _Wording:
    """The answer's form: one ranking for a text sent alone, else one per text."""

    alone: bool
    may_truncate: bool

    def __call__(self, classified: bytes) -> Answer:
        items = json.loads(classified)
        if not self.may_truncate:
            check_whole(items, "truncate")
        rankings = [ranking(item) for item in items]
        return Answer.of(rankings[0] if self.alone else rankings)


def read_predict(document: Mapping[str, Any], limits: Limits) -> Asked:
    """Read the JSON object in the body of /predict.

    Raises InvalidRequestError and PayloadTooLargeError; the wording raises the latter when
    `truncate` is false and a text has more tokens than the model reads.
    """
    if faults := [*unknown_fields(document, _FIELDS), *_option_faults(document)]:
        raise wrong_shape(*faults)
    texts, alone = _texts(document.get("inputs"))
    wording = _Wording(alone, may_truncate=document.get("truncate") is not False)
    return Asked(check_texts(texts, limits), wording)


def predict_refusal(error: RequestError, _: str) -> Answer:
    """Return TEI's error body, with the status and headers of the contract."""
    words = next((ERROR_TYPES[c] for c in type(error).__mro__ if c in ERROR_TYPES), VALIDATION)
    body = {"error": one_line(error, "/inputs"), "error_type": words}
    return Answer.of(body, kind_of(error).status, headers=error_headers(error))


def info_page(artifact: ModelArtifact, limits: Limits, queue_texts: int) -> Answer:
    """Return the answer of /info, in TEI's names."""
    numbered = {str(number): name for number, name in enumerate(EMOTIONS)}
    labels = {"id2label": numbered, "label2id": {name: i for i, name in enumerate(EMOTIONS)}}
    return Answer.of(
        {
            "model_id": artifact.name,
            "model_sha": None,
            "model_dtype": artifact.precision,
            "model_type": {"classifier": labels},
            "max_concurrent_requests": queue_texts,
            "max_input_length": artifact.max_tokens,
            "max_client_batch_size": limits.texts,
            "auto_truncate": True,
            "version": artifact.version,
        }
    )


def _texts(inputs: Any) -> tuple[list[Any], bool]:
    """Return the texts, not checked yet, and whether there is one that is not in a batch."""
    if isinstance(inputs, str):
        return [inputs], True
    if not isinstance(inputs, list) or not inputs:
        raise wrong_shape(Fault("/inputs", 'must be a text or a batch, [["..."], ...]'))
    if isinstance(inputs[0], str):
        if len(inputs) > 1:
            raise wrong_shape(Fault("/inputs", _PAIR))
        return inputs, True
    others = [
        index for index, one in enumerate(inputs) if not isinstance(one, list) or len(one) != 1
    ]
    if others:
        raise wrong_shape(
            *(Fault(f"/inputs/{index}", "must be an array of one text") for index in others)
        )
    return [one[0] for one in inputs], False


def _option_faults(document: Mapping[str, Any]) -> list[Fault]:
    """Return the faults of options that would change the result in a way not offered."""
    faults: list[Fault] = []
    if not isinstance(document.get("truncate"), bool | None):
        faults.append(Fault("/truncate", "must be true, false or null"))
    if document.get("truncation_direction", "Right") not in ("Right", "right"):
        faults.append(Fault("/truncation_direction", 'must be "Right": a text keeps its start'))
    if document.get("raw_scores", False) is not False:
        faults.append(Fault("/raw_scores", "must be false: probabilities alone are answered"))
    return faults


def check_whole(items: list[dict[str, Any]], option: str) -> None:
    """Raise PayloadTooLargeError, naming `option`, unless the model has read all of every text."""
    faults = [
        Fault(f"/texts/{index}", f"has more than {item['tokens']} tokens, the model's limit")
        for index, item in enumerate(items)
        if item["truncated"]
    ]
    if faults:
        detail = f"A text is too long for the model, and `{option}` is false."
        raise PayloadTooLargeError(detail, faults[:FAULTS_SHOWN])


def ranking(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the emotions, likeliest first; of equals (in six digits) the label is first."""
    scores = item["scores"]
    names = sorted(scores, key=lambda name: (-scores[name], name != item["label"]))
    return [{"score": scores[name], "label": name} for name in names]
