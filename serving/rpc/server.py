"""The gRPC server of a worker: `inference.GRPCInferenceService`, on the worker's event loop.

It answers through the same application as HTTP, so admission, keys, limits, deadlines and metrics
are the same. Here are the bounds of the transport, and gRPC's statuses for those of the contract.
A call is taken as a stream of requests, which is the same on the wire as one request, because
grpc would otherwise wait for the message without a deadline, and before the key is looked at.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
from grpc import aio

from serving.errors import AddressTakenError
from serving.http.messages import Answer, Message, Request
from serving.rpc.messages import SERVICE
from serving.settings import Settings

ROOT = "grpc"
"""What the paths of gRPC's requests begin with, in place of a slash: `grpc/METHOD`."""

METHODS = (
    "ServerLive", "ServerReady", "ServerMetadata", "ModelReady", "ModelMetadata", "ModelInfer",
)  # fmt: skip

STREAMS = 100
"""Calls at a time on one connection; a client waits with those beyond."""

PING_SECONDS = 10
"""A client that pings more often than that is disconnected."""

SILENT_SECONDS = 60
"""After so long without anything from a client it is pinged; without an answer it is gone."""

IDLE_SECONDS = 300
"""After so long without a call a connection is closed."""

QUIET_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 2.0
"""A server that stops refuses calls until none has come for so long, at most for the second: those
that come later are cancelled by grpc, which tells a client neither why nor that it may try again.
"""

_STOPPING = "The server is stopping."
_HEADERS = ("authorization", "x-request-id")
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.INVALID_ARGUMENT,  # not RESOURCE_EXHAUSTED: to try again is no use
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    499: grpc.StatusCode.CANCELLED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}

Respond = Callable[[Request], Awaitable[Answer]]
Metadata = tuple[tuple[str, str], ...]


class GrpcServer:
    """Listens on SERVING_GRPC_PORT; the workers share the port, as the kernel divides it."""

    def __init__(self, settings: Settings) -> None:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self._address = f"{host}:{settings.grpc_port}"
        self._drain_seconds = settings.deadline_seconds
        self._calls = settings.connections
        self._options = [
            ("grpc.so_reuseport", int(settings.workers > 1)),
            ("grpc.max_receive_message_length", settings.max_body_bytes),
            ("grpc.max_concurrent_streams", STREAMS),
            ("grpc.server_handshake_timeout_ms", int(settings.receive_seconds * 1000)),
            ("grpc.http2.min_ping_interval_without_data_ms", PING_SECONDS * 1000),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", PING_SECONDS * 1000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.keepalive_time_ms", SILENT_SECONDS * 1000),
            ("grpc.keepalive_timeout_ms", SILENT_SECONDS * 1000 // 3),
            ("grpc.max_connection_idle_ms", IDLE_SECONDS * 1000),
        ]
        self._server: aio.Server | None = None
        self._stopped: asyncio.Task[None] | None = None
        self._refused = 0

    async def start(self, respond: Respond) -> None:
        """Answer calls with `respond`; AddressTakenError if the address cannot be had."""

        async def answer(
            path: str, messages: AsyncIterator[bytes], context: aio.ServicerContext
        ) -> bytes:
            if self._stopped is not None:
                self._refused += 1
                await context.abort(grpc.StatusCode.UNAVAILABLE, _STOPPING, _retry_after("1"))
            return await _answer(respond, path, messages, context)

        server = aio.server(options=self._options, maximum_concurrent_rpcs=self._calls)
        handlers = {
            method: grpc.stream_unary_rpc_method_handler(
                functools.partial(answer, f"{ROOT}/{method}")
            )
            for method in METHODS
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        try:
            bound = server.add_insecure_port(self._address)
        except RuntimeError as exc:
            raise AddressTakenError(f"cannot listen for gRPC on {self._address}") from exc
        if not bound:
            raise AddressTakenError(f"cannot listen for gRPC on {self._address}")
        await server.start()
        self._server = server

    def stop_accepting(self) -> None:
        """Take no more calls, and go on with those that have been taken."""
        if self._server is not None and self._stopped is None:
            self._stopped = asyncio.create_task(self._stop(self._server))

    async def stop(self) -> None:
        """Return when the calls that have been taken are answered."""
        self.stop_accepting()
        if self._stopped is not None:
            await self._stopped

    async def _stop(self, server: aio.Server) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST_WAIT_SECONDS
        refused = -1
        while refused != self._refused and loop.time() < ends:
            refused = self._refused
            await asyncio.sleep(QUIET_SECONDS)
        await server.stop(self._drain_seconds)


async def _answer(
    respond: Respond, path: str, messages: AsyncIterator[bytes], context: aio.ServicerContext
) -> bytes:
    """Return the answer to a call, or end it with the status that its error has."""
    unread = True

    async def receive() -> Message:
        """Return the call's one message; then wait: grpc cancels a call that the client leaves."""
        nonlocal unread
        if not unread:
            await asyncio.Event().wait()
        unread = False
        body = await anext(messages, b"")
        return {"type": "http.request", "body": body, "more_body": False}

    shown = [(name, value) for name, value in context.invocation_metadata() or ()]
    # Reversed: of those with the same name the first counts, as in HTTP.
    headers = {name: value for name, value in reversed(shown) if name in _HEADERS}
    request = Request("POST", path, headers, receive, headers.get("x-request-id", ""))
    answer = await respond(request)
    seconds = dict(answer.headers).get("retry-after")
    retry = () if seconds is None else _retry_after(seconds)
    trailers = (("x-request-id", request.trace_id), *retry)
    if answer.status != 200:
        code = _CODES.get(answer.status, grpc.StatusCode.INTERNAL)
        await context.abort(code, answer.body.decode(), trailers)
    context.set_trailing_metadata(trailers)
    return answer.body


def _retry_after(seconds: str) -> Metadata:
    """Return when to try again, as HTTP says it and as gRPC's own retries read it."""
    return ("retry-after", seconds), ("grpc-retry-pushback-ms", f"{seconds}000")
