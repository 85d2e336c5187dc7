"""What the service answers is what its OpenAPI document says, for requests that nobody wrote.

Schemathesis makes requests that fit the document and requests that do not, and checks each answer:
its status, type and shape, that no fault is the service's own, that what does not fit is refused,
and that no call answers without its key. The examples are the same in every run.

The document lets a later version answer more fields; here each field must be one that it names.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask_openapi3.openapi import OpenAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from api.domain.api_keys import Scope
from api.services.access import Access
from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.wired_service import NOW, WiredService, wire_service

PEPPER = "a pepper for tests only"
EXAMPLES = 12
CANNOT_SAY_ALL = (
    "/v1/analyses",
    "/v1/users/{user_name}/posts",
    "/v1/users/{user_name}/analyses",
    "/v1/users/{user_name}/patterns",
    "/v1/users/{user_name}/timeline",
    "/v1/users/{user_name}/export",
)
"""Calls that refuse what their schema takes, as it cannot say what a time, a file of posts, a
cursor or a time zone is."""


@pytest.fixture
def key_and_wired(tmp_path: Path) -> Iterator[tuple[str, WiredService]]:
    store = MemoryStore()
    key = Access(store, lambda: NOW, PEPPER).create("tests", [Scope.ADMIN], [])
    chosen = Settings(
        data_dir=tmp_path,
        api_key_pepper=PEPPER,
        rate_limit=None,
        work_rate_limit=None,
        event_poll_seconds=0.01,
        inference_retry_seconds=0.0,
    )
    with wire_service(store, chosen) as wired:
        wired.client.environ_base["HTTP_X_API_KEY"] = key
        wired.analysed("ana_ridge")
        wired.service.start()
        yield key, wired


def closed(schema: Any) -> Any:
    """Return a document whose objects have no fields but those named, unless it says they may."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    fixed = {key: value if key == "example" else closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        fixed.setdefault("additionalProperties", False)
    return fixed


def strict_document(app: OpenAPI) -> Any:
    """Return the service's document, closed, to be called in process."""
    document = schemathesis.openapi.from_dict(closed(app.api_doc))
    document.app = app
    return document


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_answers_conform_to_the_openapi_document(
    key_and_wired: tuple[str, WiredService], mode: GenerationMode
) -> None:
    key, wired = key_and_wired
    document = strict_document(wired.service.app)

    @document.auth()
    class ByKey:
        def get(self, case: Any, context: Any) -> str:
            return key

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers = {**(case.headers or {}), "X-API-Key": data}

    checked = 0
    for found in document.get_all_operations():
        operation = found.ok()
        excluded = [positive_data_acceptance] if operation.path in CANNOT_SAY_ALL else []

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        def conforms(case: schemathesis.Case) -> None:
            case.call_and_validate(excluded_checks=excluded)  # noqa: B023  run at once

        with suppress(Unsatisfiable):  # a call that takes nothing cannot be called wrongly
            conforms()
        checked += 1

    assert checked > 15
