import logging
import math
import threading
from pathlib import Path

import numpy as np
import pytest

from serving.classifier.artifact import (
    EMOTIONS,
    Logits,
    ModelArtifact,
    Temperature,
    Tokens,
    open_model,
)
from serving.classifier.classifier import EmotionClassifier, decode, sigmoid, softmax
from serving.classifier.tokenizer import Encoded
from serving.errors import ClassificationError, ModelCorrupt
from tests.support.serving.tiny_model import (
    FRAGILE_WORD,
    MAX_TOKENS,
    WORDS,
    write_manifest,
    write_tiny_model,
)

TEXT = Encoded((2, 3), truncated=False)


class FakeEngine:
    """An engine that answers with the first token after [CLS], and fails for a given token."""

    def __init__(self, runners: int = 1, bad_token: int | None = None) -> None:
        self.runners = runners
        self.provider = "cpu"
        self.bad_token = bad_token
        self.sizes: list[int] = []
        self.threads: set[str] = set()

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        self.sizes.append(len(input_ids))
        self.threads.add(threading.current_thread().name)
        if self.bad_token in input_ids:
            raise RuntimeError("the engine broke")
        logits = np.zeros((len(input_ids), 8), np.float32)
        logits[:, 0] = input_ids[:, 1] / 10
        return logits


@pytest.fixture(scope="module")
def artifact(tiny_folder: Path) -> ModelArtifact:
    return open_model(tiny_folder)


def test_scores_are_probabilities_of_seven_emotions_and_the_label_is_the_likeliest(
    artifact: ModelArtifact,
) -> None:
    with EmotionClassifier(artifact) as classifier:
        result = classifier.classify(["I am so happy today"])[0]
        assert classifier.classify([]) == []

    assert tuple(result.scores) == EMOTIONS
    assert math.isclose(sum(result.scores.values()), 1.0, abs_tol=1e-9)
    assert result.scores[result.label] == max(result.scores.values())
    assert 0.0 <= result.irony <= 1.0
    assert (result.tokens, result.truncated) == (7, False)


def test_results_come_in_the_order_of_the_texts_whatever_their_lengths(
    artifact: ModelArtifact,
) -> None:
    texts = ["my dog " * length for length in (9, 1, 5, 12, 2, 9)]

    with EmotionClassifier(artifact, threads=2, token_budget=40) as classifier:
        together = classifier.classify(texts)
        alone = [classifier.classify([text])[0] for text in texts]

    assert [item.tokens for item in together] == [20, 4, 12, 26, 6, 20]
    assert [item.label for item in together] == [item.label for item in alone]


def test_padding_does_not_change_a_result(artifact: ModelArtifact) -> None:
    text, longer = "I am happy", "I am so happy today and my dog is here"

    with EmotionClassifier(artifact, spread=100.0) as classifier:
        alone = classifier.classify([text])[0]
        padded = classifier.classify([longer, text])[1]

    assert alone.scores == pytest.approx(padded.scores, abs=1e-5)
    assert alone.irony == pytest.approx(padded.irony, abs=1e-5)


def test_a_text_over_the_limit_is_cut_and_says_so(artifact: ModelArtifact) -> None:
    with EmotionClassifier(artifact) as classifier:
        fits, over = classifier.classify(["a " * (MAX_TOKENS - 2), "a " * (MAX_TOKENS - 1)])

    assert (fits.tokens, fits.truncated) == (MAX_TOKENS, False)
    assert (over.tokens, over.truncated) == (MAX_TOKENS, True)


def test_a_text_that_breaks_the_run_fails_alone(
    artifact: ModelArtifact, caplog: pytest.LogCaptureFixture
) -> None:
    texts = ["I am happy", f"{FRAGILE_WORD} i am", "so sad today"]

    with EmotionClassifier(artifact, spread=100.0) as classifier:
        before, broken, after = classifier.classify_each(texts)

    assert isinstance(broken, ClassificationError)
    assert broken.index == 1
    assert not isinstance(before, ClassificationError)
    assert not isinstance(after, ClassificationError)
    assert caplog.records
    assert all(FRAGILE_WORD not in record.getMessage() for record in caplog.records)


