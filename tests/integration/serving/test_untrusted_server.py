"""The client does not trust the server: each call ends, in bounded memory, with an honest error."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from serving.client import (
    AsyncInferenceClient,
    Classification,
    InferenceAnswerError,
    InferenceClient,
    InferenceError,
    InferenceFailedError,
    InferenceRejectedError,
    InferenceUnreachableError,
    RetryPolicy,
)
from tests.support.servers.inference import FAULTS, InferenceServer
from tests.support.servers.loopback import DRIP

pytestmark = pytest.mark.integration

ONCE = RetryPolicy(attempts=1)
LATE = {"drips its answer", "drips its headers", "never answers"}
FAILURES = {name for name in FAULTS if name.startswith("a failure")}
KEPT_BYTES = 16 * 1024 * 1024  # what is read of an answer, and what the sockets hold

Classify = Callable[[str, float, RetryPolicy], list[Classification]]


def blocking(url: str, seconds: float, retry: RetryPolicy) -> list[Classification]:
    with InferenceClient(url, seconds=seconds, retry=retry, sleep=lambda _: None) as client:
        return client.classify(["one", "two"])


def with_asyncio(url: str, seconds: float, retry: RetryPolicy) -> list[Classification]:
    async def body() -> list[Classification]:
        async with AsyncInferenceClient(
            url, seconds=seconds, retry=retry, sleep=lambda _: asyncio.sleep(0)
        ) as client:
            return await client.classify(["one", "two"])

    return asyncio.run(body())


@pytest.fixture
def server() -> Iterator[InferenceServer]:
    server = InferenceServer()
    yield server
    server.stop()


@pytest.fixture(params=[blocking, with_asyncio])
def classify(request: pytest.FixtureRequest) -> Classify:
    chosen: Classify = request.param
    return chosen


@pytest.mark.parametrize("name", sorted(LATE))
def test_the_deadline_is_for_the_whole_answer_not_for_one_read(
    server: InferenceServer, classify: Classify, name: str
) -> None:
    server.next_faults = [FAULTS[name]]

    with pytest.raises(InferenceUnreachableError, match="no whole answer within"):
        classify(server.url, 0.3, ONCE)


def test_failed_attempts_share_one_budget(server: InferenceServer, classify: Classify) -> None:
    server.next_faults = [FAULTS["drips its answer"]] * 50

    with pytest.raises(InferenceUnreachableError):
        classify(server.url, 0.2, RetryPolicy(attempts=50, budget=0.7, first_pause=0.0))

    assert 46 <= len(server.next_faults) <= 48  # 0.2, 0.2, 0.2 and what is left of 0.7 seconds


@pytest.mark.parametrize(
    "name",
    ["answers 400 MB", "announces 400 MB", "answers 300 MB in gzip", "answers small in gzip"],
)
def test_an_answer_that_is_huge_or_packed_is_not_taken_in(
    server: InferenceServer, classify: Classify, name: str
) -> None:
    server.next_faults = [FAULTS[name]]

    with pytest.raises(InferenceAnswerError, match=r"larger than 4,194,304 bytes|is packed"):
        classify(server.url, 30.0, ONCE)

    assert server.bytes_sent < KEPT_BYTES


@pytest.mark.parametrize("name", sorted(FAILURES))
def test_a_failure_of_the_server_is_tried_again(
    server: InferenceServer, classify: Classify, name: str
) -> None:
    server.next_faults = [FAULTS[name], FAULTS[name]]

    results = classify(server.url, 30.0, RetryPolicy())

    assert [result.label for result in results] == ["joy", "joy"]
    assert server.texts == {"one": 3, "two": 3}


@pytest.mark.parametrize("name", sorted(FAILURES))
def test_a_failure_that_stays_says_that_it_is_the_servers(
    server: InferenceServer, classify: Classify, name: str
) -> None:
    server.next_faults = [FAULTS[name]] * 9

    with pytest.raises((InferenceFailedError, InferenceRejectedError), match="500"):
        classify(server.url, 30.0, RetryPolicy(attempts=3))

    assert server.texts["one"] == 3


@pytest.mark.parametrize("name", ["a refusal", "a page instead of the server"])
def test_a_refusal_is_not_tried_again(
    server: InferenceServer, classify: Classify, name: str
) -> None:
    server.next_faults = [FAULTS[name]]

    with pytest.raises(InferenceError, match="40"):
        classify(server.url, 30.0, RetryPolicy())

    assert server.texts["one"] == 1


def test_of_a_long_refusal_only_the_start_is_kept_without_control_characters(
    server: InferenceServer, classify: Classify
) -> None:
    server.next_faults = [FAULTS["a refusal of 100 kB"]]

    with pytest.raises(InferenceRejectedError) as caught:
        classify(server.url, 30.0, RetryPolicy())

    assert "dddd" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 10_000
    assert len(caught.value.problem_type) + len(caught.value.detail) < 1_000
    assert all(len(one.where) + len(one.reason) < 1_000 for one in caught.value.faults)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in FAULTS
        if name not in LATE | FAILURES and "refusal" not in name and "page" not in name
        # Which emotions there are, and their sum, is for the callers of a client to know.
        and name not in ("scores that sum to less", "an emotion too few",
                         "an emotion that is unknown")
    ],
)  # fmt: skip
def test_an_answer_that_the_contract_does_not_know_gives_no_classification(
    server: InferenceServer, classify: Classify, name: str
) -> None:
    server.next_faults = [FAULTS[name]]

    with pytest.raises(InferenceAnswerError):
        classify(server.url, 30.0, RetryPolicy())

    assert server.texts["one"] == 1


def test_a_call_ends_when_its_check_raises_though_the_answer_still_drips(
    server: InferenceServer,
) -> None:
    server.next_faults = [FAULTS["drips its answer"]]
    server.model_faults = [DRIP]

    class NotNeededError(Exception):
        pass

    def check() -> None:
        raise NotNeededError

    with InferenceClient(server.url) as client:
        with pytest.raises(NotNeededError):
            client.classify(["one"], check=check)
        with pytest.raises(NotNeededError):
            client.model(check=check)

        # The connection is usable for others afterwards.
        assert client.classify(["two"], check=check)[0].label == "joy"


def test_closing_the_client_ends_a_call_of_another_thread(server: InferenceServer) -> None:
    server.next_faults = [FAULTS["drips its answer"]]
    client = InferenceClient(server.url)

    with pytest.raises(InferenceUnreachableError, match="closed"):
        client.classify(["one"], check=client.close)
    with pytest.raises(RuntimeError, match="closed"):
        client.classify(["two"])
