"""What goes to BentoML's app and comes back, with a stand-in for the app."""

import asyncio
from pathlib import Path

import pytest

from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.preprocess import normalise
from serving.classifier.tokenizer import Normalised
from serving.errors import UnexpectedError
from serving.http.bentoml_app import BentomlApp, BentomlScheduler, MeasuredClassifier, packed
from serving.http.metrics import ServerMetrics
from serving.scheduling.queue import QueuedRequest
from serving.schemas import Classification
from tests.support.serving.by_hand import ARTIFACT, FakeBentomlApp, until
from tests.support.serving.tiny_model import FRAGILE_WORD, write_tiny_model

pytestmark = pytest.mark.anyio

TWICE_ESCAPED = "I &#38;lt;3 my dog"
"""A text that changes when it is normalised a second time."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


def test_any_other_status_from_behind_is_a_fault_of_our_own() -> None:
    with pytest.raises(UnexpectedError, match="503"):
        asyncio.run(BentomlApp(FakeBentomlApp(status=503)).classify(["a"]))


async def test_a_request_is_settled_with_the_items_of_its_texts() -> None:
    released: list[int] = []
    request = QueuedRequest(["a", "null", "ccc"], released.append)

    BentomlScheduler(BentomlApp(FakeBentomlApp())).submit(request)

    assert await request.finished == [b'{"n": 1}', None, b'{"n": 3}']
    assert released == [3]


async def test_a_failure_of_bentoml_fails_the_request_and_releases_its_texts() -> None:
    released: list[int] = []
    request = QueuedRequest(["a", "b"], released.append)

    BentomlScheduler(BentomlApp(FakeBentomlApp(status=503))).submit(request)

    with pytest.raises(UnexpectedError, match="503"):
        await request.finished
    assert released == [2]


async def test_the_texts_of_a_dropped_request_are_released_when_they_are_done() -> None:
    behind = FakeBentomlApp()
    behind.go_on.clear()
    released: list[int] = []
    request = QueuedRequest(["a"], released.append)
    scheduler = BentomlScheduler(BentomlApp(behind))
    scheduler.submit(request)

    request.finished.cancel()
    scheduler.drop(request)
    before = list(released)
    behind.go_on.set()
    await until(lambda: released == [1])

    assert before == []


@pytest.mark.parametrize("text", [TWICE_ESCAPED, "\ud800so \x00sad", "\x00happy", "", "so sad"])
def test_a_text_reads_the_same_whether_it_was_normalised_before_or_not(
    model: Path, text: str
) -> None:
    with EmotionClassifier(open_model(model)) as classifier:
        measured = MeasuredClassifier(classifier, ServerMetrics(ARTIFACT))
        sent = [packed(text), packed(Normalised(normalise(text)))]

        raw, normalised = (measured.classify_each([one])[0] for one in sent)

        assert "".join(sent).encode()  # no lone surrogate is left
        assert raw == normalised == classifier.classify([text])[0]


def test_what_runs_cost_is_counted_and_a_text_that_fails_leaves_the_others(model: Path) -> None:
    metrics = ServerMetrics(ARTIFACT)
    with EmotionClassifier(open_model(model)) as classifier:
        outcomes = MeasuredClassifier(classifier, metrics).classify_each(
            ["dog", FRAGILE_WORD, "dog dog dog dog"]
        )
    page = metrics.page().body.decode()

    assert [isinstance(outcome, Classification) for outcome in outcomes] == [True, False, True]
    assert "moodline_serving_groups_total 2.0" in page
    assert "moodline_serving_tokens_total 12.0" in page
    assert "moodline_serving_failed_texts_total 1.0" in page
    assert "moodline_serving_tokenise_seconds_count 1.0" in page
