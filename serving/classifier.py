"""EmotionClassifier: texts in, emotions and irony out.

Three stages: encode (texts to tokens), run (groups of like length through the engine),
decode (logits to probabilities). One text's trouble never becomes another's: a stage that
fails on several texts is repeated on each of them alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from serving.artifact import ModelArtifact
from serving.batching import LENGTH_SPREAD, TOKEN_BUDGET, BatchReport, Group, plan_groups
from serving.cores import usable_cores
from serving.decoding import decode
from serving.encoding import Encoded, TextEncoder
from serving.engine import Engine, OnnxEngine
from serving.errors import ClassificationError
from serving.schemas import Classification

logger = logging.getLogger(__name__)

Outcome = Classification | ClassificationError
Job = list[tuple[int, Encoded]]


class EmotionClassifier:
    """Classify texts with one model; may be called from several threads at a time."""

    def __init__(
        self,
        artifact: ModelArtifact,
        *,
        threads: int | None = None,
        token_budget: int = TOKEN_BUDGET,
        spread: float = LENGTH_SPREAD,
        engine: Engine | None = None,
        observe: Callable[[BatchReport], None] | None = None,
    ) -> None:
        """Load the model; ModelCorrupt when it cannot be loaded.

        `threads` is how many runs are made at a time (default: the cores this process may
        use), `token_budget` and `spread` are plan_groups'. `engine` replaces ONNX Runtime.
        `observe` is told what each call cost.
        """
        self.artifact = artifact
        self._encoder = TextEncoder(artifact)
        self._engine = engine or OnnxEngine(artifact.model_path, threads or usable_cores())
        self._token_budget = token_budget
        self._spread = spread
        self._observe = observe
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
        encoded, outcomes = self._encode(texts)
        places = list(encoded)
        groups = plan_groups(
            [len(encoded[place].ids) for place in places], self._token_budget, self._spread
        )
        jobs = [
            [(places[index], encoded[places[index]]) for index in group.indices] for group in groups
        ]
        for done in self._run_all(jobs):
            outcomes.update(done)
        self._report(encoded, groups, outcomes)
        return [outcomes[place] for place in range(len(texts))]

    def _encode(self, texts: Sequence[str]) -> tuple[dict[int, Encoded], dict[int, Outcome]]:
        """Return the texts' tokens by place, and the failures of those that have none."""
        try:
            return dict(enumerate(self._encoder.encode(texts))), {}
        # A boundary: whatever a text provokes in the tokenizer must stay with that text.
        except Exception:
            logger.exception("encoding %d texts failed, each is tried alone", len(texts))
        encoded: dict[int, Encoded] = {}
        failures: dict[int, Outcome] = {}
        for place, text in enumerate(texts):
            try:
                encoded[place] = self._encoder.encode([text])[0]
            except Exception as exc:
                logger.exception("a text of %d characters cannot be encoded", len(text))
                failures[place] = _failure(place, exc)
        return encoded, failures

    def _run_all(self, jobs: list[Job]) -> list[dict[int, Outcome]]:
        """Run every job, on this thread where there is nothing to share out."""
        if len(jobs) <= 1 or self._engine.lanes == 1:
            return [self._run_isolated(job) for job in jobs]
        return list(self._lanes.map(self._run_isolated, jobs))

    def _run_isolated(self, job: Job) -> dict[int, Outcome]:
        """Return the outcomes of a group by place, trying each text alone if it fails."""
        try:
            return self._run(job)
        # A boundary: whatever a text provokes in the engine must stay with that text.
        except Exception as exc:
            logger.exception("a run of %d texts failed", len(job))
            if len(job) == 1:
                place = job[0][0]
                return {place: _failure(place, exc)}
        outcomes: dict[int, Outcome] = {}
        for member in job:
            outcomes.update(self._run_isolated([member]))
        return outcomes

    def _run(self, job: Job) -> dict[int, Outcome]:
        """Run one group and decode it."""
        texts = [encoded for _, encoded in job]
        input_ids, attention_mask = self._encoder.pad(texts)
        logits = self._engine.run(input_ids, attention_mask)
        decoded = decode(logits, texts, self.artifact.temperature)
        return {place: item for (place, _), item in zip(job, decoded, strict=True)}

    def _report(
        self, encoded: dict[int, Encoded], groups: list[Group], outcomes: dict[int, Outcome]
    ) -> None:
        """Tell the observer what the call cost."""
        if self._observe is None:
            return
        self._observe(
            BatchReport(
                texts=len(outcomes),
                failed=sum(isinstance(one, ClassificationError) for one in outcomes.values()),
                groups=len(groups),
                tokens=sum(len(text.ids) for text in encoded.values()),
                padded_tokens=sum(group.padded_tokens for group in groups),
            )
        )


def _failure(place: int, cause: Exception) -> ClassificationError:
    """Return the failure of the text at `place`, with its cause chained."""
    failure = ClassificationError(place)
    failure.__cause__ = cause
    return failure
