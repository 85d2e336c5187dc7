"""The HTTP application in front of BentoML: routes, access, errors, and when the server is ready.

It answers everything that comes over HTTP; BentoML behind it has the process, the socket and the
service's life, and answers its own pages. Its classify endpoint is called once before the server
is ready, so a service that BentoML cannot serve never is.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.classifier.artifact import ModelArtifact
from serving.errors import (
    DeadlineExceededError,
    MethodNotAllowedError,
    NotFoundError,
    NotReadyError,
    RequestError,
    UnexpectedError,
)
from serving.http.auth import ANONYMOUS, BearerKeys
from serving.http.bentoml_app import BentomlApp
from serving.http.classify import ClassifyCall
from serving.http.cors import with_cors
from serving.http.docs_page import docs_page
from serving.http.messages import (
    Answer,
    App,
    ClientGoneError,
    Message,
    Receive,
    Request,
    Scope,
    Send,
    WireProtocol,
)
from serving.http.metrics import ServerMetrics
from serving.http.openapi import openapi_document
from serving.http.problems import KINDS
from serving.http.protocols.huggingface import CLASSIFICATION, PREDICT, ROOT_PATH
from serving.http.protocols.native import CLASSIFY_PATH, MODEL_PATH, NATIVE, model_page
from serving.http.protocols.open_inference import ROOT, OpenInference
from serving.http.protocols.tei import (
    HEALTH_PATH,
    INFO_PATH,
    INVOCATIONS_PATH,
    PING_PATH,
    PREDICT_PATH,
    info_page,
)
from serving.settings import Settings

if TYPE_CHECKING:  # needs an extra
    from serving.rpc.parts import GrpcParts

logger = logging.getLogger(__name__)

GONE = Answer(499, b"")
"""What is counted for a client that has left, and reaches nobody; nginx's number for it."""

SECONDS_TO_READY = 2
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_WORDS = "today was one of those days that I will remember for a long time "
_READ = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class ServerParts:
    """What the application answers from; `grpc` where calls are taken over gRPC too."""

    settings: Settings
    artifact: ModelArtifact
    metrics: ServerMetrics
    call: ClassifyCall
    grpc: GrpcParts | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    methods: tuple[str, ...]
    answer: Answer | Callable[[Request], Awaitable[Answer]]
    needs_key: bool = False
    needs_ready: bool = False


