"""EmotionClassifier: texts in, emotions and irony out.

Three stages: encode (texts to tokens), run (batches of similar length through the engine),
decode (logits to probabilities). A stage that fails on several texts is repeated on each of
them separately, so that one text's failure never becomes another's.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
import numpy.typing as npt

from serving.classifier.artifact import EMOTIONS, LABELS, Logits, ModelArtifact, Temperature
from serving.classifier.batching import GPU_SIZING, Sizing, plan_batches, warm_shapes
from serving.classifier.engine import DEFAULT_PROVIDER, Engine, OnnxEngine
from serving.classifier.providers import GPU_PROVIDERS, GpuTuning
from serving.classifier.tokenizer import Encoded, Normalised, TextEncoder
from serving.errors import ClassificationError
from serving.schemas import Classification

logger = logging.getLogger(__name__)

Outcome = Classification | ClassificationError
Encode = Callable[[Sequence[str]], list[Encoded | ClassificationError]]
Run = Callable[[Sequence[Encoded]], list[Outcome]]
Reals = npt.NDArray[np.float64]


class EmotionClassifier:
    """Classifies texts with one model; may be called from several threads at a time.

    `runners` is the number of runs that make progress at a time, `provider` the execution provider
    that runs the model, by its name in settings, `sizing` the bounds of a batch.
    """

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        threads: int | None = None,
        token_budget: int | None = None,
        spread: float | None = None,
        engine: Engine | None = None,
        providers: Sequence[str] = (DEFAULT_PROVIDER,),
        tuning: GpuTuning | None = None,
        single_text_threads: int = 1,
    ) -> None:
        """Load the model; ModelCorrupt when it cannot be loaded.

        `threads` is how many runs are made at a time; `token_budget` and `spread` bound a batch
        (see plan_batches). Their defaults depend on the execution provider. `engine` replaces ONNX
        Runtime, which uses the first of `providers` that works; on the CPU a single text that
        arrives while nothing runs gets `single_text_threads`.
        """
        self.artifact = artifact
        self._encoder = TextEncoder(artifact)
        self._engine = engine or OnnxEngine(
            artifact.model_path, threads, providers, tuning, single_text_threads
        )
        self.runners = self._engine.runners
        self.provider = self._engine.provider
        default = GPU_SIZING if self.provider in GPU_PROVIDERS else Sizing()
        self.sizing = Sizing(
            token_budget or default.token_budget, spread or default.spread, default.window
        )
        self._pool = ThreadPoolExecutor(self.runners, thread_name_prefix="runner")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for running batches and end their threads."""
        self._pool.shutdown()

    def warm(self) -> None:
        """Run the shapes that batches have once, where first runs are slow (on a GPU)."""
        self._engine.warm(warm_shapes(self.sizing.token_budget, self.artifact.max_tokens))

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Return one classification per text, in the order of `texts`.

        Raises ClassificationError for the first text that fails even by itself.
        """
        results: list[Classification] = []
        for outcome in self.classify_each(texts):
            if isinstance(outcome, ClassificationError):
                raise outcome
            results.append(outcome)
        return results

    def classify_each(
        self, texts: Sequence[str], encode: Encode | None = None, run: Run | None = None
    ) -> list[Outcome]:
        """Return one outcome per text, in the order of `texts`, failures included as values.

        `encode` and `run` are called in place of `encode_each` and `run_each`, to measure them.
        """
        run = run or self.run_each
        outcomes: dict[int, Outcome] = {}
        encoded: dict[int, Encoded] = {}
        for index, text in enumerate((encode or self.encode_each)(texts)):
            if isinstance(text, Encoded):
                encoded[index] = text
            else:
                outcomes[index] = text
        indices = list(encoded)
        lengths = [len(text.ids) for text in encoded.values()]
        plan = plan_batches(lengths, self.sizing)
        members = [[indices[position] for position in batch.indices] for batch in plan]
        batches = [[encoded[index] for index in batch] for batch in members]
        # On this thread where there is nothing to share out.
        alone = len(batches) <= 1 or self.runners == 1
        runs = map(run, batches) if alone else self._pool.map(run, batches)
        for batch, done in zip(members, runs, strict=True):
            outcomes.update(zip(batch, done, strict=True))
        return [
            _failure(outcome.__cause__, index)
            if isinstance(outcome := outcomes[index], ClassificationError)
            else outcome
            for index in range(len(texts))
        ]

    def encode_each(self, texts: Sequence[str]) -> list[Encoded | ClassificationError]:
        """Return the tokens of each text, or its failure."""
        try:
            return list(self._encoder.encode(texts))
        # A boundary: whatever a text provokes in the tokenizer must stay with that text.
        except Exception as exc:
            if len(texts) == 1:
                logger.exception("a text of %d characters cannot be encoded", len(texts[0]))
                return [_failure(exc)]
            logger.exception("encoding %d texts failed, each is tried separately", len(texts))
        return [encoded for text in texts for encoded in self.encode_each([text])]

    def windows(self, text: str) -> list[Normalised]:
        """Return all of a text in pieces that the model reads whole; one for a short text."""
        return self._encoder.windows(text)

    def run_each(self, texts: Sequence[Encoded]) -> list[Outcome]:
        """Classify texts in one run of the model; in one run each if that fails."""
        try:
            logits = self._engine.run(*self._encoder.pad(texts))
            return list(decode(logits, texts, self.artifact.temperature))
        # A boundary: whatever a text provokes in the engine must stay with that text.
        except Exception as exc:
            logger.exception("a run of %d texts failed", len(texts))
            if len(texts) == 1:
                return [_failure(exc)]
        return [outcome for text in texts for outcome in self.run_each([text])]


def decode(
    logits: Logits, texts: Sequence[Encoded], temperature: Temperature
) -> list[Classification]:
    """Turn logits [texts, 8] into one classification per text.

    ValueError when the logits have another shape or one of them is not finite, so that a
    broken run is never served as an emotion.
    """
    if logits.shape != (len(texts), len(LABELS)):
        raise ValueError(f"logits of shape {logits.shape} for {len(texts)} texts")
    if not np.isfinite(logits).all():
        raise ValueError("logits that are not finite")
    emotions = softmax(logits[:, : len(EMOTIONS)].astype(np.float64) / temperature.emotion)
    irony = sigmoid(logits[:, -1].astype(np.float64) / temperature.irony)
    rows = zip(
        emotions.argmax(axis=1).tolist(), emotions.tolist(), irony.tolist(), texts, strict=True
    )
    return [
        Classification(
            label=EMOTIONS[likeliest],
            scores=dict(zip(EMOTIONS, scores, strict=True)),
            irony=ironic,
            tokens=len(text.ids),
            truncated=text.truncated,
        )
        for likeliest, scores, ironic, text in rows
    ]


def softmax(logits: Reals) -> Reals:
    """Return probabilities along the last axis; shifted first, so that none overflows."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Reals = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logits: Reals) -> Reals:
    """Return 1 / (1 + exp(-x)), computed with tanh, which does not overflow."""
    probabilities: Reals = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return probabilities


def _failure(cause: BaseException | None, index: int = 0) -> ClassificationError:
    failure = ClassificationError(index)
    failure.__cause__ = cause
    return failure
