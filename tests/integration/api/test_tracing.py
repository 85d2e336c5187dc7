"""With OpenTelemetry each request and each call has a span, and no span tells of anybody."""

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from api.adapters.inference_http import HttpEmotionClient
from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.servers import Reply, ScriptedServer
from tests.support.servers.inference import InferenceServer
from tests.support.wired_service import WiredService, wire_service

pytest.importorskip("opentelemetry.instrumentation.flask", reason="the extra otel is missing")

from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.logs import about_analysis
from api.telemetry import trace_app


@pytest.fixture
def spans(wired: WiredService) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = trace_app(wired.service.app, SimpleSpanProcessor(exporter))
    yield exporter
    HTTPXClientInstrumentor().uninstrument()
    provider.shutdown()


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


def test_a_request_is_a_span_with_its_template(
    wired: WiredService, spans: InMemorySpanExporter
) -> None:
    wired.client.get("/v1/users/alice?country=IE")

    (span,) = spans.get_finished_spans()
    assert "/v1/users/<user_name>" in span.name
    assert "alice" not in span.to_json()


def test_a_refused_request_has_a_span_too(wired: WiredService, spans: InMemorySpanExporter) -> None:
    wired.client.get("/v1/users/alice", headers={"Host": "evil.example"})

    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["http.status_code"] == 421


def test_health_is_not_traced(wired: WiredService, spans: InMemorySpanExporter) -> None:
    wired.client.get("/livez")

    assert spans.get_finished_spans() == ()


def test_a_call_is_a_span_that_names_the_analysis(
    wired: WiredService, spans: InMemorySpanExporter, scripted: ScriptedServer
) -> None:
    scripted.replies = [Reply(body=[])]

    with about_analysis("a1"):
        httpx.get(f"{scripted.url}/v1/users/alice", trust_env=False)

    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["moodline.analysis_id"] == "a1"
    assert "alice" not in span.to_json()
    assert "traceparent" in scripted.asked[0].headers


def test_a_call_of_the_inference_server_is_a_span_that_names_the_analysis(
    wired: WiredService, spans: InMemorySpanExporter
) -> None:
    server = InferenceServer()
    client = HttpEmotionClient(server.url)

    with about_analysis("a1"):
        client.model()
    client.close()
    server.stop()

    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["moodline.analysis_id"] == "a1"
    assert "/v1/model" not in span.to_json()


def test_without_it_nothing_of_it_is_loaded() -> None:
    code = (
        "import api.bootstrap.service, sys; print([m for m in sys.modules if 'opentelemetry' in m])"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert ran.stdout.strip() == "[]"


def test_a_collector_in_the_settings_gets_the_traces(
    settings: Settings, scripted: ScriptedServer
) -> None:
    traced = settings.model_copy(update={"otel_exporter_otlp_endpoint": scripted.url})

    with wire_service(MemoryStore(), traced) as wired:
        HTTPXClientInstrumentor().uninstrument()
        wired.client.get("/v1/users/alice")
        wired.service.stop()

    assert [asked.path for asked in scripted.asked] == ["/v1/traces"]
