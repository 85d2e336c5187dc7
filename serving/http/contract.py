"""The HTTP contract: which paths there are, who may ask, and how every error is answered."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from serving.errors import (
    MethodNotAllowedError,
    NotFoundError,
    NotReadyError,
    RequestError,
    UnexpectedError,
)
from serving.http.asgi import Answer, ClientGoneError, Message, Receive, Scope, Send, header
from serving.http.auth import BearerKeys
from serving.http.classify import ClassifyCall
from serving.http.downstream import CLASSIFY_PATH
from serving.http.metrics import ServerMetrics
from serving.http.problems import KINDS, explanation_answer
from serving.http.protocols import open_inference as oip
from serving.http.protocols.native import NATIVE, WireProtocol
from serving.http.protocols.open_inference import OpenInference
from serving.http.protocols.tei import PREDICT_PATH, TEI
from serving.scheduling.queue import Admission
from serving.scheduling.result_cache import ResultCache
from serving.scheduling.scheduler import Scheduler
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
    admission: Admission
    cache: ResultCache
    scheduler: Scheduler
    metrics: ServerMetrics
    model_page: Answer
    docs_page: Answer
    open_inference: OpenInference
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

    def __init__(self, parts: ContractParts) -> None:
        """Answer from `parts`."""
        self.ready = False
        # Names of requests: unlike uuid4, a number asks the kernel for nothing and lets no
        # other thread in between.
        self._run = uuid.uuid4().hex[:20]
        self._numbers = itertools.count()
        self._parts = parts
        self._call = ClassifyCall(
            parts.scheduler,
            parts.admission,
            parts.cache,
            parts.settings.limits,
            parts.clock,
            parts.settings.deadline_seconds,
        )
        self._routes = {
            CLASSIFY_PATH: self._classification(NATIVE),
            PREDICT_PATH: self._classification(TEI),
            **self._open_inference_routes(parts.open_inference),
            "/v1/model": self._page(parts.model_page, self._check_key),
            "/livez": self._page(Answer.of({"status": "alive"})),
            "/readyz": self._page(Answer.of({"status": "ready"}), self._check_ready),
            **self._optional_routes(),
            **{kind.path: self._page(explanation_answer(kind.path)) for kind in KINDS.values()},
        }
        self._protocols = {PREDICT_PATH: TEI, oip.ROOT: parts.open_inference.protocol}

    async def classify(self, texts: Sequence[str]) -> bytes:
        """Classify texts that nobody asked about, as those of a request are."""

        async def stays() -> Message:
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        return await self._call.classify(texts, stays, self._parts.settings.deadline_seconds)

    async def exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens, and count it."""
        began = self._parts.clock()
        asked = header(scope, "x-request-id") or ""
        trace_id = asked if _REQUEST_ID.fullmatch(asked) else f"{self._run}{next(self._numbers):x}"
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
            return self._refusal(visit, error)
        except RequestError as error:
            return self._refusal(visit, error)
        except ClientGoneError:
            return GONE
        # A boundary: a caller gets an error's body, people who run the server the traceback.
        except Exception:
            logger.exception("%s: unexpected error", visit.trace_id)
            return self._refusal(visit, UnexpectedError("The server met a fault of its own."))

    def _refusal(self, visit: _Visit, error: RequestError) -> Answer:
        """Return an error in the words of the protocol that the path belongs to."""
        path = visit.scope["path"]
        protocol = next(
            (one for root, one in self._protocols.items() if f"{path}/".startswith(f"{root}/")),
            NATIVE,
        )
        return protocol.refusal(error, visit.trace_id)

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

    def _optional_routes(self) -> dict[str, _Route]:
        settings = self._parts.settings
        routes: dict[str, _Route] = {}
        if settings.docs:
            routes["/docs.json"] = self._page(self._parts.docs_page)
        if settings.metrics != "off":
            routes["/metrics"] = _Route(_READ, self._metrics)
        return routes

    def _classification(self, protocol: WireProtocol) -> _Route:
        async def answer(visit: _Visit) -> Answer:
            self._check_key(visit)
            self._check_ready(visit)
            answer, visit.texts = await self._call.answer(visit.scope, visit.receive, protocol)
            return answer

        return _Route(("POST",), answer)

    def _open_inference_routes(self, open_inference: OpenInference) -> dict[str, _Route]:
        server = self._page(open_inference.server_page(), self._check_key)
        routes = {
            oip.ROOT: server,
            f"{oip.ROOT}/": server,  # the protocol's OpenAPI file writes it so
            f"{oip.ROOT}/health/live": self._page(Answer.of({"live": True})),
            f"{oip.ROOT}/health/ready": self._page(Answer.of({"ready": True}), self._check_ready),
        }
        ready = Answer.of({"name": open_inference.model, "ready": True})
        for path in open_inference.model_paths:
            routes[path] = self._page(open_inference.model_page(), self._check_key)
            routes[f"{path}/ready"] = self._page(ready, self._check_ready)
            routes[f"{path}/infer"] = self._classification(open_inference.protocol)
        return routes

    def _page(self, page: Answer, *checks: Callable[[_Visit], None]) -> _Route:
        """Return a page that stays as it is, for those whom `checks` let through."""

        async def answer(visit: _Visit) -> Answer:
            for check in checks:
                check(visit)
            return page

        return _Route(_READ, answer)

    async def _metrics(self, visit: _Visit) -> Answer:
        if self._parts.settings.metrics == "key":
            self._check_key(visit)
        self._parts.admission.observe()
        return self._parts.metrics.page()

    def _check_key(self, visit: _Visit) -> None:
        visit.key = self._parts.keys.name_of(header(visit.scope, "authorization"))

    def _check_ready(self, _: _Visit) -> None:
        if not self.ready:
            raise NotReadyError("The model is being made ready.", SECONDS_TO_READY)
