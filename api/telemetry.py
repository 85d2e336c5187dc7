"""Trace requests and the calls that they make, with OpenTelemetry (the extra `otel`).

Spans hold no user names: where an address would stand, a request's span has its route's template,
and a call's span has the server's address alone.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from api.logs import ANALYSIS_ID, REQUEST_ID

_QUIET = "livez,readyz,metrics"
_ADDRESSES = ("http.url", "http.target", "url.full", "url.path", "url.query")


def otlp_processor(endpoint: str) -> SpanProcessor:
    """Return what sends spans to the collector at an address, such as http://127.0.0.1:4318."""
    return BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces"))


def trace_app(app: Flask, processor: SpanProcessor) -> TracerProvider:
    """Have an app traced, and every call that httpx makes in this process.

    Spans go to the processor; the provider that is returned sends the last ones at exit.
    """
    provider = TracerProvider(resource=Resource({SERVICE_NAME: "moodline-api"}))
    provider.add_span_processor(processor)
    FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
        app, tracer_provider=provider, excluded_urls=_QUIET, response_hook=_answered
    )
    # Before the checks that may refuse a request, so that it has a span all the same.
    checks = app.before_request_funcs[None]
    checks.insert(0, checks.pop())
    HTTPXClientInstrumentor().instrument(tracer_provider=provider, request_hook=_called)
    return provider


def _answered(span: Any, _status: str, _headers: Any) -> None:
    _replace_addresses(span, request.url_rule.rule if request.url_rule else "unmatched")


def _called(span: Any, call: Any) -> None:
    _replace_addresses(span, f"{call.url.scheme}://{call.url.netloc.decode()}")
    for name, value in (("request_id", REQUEST_ID.get()), ("analysis_id", ANALYSIS_ID.get())):
        if value is not None:
            span.set_attribute(f"moodline.{name}", value)


def _replace_addresses(span: Any, by: str) -> None:
    for name in _ADDRESSES:
        if name in span.attributes:
            span.set_attribute(name, by)
