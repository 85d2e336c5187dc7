"""The adapter of the inference server keeps its port's contract, over HTTP on loopback."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.adapters.inference_http import RETRY, HttpEmotionClient
from api.domain.posts import EMOTIONS
from api.errors import InferenceRejectedError, InferenceUnavailableError
from api.ports.emotions import ModelIdentity
from tests.support.servers import HANG, Reply, ScriptedServer

pytestmark = pytest.mark.integration

MODEL = {
    "name": "moodline", "version": "3", "base": "MiniLM", "precision": "int8",
    "labels": [*EMOTIONS, "irony"], "max_tokens": 256, "accuracy": {},
    "limits": {"texts": 256, "text_chars": 25_000, "body_bytes": 2_097_152},
}  # fmt: skip


def answer_of(**changes: Any) -> dict[str, Any]:
    scores = dict.fromkeys(EMOTIONS, 0.05) | {"joy": 0.7}
    sound = {"label": "joy", "scores": scores, "irony": 0.2, "tokens": 9, "truncated": False}
    return sound | changes


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the client would have taken."""
    return []


Connect = Callable[..., HttpEmotionClient]


@pytest.fixture
def connect(pauses: list[float]) -> Iterator[Connect]:
    """Return a factory of clients that do not wait between tries."""
    made: list[HttpEmotionClient] = []

    def make(url: str, **options: Any) -> HttpEmotionClient:
        made.append(HttpEmotionClient(url, sleep=pauses.append, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(server: ScriptedServer, connect: Connect) -> HttpEmotionClient:
    return connect(server.url, timeout_seconds=5)


@pytest.fixture
def nobody() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_each_text_gets_its_classification_in_order(
    server: ScriptedServer, client: HttpEmotionClient
) -> None:
    server.replies = [Reply(body=[answer_of(tokens=3), answer_of(tokens=4, truncated=True)])]

    first, second = client.classify(["one", "two"])

    assert json.loads(server.asked[0].body) == {"texts": ["one", "two"]}
    assert (first.label, first.irony, first.tokens, first.truncated) == ("joy", 0.2, 3, False)
    assert (second.tokens, second.truncated) == (4, True)
    assert tuple(first.scores) == EMOTIONS


def test_a_request_id_and_a_key_reach_the_server(server: ScriptedServer, connect: Connect) -> None:
    server.replies = [Reply(body=[answer_of()])]

    connect(server.url, key="secret", trace_id=lambda: "a-1").classify(["one"])

    assert server.asked[0].headers["x-request-id"] == "a-1"
    assert server.asked[0].headers["authorization"] == "Bearer secret"


def test_a_server_that_is_up_names_its_model_and_is_ready_when_it_says_so(
    server: ScriptedServer, client: HttpEmotionClient
) -> None:
    server.replies = [Reply(body=MODEL), Reply(200), Reply(503), Reply(404)]

    assert client.model() == ModelIdentity("moodline", "3")
    assert [client.ready() for _ in range(3)] == [True, False, False]


def test_what_is_no_inference_server_is_rejected(
    server: ScriptedServer, client: HttpEmotionClient
) -> None:
    server.replies = [Reply(404, b"<html>")]

    with pytest.raises(InferenceRejectedError, match="INFERENCE_URL"):
        client.model()


def test_a_server_that_is_down_is_unavailable_not_ready_and_named(
    nobody: str, connect: Connect, pauses: list[float]
) -> None:
    client = connect(nobody)

    with pytest.raises(InferenceUnavailableError, match=nobody) as raised:
        client.classify(["one"])

    assert "make serve" in raised.value.detail
    assert len(pauses) == RETRY.attempts - 1
    with pytest.raises(InferenceUnavailableError):
        client.model()
    assert client.ready() is False


def test_a_password_in_the_address_is_not_shown(nobody: str, connect: Connect) -> None:
    address = nobody.replace("//", "//user:hidden@")

    with pytest.raises(InferenceUnavailableError) as raised:
        connect(address).classify(["one"])

    assert "hidden" not in raised.value.detail


def test_a_server_that_does_not_answer_in_time_is_unavailable_and_not_ready(
    server: ScriptedServer, connect: Connect
) -> None:
    client = connect(server.url, timeout_seconds=0.1)
    server.faults = [HANG] * (RETRY.attempts + 1)

    with pytest.raises(InferenceUnavailableError, match="did not answer"):
        client.classify(["one"])
    assert client.ready() is False


def test_a_server_that_asks_for_a_long_wait_is_unavailable_at_once(
    server: ScriptedServer, client: HttpEmotionClient, pauses: list[float]
) -> None:
    server.replies = [Reply(429, b"", {"Retry-After": "600"})]

    with pytest.raises(InferenceUnavailableError, match="full or not ready"):
        client.classify(["one"])

    assert pauses == []


def test_a_refusal_has_the_words_of_the_server_and_is_not_retried(
    server: ScriptedServer, client: HttpEmotionClient
) -> None:
    problem = {
        "type": "about:blank", "detail": "A text is too long.",
        "errors": [{"where": "/texts/0", "reason": "has 30000 characters"}],
    }  # fmt: skip
    server.replies = [Reply(413, problem)]

    with pytest.raises(InferenceRejectedError, match="A text is too long"):
        client.classify(["one"])

    assert len(server.asked) == 1


BROKEN = {
    "no JSON": b"<html>",
    "one answer too many": [answer_of(), answer_of()],
    "an emotion too few": [answer_of(scores={"joy": 1.0})],
    "a label that is no emotion": [answer_of(label="hunger")],
    "a probability above 1": [answer_of(irony=1.5)],
    "a probability that is no number": [answer_of(irony=float("nan"))],
    "scores that sum to 2": [answer_of(scores=dict.fromkeys(EMOTIONS, 2 / 7))],
    "tokens below 0": [answer_of(tokens=-1)],
    "tokens without end": b'[{"label": "joy", "scores": {}, "irony": 0, "tokens": 1e999,'
    b' "truncated": false}]',
    "brackets without end": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_makes_no_sense_is_rejected(
    server: ScriptedServer, client: HttpEmotionClient, body: Any
) -> None:
    server.replies = [Reply(body=body)]

    with pytest.raises(InferenceRejectedError, match=server.url):
        client.classify(["one"])
