"""OpenTelemetry traces of requests and of the calls they make (the extra `otel`).

Spans contain no user names: instead of an address, a request's span has its route's template, and
an outgoing call's span has only the server's address.
"""

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
    """Return a span processor that exports to a collector such as http://127.0.0.1:4318."""
    return BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces"))


def trace_app(app: Flask, processor: SpanProcessor) -> TracerProvider:
    """Trace the requests of an app, and every httpx call of this process.

    Spans go to the processor; the returned provider sends the last ones when it is shut down.
    """
    provider = TracerProvider(resource=Resource({SERVICE_NAME: "moodline-api"}))
    provider.add_span_processor(processor)
    FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
        app, tracer_provider=provider, excluded_urls=_QUIET, response_hook=_answered
    )
    # Runs before the checks, so that a refused request has a span too.
    checks = app.before_request_funcs[None]
    checks.insert(0, checks.pop())
    HTTPXClientInstrumentor().instrument(
        tracer_provider=provider, request_hook=_called, async_request_hook=_called_with_asyncio
    )
    return provider


def _answered(span: Any, _status: str, _headers: Any) -> None:
    _replace_addresses(span, request.url_rule.rule if request.url_rule else "unmatched")


def _called(span: Any, call: Any) -> None:
    _replace_addresses(span, f"{call.url.scheme}://{call.url.netloc.decode()}")
    for name, value in (("request_id", REQUEST_ID.get()), ("analysis_id", ANALYSIS_ID.get())):
        if value is not None:
            span.set_attribute(f"moodline.{name}", value)


async def _called_with_asyncio(span: Any, call: Any) -> None:
    _called(span, call)


def _replace_addresses(span: Any, by: str) -> None:
    for name in _ADDRESSES:
        if name in span.attributes:
            span.set_attribute(name, by)
