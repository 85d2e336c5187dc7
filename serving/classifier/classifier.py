"""EmotionClassifier: texts in, emotions and irony out.

Three stages: encode (texts to tokens), run (groups of like length through the engine),
decode (logits to probabilities). One text's trouble never becomes another's: a stage that
fails on several texts is repeated on each of them alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from serving.classifier.artifact import ModelArtifact
from serving.classifier.batching import CARD_SIZING, Sizing, plan_groups
from serving.classifier.decoding import decode
from serving.classifier.engine import DEFAULT_PROVIDER, Engine, OnnxEngine
from serving.classifier.providers import ON_CARD, CardTuning
from serving.classifier.tokenizer import Encoded, TextEncoder
from serving.classifier.warmup import warm_shapes
from serving.errors import ClassificationError
from serving.schemas import Classification

logger = logging.getLogger(__name__)

Outcome = Classification | ClassificationError


class EmotionClassifier:
    """Classify texts with one model; may be called from several threads at a time."""

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        threads: int | None = None,
        token_budget: int | None = None,
        spread: float | None = None,
        engine: Engine | None = None,
        providers: Sequence[str] = (DEFAULT_PROVIDER,),
        tuning: CardTuning | None = None,
        lone_threads: int = 1,
    ) -> None:
        """Load the model; ModelCorrupt when it cannot be loaded.

        `threads` is how many runs are made at a time, `token_budget` and `spread` are
        plan_groups'; their defaults are those of what runs the model. `engine` replaces ONNX
        Runtime, which runs the model on the first of `providers` that works, one text that comes
        while nothing runs on `lone_threads` of the CPU.
        """
        self.artifact = artifact
        self._encoder = TextEncoder(artifact)
        self._engine = engine or OnnxEngine(
            artifact.model_path, threads, providers, tuning, lone_threads
        )
        usual = CARD_SIZING if self._engine.provider in ON_CARD else Sizing()
        self.sizing = Sizing(
            token_budget or usual.token_budget, spread or usual.spread, usual.window
        )
        self._lanes = ThreadPoolExecutor(self._engine.lanes, thread_name_prefix="lane")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait for runs in progress and give their threads back."""
        self._lanes.shutdown()

    @property
    def lanes(self) -> int:
        """Return how many runs are made at a time."""
        return self._engine.lanes

    @property
    def provider(self) -> str:
        """Return what runs the model, by its name in settings."""
        return self._engine.provider

    def warm(self) -> None:
        """Run the shapes that groups have, from short to longest, where first runs are slow."""
        self._engine.warm(warm_shapes(self.sizing.token_budget, self.artifact.max_tokens))

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Return one classification a text, in the order of `texts`.

        Raises ClassificationError, for the first text that fails even by itself.
        """
        results: list[Classification] = []
        for outcome in self.classify_each(texts):
            if isinstance(outcome, ClassificationError):
                raise outcome
            results.append(outcome)
        return results

    def classify_each(self, texts: Sequence[str]) -> list[Outcome]:
        """Return one outcome a text, in the order of `texts`, failures included as values."""
        outcomes: dict[int, Outcome] = {}
        encoded: dict[int, Encoded] = {}
        for place, text in enumerate(self.encode_each(texts)):
            if isinstance(text, Encoded):
                encoded[place] = text
            else:
                outcomes[place] = text
        places = list(encoded)
        lengths = [len(text.ids) for text in encoded.values()]
        groups = [
            [places[index] for index in group.indices]
            for group in plan_groups(lengths, self.sizing.token_budget, self.sizing.spread)
        ]
        jobs = [[encoded[place] for place in group] for group in groups]
        for group, done in zip(groups, self._run_all(jobs), strict=True):
            outcomes.update(zip(group, done, strict=True))
        return [_placed(outcomes[place], place) for place in range(len(texts))]

    def encode_each(self, texts: Sequence[str]) -> list[Encoded | ClassificationError]:
        """Return the tokens of each text, or its failure."""
        try:
            return list(self._encoder.encode(texts))
        # A boundary: whatever a text provokes in the tokenizer must stay with that text.
        except Exception as exc:
            if len(texts) == 1:
                logger.exception("a text of %d characters cannot be encoded", len(texts[0]))
                return [_failure(exc)]
            logger.exception("encoding %d texts failed, each is tried alone", len(texts))
        return [encoded for text in texts for encoded in self.encode_each([text])]

    def run_each(self, texts: Sequence[Encoded]) -> list[Outcome]:
        """Classify texts in one run of the model; each of them alone if that fails."""
        try:
            logits = self._engine.run(*self._encoder.pad(texts))
            return list(decode(logits, texts, self.artifact.temperature))
        # A boundary: whatever a text provokes in the engine must stay with that text.
        except Exception as exc:
            logger.exception("a run of %d texts failed", len(texts))
            if len(texts) == 1:
                return [_failure(exc)]
        return [outcome for text in texts for outcome in self.run_each([text])]

    def _run_all(self, jobs: list[list[Encoded]]) -> list[list[Outcome]]:
        """Run every job, on this thread where there is nothing to share out."""
        if len(jobs) <= 1 or self._engine.lanes == 1:
            return [self.run_each(job) for job in jobs]
        return list(self._lanes.map(self.run_each, jobs))


def _failure(cause: BaseException | None, place: int = 0) -> ClassificationError:
    """Return the failure of the text at `place`, with its cause chained."""
    failure = ClassificationError(place)
    failure.__cause__ = cause
    return failure


def _placed(outcome: Outcome, place: int) -> Outcome:
    """Return an outcome that names its text's place, if it is a failure."""
    if isinstance(outcome, ClassificationError):
        return _failure(outcome.__cause__, place)
    return outcome
