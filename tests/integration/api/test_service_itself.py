"""Health, metrics, documentation, the dashboard, and what holds for every answer."""

import json
import posixpath
import re
from typing import Any

import pytest

from api.logs import JsonFormatter
from api.problems import all_kinds
from tests.support.fakes import FailingStore
from tests.support.wired_service import WiredService, problem


def test_it_is_alive_and_ready_until_a_dependency_is_missing(wired: WiredService) -> None:
    ready = wired.client.get("/readyz")
    wired.emotions.down = True
    missing = wired.client.get("/readyz")

    assert (ready.status_code, ready.get_json()["status"]) == (200, "ready")
    assert missing.status_code == 503
    assert missing.get_json() == {
        "status": "missing: inference",
        "dependencies": {"store": True, "inference": False},
    }
    assert wired.client.get("/livez").get_json() == {"status": "alive"}


def test_a_store_that_is_down_is_told_and_not_its_error(wired: WiredService) -> None:
    assert isinstance(wired.store, FailingStore)
    wired.store.down = True

    ready = wired.client.get("/readyz")
    answer = wired.client.get("/v1/users/alice")

    wired.store.down = False
    assert ready.get_json()["dependencies"] == {"store": False, "inference": True}
    assert "fake store" not in problem(answer, 503, "store-unavailable")["detail"]
    assert "Retry-After" in answer.headers


def test_an_unexpected_error_never_shows_its_text(
    wired: WiredService, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(user_id: str) -> Any:
        raise RuntimeError("secret inside")

    wired.store.user = broken  # type: ignore[method-assign]

    answer = wired.client.get("/v1/users/alice")

    document = problem(answer, 500, "unexpected")
    assert "secret inside" not in answer.text
    assert "RuntimeError: secret inside" in caplog.text
    assert document["trace_id"]


@pytest.mark.parametrize("path", ["/nothing", "/v1/analyses/a/b/c", "/web/none.js", "/problems/x"])
def test_an_unknown_address_is_a_problem_document(shared: WiredService, path: str) -> None:
    problem(shared.client.get(path), 404, "not-found")


def test_a_wrong_method_is_told_the_right_ones(shared: WiredService) -> None:
    answer = shared.client.put("/v1/analyses")

    problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_every_problem_type_answers_with_an_explanation(shared: WiredService) -> None:
    for slug, kind in all_kinds().items():
        page = shared.client.get(f"/problems/{slug}")

        assert page.status_code == 200
        assert kind.title in page.text


def test_metrics_count_requests_by_template_analyses_and_inference_calls(
    wired: WiredService,
) -> None:
    wired.analysed("alice")
    wired.client.get("/v1/users/alice")
    wired.client.get("/some/unknown/path")

    text = wired.client.get("/metrics").text

    counted = 'moodline_requests_total{method="GET",route="/v1/users/<user_name>",status="200"} 1.0'
    assert counted in text
    assert 'route="unmatched",status="404"} 1.0' in text
    assert 'moodline_analyses_total{state="succeeded"} 1.0' in text
    assert 'moodline_inference_calls_total{outcome="succeeded"} 2.0' in text
    assert 'moodline_stage_seconds_count{stage="classify"} 1.0' in text
    assert "alice" not in text
    assert "unknown/path" not in text


def test_a_trace_id_is_accepted_or_made(shared: WiredService) -> None:
    taken = shared.client.get("/livez", headers={"X-Request-Id": "abc-123"})
    made = shared.client.get("/livez", headers={"X-Request-Id": "bad id\u00fc"})

    assert taken.headers["X-Request-Id"] == "abc-123"
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["X-Request-Id"])


def test_the_line_about_a_start_ties_request_and_analysis(
    wired: WiredService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="api")
    handler = caplog.handler
    handler.setFormatter(JsonFormatter())

    started = wired.start("alice")

    (line,) = [json.loads(line) for line in caplog.text.splitlines() if "answered" in line]
    assert line["analysis_id"] == started.get_json()["analysis_id"]
    assert line["request_id"] == started.headers["X-Request-Id"]
    assert "alice" not in caplog.text


