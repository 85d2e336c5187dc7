"""Requests generated from the OpenAPI document, and answers compared with it."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.support.serving.started import Started

pytestmark = [pytest.mark.integration, pytest.mark.slow]

EXAMPLES = 20
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),  # bodies of 256 texts are meant
)
REFUSED = {"checks": {"negative_data_rejection": {"expected-statuses": [400, 405, 413, 415]}}}
"""Too many texts, or too long ones, fit no schema either, and have a status of their own."""


def labels_of_cases(server: Started, mode: GenerationMode) -> set[str]:
    """Send cases of every operation and check the answers; return the operations' labels."""
    config = SchemathesisConfig.from_dict(REFUSED)
    schema = schemathesis.openapi.from_url(f"{server.url}/docs.json", config=config)
    labels = set()

    for found in schema.get_all_operations():
        operation: Any = found.ok()
        if mode is GenerationMode.NEGATIVE and operation.method == "get":
            continue  # there is nothing in it that could be wrong
        labels.add(operation.label)

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def conforms(case: schemathesis.Case) -> None:
            case.call_and_validate(
                excluded_checks=[positive_data_acceptance] if "/infer" in case.path else []
            )

        conforms()

    return labels


def test_answers_are_what_the_document_says_and_never_a_fault_of_ours(server: Started) -> None:
    """An inference may be refused although it fits: no schema says that shape and data agree."""
    labels = labels_of_cases(server, GenerationMode.POSITIVE)

    assert {"POST /v1/classify", "POST /predict", "POST /v2/models/tiny/infer"} < labels


def test_what_does_not_fit_the_document_is_refused(server: Started) -> None:
    labels = labels_of_cases(server, GenerationMode.NEGATIVE)

    assert {"POST /", "POST /v1/classify", "POST /v2/repository/index"} < labels
