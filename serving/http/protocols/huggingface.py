"""Text classification as Hugging Face's InferenceClient sends and reads it.

`InferenceClient(url).text_classification(text)` posts `{"inputs", "parameters"}` to `url` itself
and reads an array of rankings, of which it returns the first; so one text is answered with an
array too. Scripts send several texts, which are a batch here, unlike in TEI.

`top_k` and `truncation` are honoured. `function_to_apply` may only be what the model is trained
for, softmax: with another function the numbers would be no probabilities of these emotions.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.errors import Fault
from serving.http.messages import Answer, Asked, WireProtocol
from serving.http.protocols.native import (
    check_json,
    check_texts,
    read_object,
    unknown_fields,
    whole_number,
    wrong_shape,
)
from serving.http.protocols.tei import check_whole, predict_refusal, ranking, read_predict
from serving.schemas import Limits

ROOT_PATH = "/"

_FORM = '{"inputs": "..."}'
_OPTIONS = {"use_cache", "wait_for_model", "use_gpu"}
"""Fields of `options` that older clients always send; none of them changes a result."""


@dataclass(frozen=True, slots=True)
class _Wording:
    """The answer's form: a ranking per text, of the `top_k` likeliest emotions."""

    top_k: int | None
    may_truncate: bool

    def __call__(self, classified: bytes) -> Answer:
        items = json.loads(classified)
        if not self.may_truncate:
            check_whole(items, "truncation")
        return Answer.of([ranking(item)[: self.top_k] for item in items])


def read_classification(body: bytes, limits: Limits, _: Mapping[str, str]) -> Asked:
    """Read the body of `POST /`; raises InvalidRequestError and PayloadTooLargeError."""
    return _classification(read_object(body, _FORM), limits)


def read_either(body: bytes, limits: Limits, _: Mapping[str, str]) -> Asked:
    """Read the body of /predict: TEI's, or with `parameters` that of Hugging Face's client."""
    document = read_object(body, _FORM)
    return (_classification if "parameters" in document else read_predict)(document, limits)


CLASSIFICATION = WireProtocol(check_json, read_classification, predict_refusal)
PREDICT = WireProtocol(check_json, read_either, predict_refusal)


def _classification(document: Mapping[str, Any], limits: Limits) -> Asked:
    parameters = _table(document, "parameters")
    faults = [
        *unknown_fields(document, {"inputs", "parameters", "options"}),
        *unknown_fields(_table(document, "options"), _OPTIONS, "/options"),
        *unknown_fields(parameters, {"function_to_apply", "top_k", "truncation"}, "/parameters"),
        *_parameter_faults(parameters),
    ]
    if faults:
        raise wrong_shape(*faults)
    texts = check_texts(_texts(document.get("inputs")), limits)
    may_truncate = parameters.get("truncation") is not False
    return Asked(texts, _Wording(whole_number(parameters.get("top_k")), may_truncate))


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an optional object of the body."""
    table = document.get(name)
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise wrong_shape(Fault(f"/{name}", "must be an object"))
    return table


def _parameter_faults(parameters: Mapping[str, Any]) -> list[Fault]:
    """Return the faults of parameters that ask for something not offered."""
    faults: list[Fault] = []
    if parameters.get("function_to_apply") not in (None, "softmax"):
        reason = 'must be "softmax", which the model is trained for: probabilities are answered'
        faults.append(Fault("/parameters/function_to_apply", reason))
    if parameters.get("top_k") is not None and (whole_number(parameters["top_k"]) or 0) < 1:
        faults.append(Fault("/parameters/top_k", "must be a whole number of at least 1"))
    if not isinstance(parameters.get("truncation"), bool | None):
        faults.append(Fault("/parameters/truncation", "must be true or false"))
    return faults


def _texts(inputs: Any) -> list[Any]:
    """Return the texts, not checked yet: one, or an array, each bare, as {"text"} or as [text]."""
    several = isinstance(inputs, list)
    texts: list[Any] = []
    for index, one in enumerate(inputs if several else [inputs]):
        where = f"/inputs/{index}" if several else "/inputs"
        text = one
        if isinstance(one, dict):
            if one.get("text_pair") is not None:
                raise wrong_shape(Fault(f"{where}/text_pair", "must not be: one text is read"))
            if unknown := unknown_fields(one, {"text", "text_pair"}, where):
                raise wrong_shape(*unknown)
            text = one.get("text")
        elif several and isinstance(one, list) and len(one) == 1:
            text = one[0]
        if not isinstance(text, str):
            raise wrong_shape(Fault(where, 'must be a text, or {"text": "..."}'))
        texts.append(text)
    if not texts:
        raise wrong_shape(Fault("/inputs", "must have at least one text"))
    return texts
