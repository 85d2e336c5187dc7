"""Scripts of web pages: which of them may call the server, and what they are told."""

import pytest

from tests.support.serving.by_hand import Caller, application

pytestmark = pytest.mark.anyio

PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,traceparent,x-wait-for-model",
}
TEXTS = {"texts": ["a"]}


async def test_no_page_may_call_it_unless_that_is_set() -> None:
    caller = Caller(application())

    preflight = await caller.request(
        "OPTIONS", "/v1/classify", {"origin": "https://a.example", **PREFLIGHT}
    )
    call = await caller.classify(TEXTS, headers={"origin": "https://a.example"})

    assert preflight.status == 405
    assert not any(name.startswith("access-control") for name in call.headers)


@pytest.mark.parametrize(
    ("origins", "told"), [(("https://a.example",), "https://a.example"), (("*",), "*")]
)
async def test_a_page_of_an_origin_that_is_set_may_call_it(
    origins: tuple[str, ...], told: str
) -> None:
    caller = Caller(application(cors_origins=origins, keys={"web": "0123456789abcdef"}))
    origin = {"origin": "https://a.example"}

    preflight = await caller.request("OPTIONS", "/v1/classify", {**origin, **PREFLIGHT})
    refused = await caller.classify(TEXTS, headers=origin)

    assert preflight.status == 200
    allowed = preflight.headers["access-control-allow-headers"].lower()
    assert {"authorization", "traceparent", "x-wait-for-model"} <= set(allowed.split(","))
    assert refused.status == 401  # a preflight has no key, the call needs one
    for answer in (preflight, refused):
        assert answer.headers["access-control-allow-origin"] == told
        assert "access-control-allow-credentials" not in answer.headers
    assert "Retry-After" in refused.headers["access-control-expose-headers"]


async def test_a_page_of_another_origin_is_not_let_in() -> None:
    caller = Caller(application(cors_origins=("https://a.example",)))
    origin = {"origin": "https://b.example"}

    preflight = await caller.request("OPTIONS", "/v1/classify", {**origin, **PREFLIGHT})
    call = await caller.classify(TEXTS, headers=origin)

    assert preflight.status == 400
    assert "access-control-allow-origin" not in call.headers
