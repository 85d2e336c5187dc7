"""The OpenAPI document says what each call may answer, with examples that hold."""

import importlib
import pkgutil
from typing import Any

import pytest

from api import routes
from api.routes import openapi_examples
from tests.support.wired_service import WiredService

MODELS = {
    name: found
    for module in pkgutil.walk_packages(routes.__path__, f"{routes.__name__}.")
    for name, found in vars(importlib.import_module(module.name)).items()
}


def operations(wired: WiredService) -> dict[str, dict[str, Any]]:
    paths = wired.client.get("/openapi.json").get_json()["paths"]
    return {
        f"{method} {path}": operation
        for path, item in paths.items()
        for method, operation in item.items()
    }


def example_of(wired: WiredService, media: dict[str, Any]) -> Any:
    """Return the example of a media type, or of the model that its schema names."""
    if "example" in media:
        return media["example"]
    name = media["schema"].get("$ref", "").rpartition("/")[2]
    schemas = wired.client.get("/openapi.json").get_json()["components"]["schemas"]
    return schemas.get(name, {}).get("example")


def test_every_call_has_examples_of_its_body_and_its_answer(shared: WiredService) -> None:
    without = []
    for name, operation in operations(shared).items():
        body = list(operation.get("requestBody", {}).get("content", {}).values())
        good = [answer for status, answer in operation["responses"].items() if status < "300"]
        answers = [media for answer in good for media in (answer.get("content") or {}).values()]
        for media in (*body[:1], *answers):
            if example_of(shared, media) is None and not any(
                kind in str(good) for kind in ("event-stream", "image/png")
            ):
                without.append(name)

    assert without == []


def test_every_example_fits_its_model(shared: WiredService) -> None:
    schemas = shared.client.get("/openapi.json").get_json()["components"]["schemas"]

    examples = {name: schema["example"] for name, schema in schemas.items() if "example" in schema}

    assert len(examples) > 12
    for name, example in examples.items():
        MODELS[name].model_validate(example)


def test_the_example_of_a_result_looks_like_a_result(wired: WiredService) -> None:
    wired.analysed("alice", "sadness")
    result = wired.client.get("/v1/users/alice?country=IE").get_json()["result"]

    example = openapi_examples.USER["result"]

    assert set(example) <= set(result)
    assert set(example["support"][0]) == set(result["support"][0])


@pytest.mark.parametrize("status", ["401", "403", "429"])
def test_every_call_with_a_key_says_how_it_may_be_refused(
    shared: WiredService, status: str
) -> None:
    keyed = {name: each for name, each in operations(shared).items() if each.get("security")}

    assert len(keyed) >= 15
    for name, operation in keyed.items():
        content = operation["responses"][status]["content"]
        assert "examples" in content["application/problem+json"], name


def test_every_problem_that_is_named_has_its_own_status(shared: WiredService) -> None:
    for operation in operations(shared).values():
        for status, answer in operation["responses"].items():
            media = (answer.get("content") or {}).get("application/problem+json", {})
            for example in media.get("examples", {}).values():
                assert str(example["value"]["status"]) == status
