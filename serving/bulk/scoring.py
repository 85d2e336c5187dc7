"""Scores windows of rows with the classifier of the inference server, on this machine.

The rules of serving/classifier/batching.py put the texts of a window into batches: the larger the
window, the more alike the lengths in a batch, and the less padding is computed.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from serving.bulk.rows import Outcome, Reader, ScoredWindow, Window
from serving.classifier.artifact import MANIFEST_FILE, ModelArtifact
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.tokenizer import Encoded
from serving.errors import ClassificationError

AHEAD = 2
"""Windows that are scored while another is written: the next one fills the cores that the last
batches of one leave idle."""

ENCODED_AT_ONCE = 64
ENCODED_CHARS = 256 * 1024
"""Bounds of what is encoded in one call, whose tokens take a hundred bytes each for a moment."""


class Scoring(Protocol):
    """Scores all windows of a reader from a position on."""

    model: str
    provider: str

    def scored(self, reader: Reader, start: int) -> Iterator[ScoredWindow]:
        """Yield the windows in their order, each with one outcome per row."""
        ...


class LocalScoring:
    """Scores on all cores, or the GPU, of this machine."""

    def __init__(self, classifier: EmotionClassifier) -> None:
        """Score with this classifier."""
        self._classifier = classifier
        self.model = model_identity(classifier.artifact)
        self.provider = classifier.provider

    def scored(self, reader: Reader, start: int) -> Iterator[ScoredWindow]:
        """Yield the windows in their order; a few more are read and scored meanwhile."""
        pending: deque[tuple[Window, Future[list[Outcome]]]] = deque()
        pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="window")
        try:
            for window in reader.windows(start):
                pending.append((window, pool.submit(score, self._classifier, window)))
                if len(pending) > AHEAD:
                    window, outcomes = pending.popleft()
                    yield window, outcomes.result()
            while pending:
                window, outcomes = pending.popleft()
                yield window, outcomes.result()
        finally:
            pool.shutdown(cancel_futures=True)


def score(classifier: EmotionClassifier, window: Window) -> list[Outcome]:
    """Return one outcome per row; a text that the window has several times is scored once."""
    texts = list(dict.fromkeys(row.text for row in window.rows if row.text is not None))

    def encode(texts: Sequence[str]) -> list[Encoded | ClassificationError]:
        return [encoded for part in _parts(texts) for encoded in classifier.encode_each(part)]

    outcomes: dict[str, Outcome] = dict(
        zip(texts, classifier.classify_each(texts, encode), strict=True)
    )
    return [None if row.text is None else outcomes[row.text] for row in window.rows]


def model_identity(artifact: ModelArtifact) -> str:
    """Return name, version and digest of a model; the manifest has the digests of its files."""
    manifest: Path = artifact.folder / MANIFEST_FILE
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    return f"{artifact.name} {artifact.version} ({digest})"


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for text in texts:
        if part and (len(part) >= ENCODED_AT_ONCE or size + len(text) > ENCODED_CHARS):
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield part