class Application:
    """The ASGI application; `ready` says whether texts are classified yet."""

    def __init__(self, bentoml_app: App, build: Callable[[BentomlApp], ServerParts]) -> None:
        """Stand in front of `bentoml_app`; `build` is called within its startup.

        Only there does an error stop the ASGI server.
        """
        self.ready = False
        self._bentoml_app = bentoml_app
        self._bentoml = BentomlApp(bentoml_app)
        self._build = build
        self._warming: asyncio.Task[None] | None = None
        self._grpc: GrpcParts | None = None
        # Request ids: unlike uuid4, a counter makes no system call and lets no other thread run.
        self._run = uuid.uuid4().hex[:20]
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens, and count it."""
        if scope["type"] == "lifespan":
            await self._bentoml_app(scope, receive, functools.partial(self._lifespan, send))
            return
        if scope["type"] != "http":  # a WebSocket, refused before it is accepted
            await send({"type": "websocket.close"})
            return
        await self._over_http(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Reversed: of headers with the same name the first counts.
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in reversed(scope["headers"])
        }
        trace_id = headers.get("x-request-id", "")
        request = Request(scope["method"], scope["path"], headers, receive, trace_id)
        await self.respond(request, lambda answer: _send(send, request, answer))

    async def respond(
        self, request: Request, send: Callable[[Answer], Awaitable[None]] | None = None
    ) -> Answer:
        """Return the answer to a request, whatever happens, and count it, `send` included."""
        began = self._call.clock()
        if not _REQUEST_ID.fullmatch(request.trace_id):
            request.trace_id = f"{self._run}{next(self._numbers):x}"
        trace_id = request.trace_id
        try:
            answer = await self._answer(request)
        except UnexpectedError as error:
            about = {"request_id": trace_id}
            logger.error("%s: %s", trace_id, error.detail, exc_info=error, extra=about)
            answer = self._refusal(request, error)
        except DeadlineExceededError as error:  # whoever waited for it asks why
            logger.warning("%s: %s", trace_id, error.detail, extra={"request_id": trace_id})
            answer = self._refusal(request, error)
        except RequestError as error:
            answer = self._refusal(request, error)
        except ClientGoneError:
            answer = GONE
        except asyncio.CancelledError:  # what gRPC does with a call whose client has left
            self._count(request, GONE, began)
            raise
        # A boundary: a caller gets an error's body, people who run the server the traceback.
        except Exception:
            logger.exception("%s: unexpected error", trace_id, extra={"request_id": trace_id})
            answer = self._refusal(request, UnexpectedError("The server met a fault of its own."))
        if send is not None:
            await send(answer)
        self._count(request, answer, began)
        return answer

    def _count(self, request: Request, answer: Answer, began: float) -> None:
        route = request.path if request.path in self._routes else "other"
        self._metrics.answered(route, answer.status, request.key, self._call.clock() - began)
        if answer.status == 200 and request.texts:
            self._metrics.classified(request.texts, request.key)

    async def _answer(self, request: Request) -> Answer:
        route = self._routes.get(request.path)
        if route is None:
            raise NotFoundError("Nothing is served at this path. What is, stands at /docs.json.")
        if request.method not in route.methods:
            raise MethodNotAllowedError(
                f"This path takes {' and '.join(route.methods)} alone.", route.methods
            )
        if route.needs_key:
            shown = request.headers.get("authorization")
            request.key = self._keys.name_of(shown) if self._keys else ANONYMOUS
        if route.needs_ready and not self.ready:
            raise NotReadyError("The model is being made ready.", SECONDS_TO_READY)
        if isinstance(route.answer, Answer):
            return route.answer
        return await route.answer(request)

    def _refusal(self, request: Request, error: RequestError) -> Answer:
        """Return an error in the wire format that the path belongs to."""
        protocol = next(
            (
                protocol
                for root, protocol in self._protocols.items()
                if f"{request.path}/".startswith(f"{root}/")
            ),
            NATIVE,
        )
        return protocol.refusal(error, request.trace_id)

    def stop_accepting(self) -> None:
        """Take no more gRPC calls; what the connections of HTTP do is decided by their limits."""
        if self._grpc is not None:
            self._grpc.server.stop_accepting()

    def start(self) -> None:
        """Build what answers; before it no request may come."""
        parts = self._build(self._bentoml)
        self._call = parts.call
        self._metrics = parts.metrics
        self._queue_texts = parts.settings.queue_texts
        origins = parts.settings.cors_origins
        self._over_http = with_cors(self._respond, origins) if origins else self._respond
        self._keys = BearerKeys(parts.settings.keys) if parts.settings.keys else None
        open_inference = OpenInference(parts.artifact.name, parts.artifact.version)
        hugging_face = (PREDICT_PATH, INVOCATIONS_PATH, HEALTH_PATH, PING_PATH, INFO_PATH)
        self._protocols = {
            ROOT_PATH: CLASSIFICATION,
            **dict.fromkeys(hugging_face, PREDICT),
            ROOT: open_inference.protocol,
        }
        self._routes = {
            CLASSIFY_PATH: self._classification(NATIVE),
            ROOT_PATH: self._classification(CLASSIFICATION),
            PREDICT_PATH: self._classification(PREDICT),
            INVOCATIONS_PATH: self._classification(PREDICT),
            **self._open_inference_routes(open_inference),
            **self._pages(parts),
        }
        self._grpc = parts.grpc
        if parts.grpc is not None:
            self._protocols[parts.grpc.root] = parts.grpc.messages.protocol
            self._routes |= self._grpc_routes(parts.grpc)

    def _pages(self, parts: ServerParts) -> dict[str, _Route]:
        settings = parts.settings
        model = model_page(parts.artifact, settings.limits)
        info = info_page(parts.artifact, settings.limits, settings.queue_texts)
        health = _Route(_READ, Answer(200, b"", "text/plain"), needs_ready=True)
        pages = {
            MODEL_PATH: _Route(_READ, model, needs_key=True),
            "/livez": _Route(_READ, Answer.of({"status": "alive"})),
            "/readyz": _Route(_READ, Answer.of({"status": "ready"}), needs_ready=True),
            HEALTH_PATH: health,
            PING_PATH: health,
            INFO_PATH: _Route(_READ, info, needs_key=True),
            "/healthz": _Route(_READ, self._bentoml_page),
            **{kind.path: _Route(_READ, kind.page) for kind in KINDS.values()},
        }
        if settings.docs:
            docs = Answer.of(openapi_document(parts.artifact, settings))
            pages |= {"/docs.json": _Route(_READ, docs)}
            pages |= {path: _Route(_READ, file) for path, file in docs_page().items()}
            pages |= {"/schema.json": _Route(_READ, self._bentoml_page)}
        if settings.metrics != "off":
            needs_key = settings.metrics == "key"
            pages |= {"/metrics": _Route(_READ, self._metrics_page, needs_key)}
        return pages

    def _open_inference_routes(self, model: OpenInference) -> dict[str, _Route]:
        server = _Route(_READ, model.server_page(), needs_key=True)
        live, ready = Answer.of({"live": True}), Answer.of({"ready": True})
        routes = {
            ROOT: server,
            f"{ROOT}/": server,  # the protocol's OpenAPI file writes it so
            f"{ROOT}/models": _Route(_READ, model.models_page(), needs_key=True),
            f"{ROOT}/repository/index": _Route(
                ("POST",), functools.partial(self._repository_index, model), needs_key=True
            ),
            f"{ROOT}/health/live": _Route(_READ, live),
            f"{ROOT}/health/ready": _Route(_READ, ready, needs_ready=True),
        }
        model_ready = Answer.of({"name": model.model, "ready": True})
        for path in model.model_paths:
            routes[path] = _Route(_READ, model.model_page(), needs_key=True)
            routes[f"{path}/ready"] = _Route(_READ, model_ready, needs_ready=True)
            routes[f"{path}/infer"] = self._classification(model.protocol)
        return routes

    def _grpc_routes(self, grpc: GrpcParts) -> dict[str, _Route]:
        messages = grpc.messages
        asked = self._call.body_of

        async def server_ready(_: Request) -> Answer:
            return messages.server_ready(self.ready)

        async def model_ready(request: Request) -> Answer:
            return messages.model_ready(await asked(request), self.ready)

        async def model_metadata(request: Request) -> Answer:
            return messages.model_metadata(await asked(request))

        post = ("POST",)
        routes = {
            "ServerLive": _Route(post, messages.server_live()),
            "ServerReady": _Route(post, server_ready),
            "ServerMetadata": _Route(post, messages.server_metadata(), needs_key=True),
            "ModelReady": _Route(post, model_ready),
            "ModelMetadata": _Route(post, model_metadata, needs_key=True),
            "ModelInfer": self._classification(messages.protocol),
        }
        return {f"{grpc.root}/{method}": route for method, route in routes.items()}

    def _classification(self, protocol: WireProtocol) -> _Route:
        answer = functools.partial(self._call.answer, protocol=protocol)
        return _Route(("POST",), answer, needs_key=True, needs_ready=True)

    async def _repository_index(self, model: OpenInference, request: Request) -> Answer:
        return model.repository_index(await self._call.body_of(request), self.ready)

    async def _metrics_page(self, _: Request) -> Answer:
        self._call.admission.observe()
        return self._metrics.page()

    async def _bentoml_page(self, request: Request) -> Answer:
        return await self._bentoml.page(request.path)

    async def _lifespan(self, send: Send, message: Message) -> None:
        """Pass on what BentoML says of its life; warm up when it has started."""
        if message["type"] == "lifespan.startup.complete":
            self.start()
            if self._grpc is not None:
                await self._grpc.server.start(self.respond)
            self._warming = asyncio.create_task(self._warm_up())
        elif message["type"].startswith("lifespan.shutdown") and self._warming is not None:
            if self._grpc is not None:
                await self._grpc.server.stop()
            self._warming.cancel()
            self._call.scheduler.close()
        await send(message)

    async def _warm_up(self) -> None:
        """Make the server ready; where that fails, log why and stay not ready.

        The model allocates its memory in the first runs of each length.
        """
        try:
            await self._bentoml.classify(["ready?"])
            await self._classify_own([_WORDS])
            longer = [_WORDS * repeats for repeats in (1, 2, 4, 8, 16, 32)]
            for first in range(0, len(longer), self._queue_texts):
                await self._classify_own(longer[first : first + self._queue_texts])
        # A boundary: a task that nobody awaits would keep its exception to itself.
        except Exception:
            logger.exception("the server cannot be warmed up and stays not ready")
            return
        self.ready = True
        logger.info("the server is warm and ready")

    async def _classify_own(self, texts: Sequence[str]) -> bytes:
        async def stays() -> Message:
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        return await self._call.classify(texts, stays, self._call.deadline_seconds, ANONYMOUS)


async def _send(send: Send, request: Request, answer: Answer) -> None:
    """Send an answer, only its headers where the method is HEAD."""
    headers = [
        ("content-type", answer.content_type),
        ("content-length", str(len(answer.body))),
        ("x-request-id", request.trace_id),
        *answer.headers,
    ]
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        }
    )
    body = b"" if request.method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})
