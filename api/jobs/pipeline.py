"""Classify the posts that a model has not classified yet, with several requests in flight.

While one chunk is saved the next ones are being classified, so the inference server is never idle.
What was classified is saved even where a later chunk fails: nothing is classified twice.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace

from api.domain.analyses import AnalysisRequest
from api.domain.posts import Classification, Post
from api.errors import DependencyError, RetryableError
from api.jobs.lease import HeldLease
from api.jobs.patience import Patience
from api.ports.emotions import EmotionClient, ModelIdentity
from api.ports.store import Store

_log = logging.getLogger(__name__)


class HandBack(Exception):  # noqa: N818  not an error: the analysis goes on in another run
    """Say that this run has to end here and the analysis has to wait for its next one."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    posts: list[Post]
    answer: Future[list[Classification]]


class ClassificationPipeline:
    """Classify one user's posts with one model, under one lease."""

    def __init__(
        self,
        store: Store,
        emotions: EmotionClient,
        patience: Patience,
        stopping: Callable[[], bool],
        *,
        chunk_posts: int,
        requests_in_flight: int,
        keep_lease_every: float,
    ) -> None:
        self._store = store
        self._emotions = emotions
        self._patience = patience
        self._stopping = stopping
        self._chunk_posts = chunk_posts
        self._requests_in_flight = requests_in_flight
        self._keep_lease_every = keep_lease_every

    def run(self, request: AnalysisRequest, model: ModelIdentity, held: HeldLease) -> None:
        """Classify until nothing is left.

        Raises HandBack at shutdown or where another model serves than at the start, LeaseLostError,
        InferenceUnavailableError once patience is spent, InferenceRejectedError.
        """
        chunks: deque[_Chunk] = deque()
        with ThreadPoolExecutor(self._requests_in_flight, "classify") as pool:
            try:
                self._run(request, model, held, chunks, pool)
            except (DependencyError, HandBack):
                self._save_what_succeeded(chunks, model, held)
                raise

    def _run(
        self,
        request: AnalysisRequest,
        model: ModelIdentity,
        held: HeldLease,
        chunks: deque[_Chunk],
        pool: ThreadPoolExecutor,
    ) -> None:
        while True:
            if self._stopping():
                raise HandBack("the service is shutting down")
            self._fill(chunks, request, model, pool)
            if not chunks:
                return
            try:
                self._save(chunks[0].posts, self._await(chunks[0], held), model, held)
            except RetryableError as error:
                self._outlast(error, model, held)
                chunks[0] = self._send(chunks[0].posts, pool)
            else:
                chunks.popleft()
                self._patience.restore()

    def _fill(
        self,
        chunks: deque[_Chunk],
        request: AnalysisRequest,
        model: ModelIdentity,
        pool: ThreadPoolExecutor,
    ) -> None:
        while len(chunks) < self._requests_in_flight:
            under_way = {post.post_id for chunk in chunks for post in chunk.posts}
            found = self._store.unclassified_posts(
                request.user_id,
                model.key,
                max_posts=request.max_posts,
                limit=self._chunk_posts + len(under_way),
            )
            posts = [post for post in found if post.post_id not in under_way][: self._chunk_posts]
            if not posts:
                return
            chunks.append(self._send(posts, pool))

    def _send(self, posts: list[Post], pool: ThreadPoolExecutor) -> _Chunk:
        texts = [post.text for post in posts]
        # In a copy of the context, so that the call bears the id of the analysis.
        return _Chunk(posts, pool.submit(copy_context().run, self._emotions.classify, texts))

    def _await(self, chunk: _Chunk, held: HeldLease) -> list[Classification]:
        while True:
            try:
                return chunk.answer.result(timeout=self._keep_lease_every)
            except TimeoutError:
                if chunk.answer.done():
                    raise
                held.keep()

    def _save(
        self,
        posts: list[Post],
        classifications: list[Classification],
        model: ModelIdentity,
        held: HeldLease,
    ) -> None:
        ids = [post.post_id for post in posts]
        self._store.save_classifications(
            held.lease, model.key, list(zip(ids, classifications, strict=True))
        )
        classified = held.progress.classified + len(posts)
        # Posts imported meanwhile are classified too, so there may be more than at the start.
        total = max(held.progress.total, held.progress.reused + classified)
        held.report(replace(held.progress, classified=classified, total=total))

    def _outlast(self, error: RetryableError, model: ModelIdentity, held: HeldLease) -> None:
        while True:
            _log.warning("classification failed and is tried again: %s", type(error).__name__)
            self._patience.after(error)
            if self._stopping():
                raise HandBack("the service is shutting down")
            held.keep()
            try:
                serving_now = self._emotions.model()
            except RetryableError as again:
                error = again
                continue
            if serving_now != model:
                raise HandBack("another model serves now")
            return

    def _save_what_succeeded(
        self, chunks: deque[_Chunk], model: ModelIdentity, held: HeldLease
    ) -> None:
        for chunk in chunks:
            if chunk.answer.cancel() or chunk.answer.exception() is not None:
                continue
            self._save(chunk.posts, chunk.answer.result(), model, held)
