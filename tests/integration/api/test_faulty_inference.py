"""An analysis whose inference server misbehaves fails honestly or goes on, and stores no lie."""

import threading
from collections.abc import Callable, Iterator

import pytest

from api.adapters.inference_http import HttpEmotionClient
from api.domain.analyses import AnalysisState
from api.ports.emotions import Check
from tests.support.fakes.runs import Setting
from tests.support.servers.inference import FAULTS, InferenceServer
from tests.support.servers.loopback import DRIP, DRIP_HEAD, HANG, Reply
from tests.support.serving.started import wait_until

pytestmark = pytest.mark.integration

LATE = {"drips its answer", "drips its headers", "never answers"}
FAILURES = {name for name in FAULTS if name.startswith("a failure")}
SECONDS = 20.0

Connect = Callable[[float], Setting]


@pytest.fixture
def server() -> Iterator[InferenceServer]:
    server = InferenceServer()
    yield server
    server.stop()


@pytest.fixture
def connect(server: InferenceServer) -> Iterator[Connect]:
    """Return a factory of settings with eight posts, whose calls may take so many seconds."""
    made: list[HttpEmotionClient] = []

    def make(timeout_seconds: float) -> Setting:
        setting = Setting(count=8)
        made.append(
            HttpEmotionClient(
                server.url, timeout_seconds=timeout_seconds, sleep=lambda _seconds: None
            )
        )
        setting.emotions = made[-1]  # type: ignore[assignment]
        setting.runner = setting.start_worker("tests")
        return setting

    yield make
    for client in made:
        client.close()


def classified(setting: Setting) -> int:
    return len(setting.store.latest_classified_posts("alice"))


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in LATE | FAILURES])
def test_what_makes_no_sense_fails_the_analysis_with_a_short_reason_and_is_not_stored(
    server: InferenceServer, connect: Connect, name: str
) -> None:
    setting = connect(SECONDS)
    server.next_faults = [FAULTS[name]] * 2  # both requests that are in flight

    setting.run()

    problem = setting.problem()
    assert setting.analysis().state is AnalysisState.FAILED
    assert problem.type == "inference-rejected"
    assert server.url in problem.detail
    assert len(problem.detail) < 10_000
    assert problem.detail.isprintable()
    assert classified(setting) == 0


@pytest.mark.parametrize("name", sorted(FAILURES))
def test_one_failure_of_the_server_does_not_fail_the_analysis(
    server: InferenceServer, connect: Connect, name: str
) -> None:
    setting = connect(SECONDS)
    server.model_faults = [Reply(500, b"<html>")]
    server.next_faults = [FAULTS[name]]

    setting.run()

    assert setting.analysis().state is AnalysisState.SUCCEEDED
    assert classified(setting) == 8


@pytest.mark.parametrize("name", sorted(LATE))
def test_an_answer_that_does_not_come_to_an_end_is_asked_for_again(
    server: InferenceServer, connect: Connect, name: str
) -> None:
    setting = connect(0.5)
    server.next_faults = [FAULTS[name]]

    setting.run()

    assert setting.analysis().state is AnalysisState.SUCCEEDED
    assert classified(setting) == 8


@pytest.mark.parametrize("fault", [DRIP, DRIP_HEAD, HANG])
@pytest.mark.parametrize("at", ["the model", "the posts"])
@pytest.mark.parametrize("end", ["cancelled", "erased", "stopping"])
def test_an_analysis_that_is_no_longer_wanted_frees_its_thread_though_the_server_drips(
    server: InferenceServer, connect: Connect, fault: str, at: str, end: str
) -> None:
    setting = connect(600.0)
    waiting = threading.Event()
    emotions = setting.emotions

    class Announcing:
        """Tell when a call is under way that will not be answered."""

        def model(self, *, check: Check | None = None) -> object:
            if at == "the model":
                waiting.set()
            return emotions.model(check=check)

        def classify(self, texts: list[str], *, check: Check | None = None) -> object:
            waiting.set()
            return emotions.classify(texts, check=check)

    setting.emotions = Announcing()  # type: ignore[assignment]
    setting.runner = setting.start_worker("tests")
    if at == "the model":
        server.model_faults = [fault] * 9
    else:
        server.next_faults = [lambda _items: fault] * 9
    thread = threading.Thread(target=setting.run)
    thread.start()
    assert waiting.wait(SECONDS)

    if end == "cancelled":
        setting.store.cancel("a1", setting.clock())
    elif end == "erased":
        setting.store.erase_user("alice", setting.clock())
    else:
        setting.stopping.set()

    # The server would go on for longer, and the deadline is minutes away.
    wait_until(lambda: not thread.is_alive(), 8, "the thread is free")
    if end == "stopping":
        assert setting.analysis().state is AnalysisState.QUEUED
