"""With OpenTelemetry each request and each call has a span, and no span tells of anybody."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from api.settings import Settings
from tests.integration.api.conftest import House, open_house
from tests.support.fakes import MemoryStore
from tests.support.servers import Reply, ScriptedServer

pytest.importorskip("opentelemetry.instrumentation.flask", reason="the extra otel is missing")

from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.logs import about_analysis
from api.telemetry import trace_app


@pytest.fixture
def spans(house: House) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = trace_app(house.service.app, SimpleSpanProcessor(exporter))
    yield exporter
    HTTPXClientInstrumentor().uninstrument()
    provider.shutdown()


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


def test_a_request_is_a_span_with_its_template(house: House, spans: InMemorySpanExporter) -> None:
    house.client.get("/v1/users/alice?country=IE")

    (span,) = spans.get_finished_spans()
    assert "/v1/users/<user_name>" in span.name
    assert "alice" not in span.to_json()


def test_a_refused_request_has_a_span_too(house: House, spans: InMemorySpanExporter) -> None:
    house.client.get("/v1/users/alice", headers={"Host": "evil.example"})

    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["http.status_code"] == 421


def test_health_is_not_traced(house: House, spans: InMemorySpanExporter) -> None:
    house.client.get("/livez")

    assert spans.get_finished_spans() == ()


def test_a_call_is_a_span_that_names_the_analysis(
    house: House, spans: InMemorySpanExporter, scripted: ScriptedServer
) -> None:
    scripted.replies = [Reply(body=[])]

    with about_analysis("a1"):
        httpx.get(f"{scripted.url}/v1/users/alice", trust_env=False)

    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["moodline.analysis_id"] == "a1"
    assert "alice" not in span.to_json()
    assert "traceparent" in scripted.asked[0].headers


def test_without_it_nothing_of_it_is_loaded() -> None:
    code = (
        "import api.bootstrap.service, sys; print([m for m in sys.modules if 'opentelemetry' in m])"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert ran.stdout.strip() == "[]"


def test_a_collector_in_the_settings_gets_the_traces(settings: Settings) -> None:
    with collector() as (url, received):
        traced = settings.model_copy(update={"otel_exporter_otlp_endpoint": url})
        with open_house(MemoryStore(), traced) as house:
            HTTPXClientInstrumentor().uninstrument()
            house.client.get("/v1/users/alice")
            house.service.stop()

    assert received == ["/v1/traces"]


@contextmanager
def collector() -> Iterator[tuple[str, list[str]]]:
    """Take what is posted, and note where to."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            received.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    thread.join()
    server.server_close()
