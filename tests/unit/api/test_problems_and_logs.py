"""Every error has a kind, and logs tie lines together without telling about people."""

import inspect
import json
import logging
import re
import sys

import pytest

from api import errors
from api.logs import REQUEST_ID, JsonFormatter, PlainFormatter, about_analysis, trace_id
from api.problems import all_kinds, kind_of_error

RAISED = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, errors.MoodlineError)
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: error.__name__)
def test_every_error_has_a_kind(error: type[Exception]) -> None:
    kind = kind_of_error(error.__new__(error))

    assert 400 <= kind.status <= 599
    assert all_kinds()[kind.slug] == kind


def test_an_error_not_raised_on_purpose_is_unexpected() -> None:
    assert kind_of_error(KeyError("x")).status == 500


def test_slugs_can_stand_in_an_address() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in all_kinds())


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("api.x", logging.INFO, "f.py", 1, "said %s", ("so",), None)
    made.__dict__.update(extra)
    return made


def test_a_json_line_holds_the_ids() -> None:
    token = REQUEST_ID.set("r1")

    line = json.loads(JsonFormatter().format(record(analysis_id="a1")))

    REQUEST_ID.reset(token)
    assert (line["message"], line["request_id"], line["analysis_id"]) == ("said so", "r1", "a1")
    assert line["time"].endswith("+00:00")


def test_a_json_line_stays_one_line_with_a_traceback() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        text = JsonFormatter().format(record(exc_info=sys.exc_info()))

    assert "\n" not in text
    assert "ValueError" in json.loads(text)["exception"]


def test_a_plain_line_ends_with_the_ids() -> None:
    line = PlainFormatter("%(message)s").format(record(analysis_id="a1", status=200))

    assert line == "said so [analysis_id=a1 status=200]"


def test_what_is_logged_for_an_analysis_bears_its_id() -> None:
    with about_analysis("a1"):
        inside = json.loads(JsonFormatter().format(record()))
        called = trace_id()

    assert inside["analysis_id"] == called == "a1"
    assert "analysis_id" not in json.loads(JsonFormatter().format(record()))


def test_a_call_made_for_a_request_is_called_after_it() -> None:
    token = REQUEST_ID.set("r1")

    called = trace_id()

    REQUEST_ID.reset(token)
    assert called == "r1"
    assert trace_id() is None