def test_an_engine_that_raises_is_tried_again_text_by_text(
    artifact: ModelArtifact, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    engine = FakeEngine(bad_token=WORDS.index("happy"))

    outcomes = EmotionClassifier(artifact, engine=engine).classify_each(["sad", "happy", "dog"])

    assert [isinstance(item, ClassificationError) for item in outcomes] == [False, True, False]
    assert engine.sizes == [3, 1, 1, 1]


def test_classify_raises_for_a_text_that_fails_alone(artifact: ModelArtifact) -> None:
    with (
        EmotionClassifier(artifact) as classifier,
        pytest.raises(ClassificationError, match="index 1") as caught,
    ):
        classifier.classify(["happy", FRAGILE_WORD])

    assert isinstance(caught.value.__cause__, ValueError)


def test_batches_are_shared_out_to_the_runners(artifact: ModelArtifact) -> None:
    engine = FakeEngine(runners=2)
    texts = ["dog " * length for length in (1, 3, 6, 12, 24)]

    with EmotionClassifier(artifact, engine=engine) as classifier:
        classifier.classify(texts)

    assert engine.sizes == [1] * 5
    assert all(name.startswith("runner") for name in engine.threads)


def test_temperature_flattens_the_scores(artifact: ModelArtifact, tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path, temperature={"emotion": 100.0, "irony": 100.0})

    with EmotionClassifier(artifact) as sharp, EmotionClassifier(open_model(folder)) as flat:
        before = sharp.classify(["my dog is here"])[0]
        after = flat.classify(["my dog is here"])[0]

    assert after.label == before.label
    assert max(after.scores.values()) < 0.2 < max(before.scores.values())
    assert abs(after.irony - 0.5) < abs(before.irony - 0.5)


@pytest.mark.parametrize(("name", "said"), [("model.onnx", "ONNX"), ("tokenizer.json", "token")])
def test_a_file_that_cannot_be_loaded_is_corrupt_even_if_its_checksum_fits(
    tmp_path: Path, name: str, said: str
) -> None:
    folder = write_tiny_model(tmp_path)
    (folder / name).write_bytes(b"{}")
    write_manifest(folder)

    with pytest.raises(ModelCorrupt, match=f"{name}.*{said}.*make model"):
        EmotionClassifier(open_model(folder))


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[1e4, -1e4, 0, 0, 0, 0, 0, 1e4]], np.float32)

    (result,) = decode(logits, [TEXT], Temperature())

    assert result.label == "anger"
    assert result.scores["anger"] == pytest.approx(1.0)
    assert result.irony == pytest.approx(1.0)


def test_softmax_and_sigmoid_are_the_formulas() -> None:
    expected = [math.exp(x) / (math.exp(1) + math.exp(2)) for x in (1, 2)]

    assert softmax(np.array([1.0, 2.0])).tolist() == pytest.approx(expected)
    assert sigmoid(np.array([-3.0]))[0] == pytest.approx(1 / (1 + math.exp(3)))


def test_irony_is_divided_by_its_temperature() -> None:
    (result,) = decode(np.full((1, 8), 3.0, np.float32), [TEXT], Temperature(irony=2.0))

    assert result.irony == pytest.approx(1 / (1 + math.exp(-1.5)))


@pytest.mark.parametrize(
    ("shape", "value", "said"),
    [
        *(((1, 8), value, "finite") for value in (math.nan, math.inf, -math.inf)),
        *((shape, 0.0, "shape") for shape in ((1, 7), (2, 8), (8,))),
    ],
)
def test_logits_of_a_broken_run_are_never_served(
    shape: tuple[int, ...], value: float, said: str
) -> None:
    logits = np.zeros(shape, np.float32)
    logits.flat[3] = value

    with pytest.raises(ValueError, match=said):
        decode(logits, [TEXT], Temperature())
