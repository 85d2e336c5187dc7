"""The HTTP contract: which paths there are, who may ask, and how every error is answered."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from serving.admission import TextQueue
from serving.asgi import Answer, ClientGoneError, Receive, Scope, Send, header
from serving.classify_call import Classify, ClassifyCall
from serving.downstream import CLASSIFY_PATH
from serving.errors import (
    MethodNotAllowedError,
    NotFoundError,
    NotReadyError,
    RequestError,
    UnexpectedError,
)
from serving.keys import BearerKeys
from serving.metrics import ServerMetrics
from serving.problems import KINDS, explanation_answer, problem_answer
from serving.settings import Settings

logger = logging.getLogger(__name__)

GONE = Answer(499, b"")
"""What is sent to a client that has left, and counted; nginx's number for it.

It reaches nobody, but BentoML keeps a request without any answer for its whole 60 seconds.
"""

SECONDS_TO_READY = 2
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_READ = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class ContractParts:
    """Hold what is answered from; `clock` is in seconds and never goes back."""

    settings: Settings
    keys: BearerKeys
    queue: TextQueue
    metrics: ServerMetrics
    model_page: Answer
    docs_page: Answer
    clock: Callable[[], float]


@dataclass(slots=True)
class _Visit:
    """Hold what becomes known of a request while it is answered."""

    scope: Scope
    receive: Receive
    trace_id: str
    key: str = ""
    texts: int = 0


@dataclass(frozen=True, slots=True)
class _Route:
    methods: tuple[str, ...]
    answer: Callable[[_Visit], Awaitable[Answer]]


class Contract:
    """Answer requests; `ready` says whether classifications are taken."""

    def __init__(self, parts: ContractParts, classify: Classify) -> None:
        """Answer from `parts`, and classifications by way of `classify`."""
        self.ready = False
        self._parts = parts
        self._call = ClassifyCall(
            classify,
            parts.queue,
            parts.settings.limits,
            parts.clock,
            parts.settings.deadline_seconds,
        )
        self._routes = {
            CLASSIFY_PATH: _Route(("POST",), self._classify),
            "/v1/model": _Route(_READ, self._model),
            "/livez": _Route(_READ, self._livez),
            "/readyz": _Route(_READ, self._readyz),
            "/metrics": _Route(_READ, self._metrics),
            "/docs.json": _Route(_READ, self._docs),
            **{kind.path: _Route(_READ, self._problem) for kind in KINDS.values()},
        }

    async def exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens, and count it."""
        began = self._parts.clock()
        asked = header(scope, "x-request-id") or ""
        trace_id = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        visit = _Visit(scope, receive, trace_id)
        answer = await self._answer(visit)
        await answer.send(send, trace_id, without_body=scope["method"] == "HEAD")
        route = scope["path"] if scope["path"] in self._routes else "other"
        self._parts.metrics.answered(route, answer.status, visit.key, self._parts.clock() - began)
        if answer.status == 200 and visit.texts:
            self._parts.metrics.classified(visit.texts, visit.key)

    async def _answer(self, visit: _Visit) -> Answer:
        try:
            return await self._route(visit).answer(visit)
        except UnexpectedError as error:
            logger.error("%s: %s", visit.trace_id, error.detail, exc_info=error)
            return problem_answer(error, visit.trace_id)
        except RequestError as error:
            return problem_answer(error, visit.trace_id)
        except ClientGoneError:
            return GONE
        # A boundary: a caller gets a problem document, people who run the server the traceback.
        except Exception:
            logger.exception("%s: unexpected error", visit.trace_id)
            return problem_answer(
                UnexpectedError("The server met a fault of its own."), visit.trace_id
            )

    def _route(self, visit: _Visit) -> _Route:
        path, method = visit.scope["path"], visit.scope["method"]
        route = self._routes.get(path)
        if route is None:
            raise NotFoundError("Nothing is served at this path. What is, stands at /docs.json.")
        if method not in route.methods:
            raise MethodNotAllowedError(
                f"This path takes {' and '.join(route.methods)} alone.", route.methods
            )
        return route

    async def _classify(self, visit: _Visit) -> Answer:
        visit.key = self._parts.keys.name_of(header(visit.scope, "authorization"))
        self._check_ready()
        answer, visit.texts = await self._call.answer(visit.scope, visit.receive)
        return answer

    async def _model(self, visit: _Visit) -> Answer:
        visit.key = self._parts.keys.name_of(header(visit.scope, "authorization"))
        return self._parts.model_page

    async def _livez(self, _: _Visit) -> Answer:
        return Answer.of({"status": "alive"})

    async def _readyz(self, _: _Visit) -> Answer:
        self._check_ready()
        return Answer.of({"status": "ready"})

    async def _metrics(self, _: _Visit) -> Answer:
        return self._parts.metrics.page()

    async def _docs(self, _: _Visit) -> Answer:
        return self._parts.docs_page

    async def _problem(self, visit: _Visit) -> Answer:
        return explanation_answer(visit.scope["path"])

    def _check_ready(self) -> None:
        if not self.ready:
            raise NotReadyError("The model is being made ready.", SECONDS_TO_READY)
