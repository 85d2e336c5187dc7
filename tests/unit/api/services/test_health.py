"""Readiness is checked by one call at a time, whoever asks."""

import threading

from api.services.health import Health
from tests.support.fakes import FakeEmotionClient, MemoryStore


class HangingEmotions(FakeEmotionClient):
    """An inference server whose answer to `ready` does not come until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.called = threading.Event()
        self.released = threading.Event()

    def ready(self) -> bool:
        self.calls += 1
        self.called.set()
        self.released.wait()
        return True


def test_calls_that_come_during_a_check_do_not_wait_and_have_the_answer_before() -> None:
    store = MemoryStore()
    emotions = HangingEmotions()
    health = Health(store, emotions, {})
    first = threading.Thread(target=health.dependencies)
    first.start()
    emotions.called.wait()

    before_any = [health.dependencies() for _ in range(60)]
    emotions.released.set()
    first.join()
    known = health.dependencies()
    emotions.released.clear()
    emotions.called.clear()
    second = threading.Thread(target=health.dependencies)
    second.start()
    emotions.called.wait()
    meanwhile = [health.dependencies() for _ in range(60)]
    emotions.released.set()
    second.join()
    store.close()

    assert before_any == [{"store": False, "inference": False}] * 60
    assert known == {"store": True, "inference": True}
    assert meanwhile == [known] * 60
    assert emotions.calls == 3