@pytest.mark.parametrize("path", ["/", "/docs", "/livez", "/nothing", "/web/dashboard.js"])
def test_security_headers_stand_on_every_answer(shared: WiredService, path: str) -> None:
    headers = shared.client.get(path).headers

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example"])
def test_another_host_name_is_refused(shared: WiredService, host: str) -> None:
    for path in ("/", "/docs", "/openapi.json", "/v1/users/alice", "/nothing"):
        problem(shared.client.get(path, headers={"Host": host}), 421, "misdirected")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
@pytest.mark.parametrize("host", ["10.2.3.4:8000", "api:8000", "moodline.example", "[fd00::1]"])
def test_health_and_metrics_answer_to_any_host_name(
    shared: WiredService, path: str, host: str
) -> None:
    assert shared.client.get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LocalHost"])
def test_a_loopback_host_name_is_served(shared: WiredService, host: str) -> None:
    assert shared.client.get("/docs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_web_site_may_not_change_anything(
    shared: WiredService, headers: dict[str, str]
) -> None:
    changed = shared.client.post(
        "/v1/users/alice/posts", data=b"x", content_type="text/plain", headers=headers
    )
    analysed = shared.client.get("/start_analysis/alice?consent=true", headers=headers)

    problem(changed, 403, "cross-site")
    problem(analysed, 403, "cross-site")


def test_a_link_or_a_typed_address_starts_nothing_and_leads_to_the_page_that_asks(
    wired: WiredService,
) -> None:
    headers = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}

    answer = wired.client.get("/start_analysis/alice?consent=true", headers=headers)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/?user=alice"
    problem(wired.client.get("/v1/users/alice"), 404, "not-found")


def test_the_own_page_may_change_things(wired: WiredService) -> None:
    answer = wired.client.put(
        "/v1/users/alice/consent",
        headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    )

    assert answer.status_code == 200


def test_the_openapi_document_lists_every_call_with_its_errors(shared: WiredService) -> None:
    document = shared.client.get("/openapi.json").get_json()

    served = {
        re.sub(r"<([^>]+)>", r"{\1}", rule.rule)
        for rule in shared.service.app.url_map.iter_rules()
        if not rule.rule.startswith(("/web/", "/problems/", "/docs/assets/"))
    } - {"/", "/docs", "/openapi.json"}
    assert set(document["paths"]) == served
    start = document["paths"]["/v1/analyses"]["post"]
    assert "application/problem+json" in start["responses"]["400"]["content"]
    assert "202" in start["responses"]
    assert "ProblemDocument" in document["components"]["schemas"]
    unprocessable = [
        call["operationId"]
        for path in document["paths"].values()
        for call in path.values()
        if "422" in call["responses"]
    ]
    assert unprocessable == [start["operationId"]]  # the framework lists it for every call
    ids = [call["operationId"] for path in document["paths"].values() for call in path.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_pages_use_only_what_this_service_serves(shared: WiredService, page: str) -> None:
    text = shared.client.get(page).text

    links = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert links
    assert all(shared.client.get(link).status_code == 200 for link in links)
    assert "<script>" not in text
    assert " style=" not in text
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_scripts_import_only_what_this_service_serves(shared: WiredService) -> None:
    waiting, seen = ["/web/dashboard.js"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)

        script = shared.client.get(path)

        assert script.status_code == 200, path
        assert script.mimetype in ("text/javascript", "application/javascript")
        assert "innerHTML" not in script.text
        imported = {
            posixpath.normpath(posixpath.join(posixpath.dirname(path), each))
            for each in re.findall(r'from "(\.[^"]+)"', script.text)
        }
        waiting += imported - seen
    assert len(seen) > 10
