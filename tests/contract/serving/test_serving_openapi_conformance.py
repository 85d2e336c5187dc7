"""Requests generated from the OpenAPI document, and answers compared with it."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
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


def test_answers_are_what_the_document_says_and_never_a_fault_of_ours(server: Started) -> None:
    """An inference may be refused although it fits: no schema says that shape and data agree."""
    schema = schemathesis.openapi.from_url(f"{server.url}/docs.json")
    labels: list[str] = []

    for found in schema.get_all_operations():
        operation = found.ok()
        labels.append(operation.label)

        @BOUNDED
        @given(case=operation.as_strategy())
        def conforms(case: schemathesis.Case) -> None:
            case.call_and_validate(
                excluded_checks=[positive_data_acceptance] if "/infer" in case.path else []
            )

        conforms()

    assert {"POST /v1/classify", "POST /predict", "POST /v2/models/tiny/infer"} < set(labels)
