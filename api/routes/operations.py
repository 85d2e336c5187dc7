"""Look up what the OpenAPI document says of a call, so that it can be enforced."""

from __future__ import annotations

from collections.abc import Iterator

from flask import request
from flask_openapi3.models.operation import Operation
from flask_openapi3.openapi import OpenAPI

Call = tuple[str, str]
"""Name a call by the rule of its route and its method."""


def documented(app: OpenAPI) -> Iterator[tuple[Call, Operation]]:
    """Yield every call of an app that its document describes."""
    for rule in app.url_map.iter_rules():
        described = app.paths.get(rule.rule.replace("<", "{").replace(">", "}"))
        for method in rule.methods or ():
            operation = getattr(described, method.lower(), None)
            if operation is not None:
                yield (rule.rule, method), operation


def requested() -> Call:
    """Return which call the request is, a HEAD being a GET; it has a route."""
    rule = request.url_rule.rule if request.url_rule else ""
    return rule, "GET" if request.method == "HEAD" else request.method
