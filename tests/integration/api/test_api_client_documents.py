"""The types of the Python client are those of the OpenAPI document."""

from typing import Any, get_args, is_typeddict

import pytest

from api.client import documents
from tests.support.wired_service import WiredService

TYPES = {name: each for name, each in vars(documents).items() if is_typeddict(each)}


@pytest.fixture
def schemas(shared: WiredService) -> dict[str, Any]:
    found: dict[str, Any] = shared.client.get("/openapi.json").get_json()["components"]["schemas"]
    return found


def test_each_type_has_the_fields_of_its_schema(schemas: dict[str, Any]) -> None:
    known = {name for name in TYPES if f"{name}Document" in schemas}

    assert len(known) > 25
    fields = {name: {*TYPES[name].__annotations__} for name in known}
    assert fields == {name: {*schemas[f"{name}Document"]["properties"]} for name in known}


@pytest.mark.parametrize("name", ["AnalysisState", "Emotion", "Mood", "MoodLabel", "Ownership"])
def test_each_enumeration_has_the_values_of_its_schema(schemas: dict[str, Any], name: str) -> None:
    assert [*get_args(getattr(documents, name))] == schemas[name]["enum"]
