"""Refuse query parameters that a call does not document, as bodies with unknown fields are."""

from __future__ import annotations

from flask import request
from flask_openapi3.models.parameter_in_type import ParameterInType
from flask_openapi3.openapi import OpenAPI

from api.errors import FieldError, InvalidRequestError
from api.routes.operations import documented, requested

_QUERY = ParameterInType.QUERY
# What a source adds to the address beside what it has to is ignored (RFC 6749, section 4.1.2).
_LET_BE = "sources.come_back_from_x"
_NAMED = 10
_LONGEST_NAME = 40


def register_query_check(app: OpenAPI) -> None:
    """Have an app check the names of parameters; call it once all routes are there."""
    known = {
        call: {each.name for each in operation.parameters or () if each.param_in == _QUERY}
        for call, operation in documented(app)
    }

    @app.before_request
    def check() -> None:
        names = known.get(requested())
        if names is None or request.blueprint == "service" or request.endpoint == _LET_BE:
            return
        unknown = [name for name in request.args if name not in names]
        if unknown:
            raise InvalidRequestError(
                "The address has parameters that this call does not take.",
                [
                    FieldError(name[:_LONGEST_NAME], "is no parameter of this call")
                    for name in unknown[:_NAMED]
                ],
            )
