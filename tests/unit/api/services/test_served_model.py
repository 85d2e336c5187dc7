"""The model that is served now is known without asking for it at each read."""

from typing import Any

from api.ports.emotions import ModelIdentity
from api.services.served_model import ServedModel
from tests.support.fakes import FakeEmotionClient


class CountingClient(FakeEmotionClient):
    """Counts how often it is asked which model it serves."""

    asked = 0

    def model(self, **given: Any) -> ModelIdentity:
        self.asked += 1
        return super().model(**given)


class Seconds:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_change_is_noticed_and_reads_in_between_ask_nobody() -> None:
    client, seconds = CountingClient(), Seconds()
    served = ServedModel(client, seconds)
    assert [served.key() for _ in range(5)] == ["fake@1"] * 5
    client.identity = ModelIdentity("fake", "2")
    assert served.key() == "fake@1"
    assert client.asked == 1

    seconds.now += 11

    assert served.key() == "fake@2"
    assert client.asked == 2


def test_while_the_server_is_down_the_last_model_counts_and_it_is_asked_less_often() -> None:
    client, seconds = CountingClient(), Seconds()
    served = ServedModel(client, seconds)
    served.key()
    client.down = True

    for _ in range(3):
        seconds.now += 11
        assert served.key() == "fake@1"

    assert client.asked == 2


def test_a_model_that_was_never_known_is_none() -> None:
    client = CountingClient()
    client.down = True

    assert ServedModel(client, Seconds()).key() is None


def test_a_server_that_does_not_answer_is_given_up() -> None:
    seconds = Seconds()

    class HangingClient(FakeEmotionClient):
        def model(self, **given: Any) -> ModelIdentity:
            for _ in range(100):
                seconds.now += 1
                given["check"]()
            raise AssertionError("asked for minutes")

    assert ServedModel(HangingClient(), seconds).key() is None
    assert seconds.now < 105
