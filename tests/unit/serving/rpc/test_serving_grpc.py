"""The gRPC server on an application without a model, over loopback, with grpc's own client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import grpc
import pytest
from grpc import aio

from serving.errors import AddressTakenError
from serving.http.application import Application
from serving.http.protocols.open_inference import OpenInference
from serving.rpc.messages import message
from serving.rpc.parts import GrpcParts
from serving.rpc.server import SERVICE, GrpcServer
from serving.settings import Settings
from tests.support.serving.by_hand import (
    BAD,
    FakeScheduler,
    application,
    in_event_loop,
    server_parts,
    until,
)
from tests.support.serving.started import free_port

pytestmark = pytest.mark.integration

KEYS = {"team-a": "0123456789abcdef", "team-b": "fedcba9876543210"}
TEAM_A = (("authorization", "Bearer 0123456789abcdef"),)
TEAM_B = (("authorization", "Bearer fedcba9876543210"),)
RAW = b"\x01\x00\x00\x00a"
Call = Callable[..., Any]


@asynccontextmanager
async def serving(
    scheduler: FakeScheduler | None = None, **settings: Any
) -> AsyncIterator[tuple[Application, GrpcServer, Call]]:
    """Start a server; also return what calls one of its methods."""
    parts = server_parts(scheduler, grpc_port=free_port(), **settings)
    made = GrpcParts.of(parts.settings, OpenInference("fake", "1"))
    app = application(replace(parts, grpc=made))
    await made.server.start(app.respond)
    async with aio.insecure_channel(f"127.0.0.1:{parts.settings.grpc_port}") as channel:

        def call(method: str, body: bytes = b"", **options: Any) -> Any:
            return channel.unary_unary(f"/{SERVICE}/{method}")(body, timeout=8, **options)

        yield app, made.server, call
        await made.server.stop()


def infer(
    *texts: str | bytes,
    raw: bytes | None = None,
    contents: Sequence[bytes] | None = None,
    size: int | None = None,
    **fields: Any,
) -> bytes:
    """Return a request, whose texts are in its contents or, as they are, in `raw`.

    `contents` may stand beside `raw`, and `size` is said to be its length.
    """
    request = message("ModelInferRequest")(**{"model_name": "fake", **fields})
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[len(texts)])
    if size is not None:
        tensor.parameters["binary_data_size"].int64_param = size
    if contents is not None:
        tensor.contents.SetInParent()
        tensor.contents.bytes_contents.extend(contents)
    if raw is not None:
        request.raw_input_contents.append(raw)
    else:
        tensor.contents.bytes_contents.extend(
            text if isinstance(text, bytes) else text.encode() for text in texts
        )
    written: bytes = request.SerializeToString()
    return written


def port_of(app: Application) -> int:
    assert app._grpc is not None
    return int(app._grpc.server._address.rpartition(":")[2])


def answer_of(body: bytes) -> Any:
    return message("ModelInferResponse").FromString(body)


async def refused(call: Any) -> tuple[grpc.StatusCode, str, dict[str, Any]]:
    with pytest.raises(aio.AioRpcError) as caught:
        await call
    error = caught.value
    return error.code(), error.details() or "", dict(error.trailing_metadata())


@in_event_loop
async def test_texts_in_contents_are_answered_in_contents() -> None:
    async with serving() as (_, _, call):
        answer = answer_of(await call("ModelInfer", infer("a", "ü", id="7")))

    assert (answer.model_name, answer.model_version, answer.id) == ("fake", "1", "7")
    label, scores, irony = answer.outputs
    assert list(label.contents.bytes_contents) == [b"joy", b"joy"]
    assert list(scores.shape) == [2, 7]
    assert list(scores.contents.fp32_contents) == [0, 0, 1, 0, 0, 0, 0] * 2
    assert list(irony.contents.fp32_contents) == [0.5, 0.5]


@in_event_loop
async def test_raw_texts_are_answered_raw() -> None:
    """Their length and empty contents beside them are what some clients, as kserve's, send too."""
    async with serving() as (_, _, call):
        body = infer("a", raw=RAW, contents=[], size=len(RAW))
        answer = answer_of(await call("ModelInfer", body))

    assert answer.raw_output_contents[0] == b"\x03\x00\x00\x00joy"
    assert len(answer.raw_output_contents[1]) == 7 * 4


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"\xff\xff", "INVALID_ARGUMENT", "not a inference.ModelInferRequest"),
        (b"", "NOT_FOUND", "fake, version 1"),
        (infer("a", model_version="2"), "NOT_FOUND", "fake, version 1"),
        (infer(), "INVALID_ARGUMENT", ""),
        (infer(b"\xff"), "INVALID_ARGUMENT", "bytes_contents/0 is not UTF-8"),
        (infer("a", raw=b"\x09\x00\x00\x00a"), "INVALID_ARGUMENT", "longer than the binary data"),
        (infer("a", raw=b""), "INVALID_ARGUMENT", "ends before the length"),
        (infer("a", raw=RAW, contents=[b"a"]), "INVALID_ARGUMENT", "not be beside binary data"),
        (infer("a", raw=RAW, size=6), "INVALID_ARGUMENT", "binary_data_size must be the length"),
        (infer("a", size=5), "INVALID_ARGUMENT", "binary_data_size must be the length"),
        (infer("aaaa"), "INVALID_ARGUMENT", "bytes_contents/0 has 4 characters, the limit is 3"),
        (infer("a", "b", "c"), "INVALID_ARGUMENT", "3 texts, the limit is 2"),
        (infer("a", outputs=[{"name": "x"}]), "INVALID_ARGUMENT", "/outputs/0 must name one of"),
        (infer(BAD), "INTERNAL", "bytes_contents/0 could not be classified"),
        (infer("a" * 5000), "RESOURCE_EXHAUSTED", "larger than max"),
    ],
)  # fmt: skip
@in_event_loop
async def test_what_cannot_be_answered_has_a_status_and_says_why(
    body: bytes, code: str, said: str
) -> None:
    limits = {"max_texts": 2, "max_text_chars": 3, "max_body_bytes": 4096}
    async with serving(**limits) as (_, _, call):
        status, details, _ = await refused(call("ModelInfer", body))

    assert status.name == code
    assert said in details


@in_event_loop
async def test_few_bytes_that_unpack_to_very_many_are_refused() -> None:
    async with serving(max_body_bytes=4096) as (_, _, call):
        packed = call("ModelInfer", bytes(1 << 24), compression=grpc.Compression.Gzip)
        code, details, _ = await refused(packed)

    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in details


@in_event_loop
async def test_without_a_key_there_is_no_answer_and_liveness_needs_none() -> None:
    async with serving(keys=KEYS) as (_, _, call):
        codes = [
            (await refused(call(method, infer("a"))))[0]
            for method in ("ServerMetadata", "ModelMetadata", "ModelInfer")
        ]
        live = await call("ServerLive")
        await call("ModelInfer", infer("a"), metadata=TEAM_A)

    assert codes == [grpc.StatusCode.UNAUTHENTICATED] * 3
    assert message("ServerLiveResponse").FromString(live).live


@in_event_loop
async def test_before_the_model_is_warm_it_is_alive_and_not_ready() -> None:
    async with serving() as (app, _, call):
        app.ready = False
        ready = message("ServerReadyResponse").FromString(await call("ServerReady")).ready
        code, _, trailers = await refused(call("ModelInfer", infer("a")))

    assert not ready
    assert code is grpc.StatusCode.UNAVAILABLE
    assert int(trailers["retry-after"]) > 0


@in_event_loop
async def test_a_key_over_its_share_is_told_when_to_try_again_and_another_is_served() -> None:
    scheduler = FakeScheduler(blocked=True)
    async with serving(scheduler, keys=KEYS, queue_texts=512) as (_, _, call):
        flood = call("ModelInfer", infer(*["a"] * 256), metadata=TEAM_A)
        await until(lambda: bool(scheduler.came))
        code, details, trailers = await refused(call("ModelInfer", infer("a"), metadata=TEAM_A))
        other = call("ModelInfer", infer("a"), metadata=TEAM_B)
        scheduler.go_on.set()
        await flood
        await other

    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "256 texts of your key are waiting already" in details
    assert int(trailers["grpc-retry-pushback-ms"]) == 1000 * int(trailers["retry-after"])


@in_event_loop
async def test_the_servers_deadline_ends_a_call() -> None:
    scheduler = FakeScheduler(blocked=True)
    async with serving(scheduler, deadline_seconds=0.05) as (_, _, call):
        code, details, _ = await refused(call("ModelInfer", infer("a")))
        scheduler.go_on.set()

    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "within 0.05 seconds" in details


@pytest.mark.parametrize(
    ("metadata", "code"), [((), "UNAUTHENTICATED"), (TEAM_A, "DEADLINE_EXCEEDED")]
)
@in_event_loop
async def test_a_call_whose_message_never_comes_is_ended(metadata: Any, code: str) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async with (
        serving(keys=KEYS, deadline_seconds=0.05) as (app, _, _),
        aio.insecure_channel(f"127.0.0.1:{port_of(app)}") as channel,
    ):
        open_call = channel.stream_unary(f"/{SERVICE}/ModelInfer")
        status, _, _ = await refused(open_call(nothing(), timeout=8, metadata=metadata))

    assert status.name == code


@in_event_loop
async def test_a_call_that_its_client_leaves_gives_its_texts_up_and_is_counted() -> None:
    scheduler = FakeScheduler(blocked=True)
    async with serving(scheduler) as (app, _, call):
        first = call("ModelInfer", infer("a"))
        await until(lambda: bool(scheduler.came))
        second = call("ModelInfer", infer("b"))
        admission = app._call.admission
        await until(lambda: admission.texts == 2)

        second.cancel()
        await until(lambda: admission.texts == 1)
        scheduler.go_on.set()
        await first
        counted = app._metrics.page().body.decode()

    assert scheduler.came == [["a"]]
    assert 'route="grpc/ModelInfer",status="499"} 1.0' in counted
    assert 'route="grpc/ModelInfer",status="200"} 1.0' in counted


@in_event_loop
async def test_a_server_that_stops_answers_what_it_has_taken_and_takes_no_more() -> None:
    scheduler = FakeScheduler(blocked=True)
    async with serving(scheduler) as (_, server, call):
        taken = call("ModelInfer", infer("a"))
        await until(lambda: bool(scheduler.came))

        server.stop_accepting()
        await asyncio.sleep(0)
        code, _, _ = await refused(call("ModelInfer", infer("b")))
        scheduler.go_on.set()

        assert len(answer_of(await taken).outputs) == 3
    assert code is grpc.StatusCode.UNAVAILABLE
    assert scheduler.came == [["a"]]


@in_event_loop
async def test_a_taken_port_is_named() -> None:
    async with serving() as (app, _, _):
        port = port_of(app)
        with pytest.raises(AddressTakenError, match=str(port)):
            await GrpcServer(Settings(grpc_port=port)).start(app.respond)
