"""Classification of the posts that a model has not classified yet.

Several requests are in flight: while one chunk is saved the next ones are being classified, so the
inference server is never idle. The language of posts whose source does not name it is detected
meanwhile, and saved with their classification. What was classified is saved even if a later chunk
fails, so that nothing is classified twice.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial

from api.domain.posts import Classification, Post, is_known_language
from api.errors import DependencyError
from api.failpoints import failpoint
from api.jobs.lease_and_retry import HandBack, LeasedRun
from api.ports.emotions import EmotionClient, ModelIdentity
from api.ports.languages import LanguageDetector
from api.ports.store import Store


@dataclass(slots=True)
class _Chunk:
    posts: list[Post]
    answer: Future[list[Classification]]
    tried: bool = False


@dataclass(slots=True)
class ClassificationPipeline:
    """Classification of one user's posts by one model, in one run."""

    run: LeasedRun
    store: Store
    emotions: EmotionClient
    languages: LanguageDetector
    model: ModelIdentity
    chunk_posts: int
    requests_in_flight: int
    _classified_ids: set[str] = field(default_factory=set, init=False)
    _chunks: deque[_Chunk] = field(default_factory=deque, init=False)
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.requests_in_flight, "classify")

    def classify_all(self) -> set[str]:
        """Classify and save posts until none is left; return the ids of those classified.

        Raises HandBack at shutdown or if the model changed during an outage, LeaseLostError,
        InferenceUnavailableError once the retry budget is spent, InferenceRejectedError.
        """
        with self._pool:
            try:
                while True:
                    self.run.end_if_stopping()
                    self._fill()
                    if not self._chunks:
                        return self._classified_ids
                    self.run.retried(self._save_first)
                    self._chunks.popleft()
            except (DependencyError, HandBack):
                for chunk in self._chunks:
                    if not chunk.answer.cancel() and chunk.answer.exception() is None:
                        self._save(chunk.posts, chunk.answer.result())
                raise

    def _fill(self) -> None:
        while len(self._chunks) < self.requests_in_flight:
            in_flight = {post.post_id for chunk in self._chunks for post in chunk.posts}
            request = self.run.analysis.request
            found = self.store.unclassified_posts(
                request.user_id,
                self.model.key,
                max_posts=request.max_posts,
                limit=self.chunk_posts + len(in_flight),
            )
            posts = [post for post in found if post.post_id not in in_flight][: self.chunk_posts]
            if not posts:
                return
            self._chunks.append(self._send(posts))

    def _send(self, posts: list[Post]) -> _Chunk:
        texts = [post.text for post in posts]
        # In a copy of the context, so that the request carries the id of the analysis.
        call = partial(self.emotions.classify, texts, check=self.run.check)
        answer = self._pool.submit(copy_context().run, call)
        return _Chunk(posts, answer)

    def _save_first(self) -> None:
        if self._chunks[0].tried and self._chunks[0].answer.exception() is not None:
            if self.emotions.model(check=self.run.hold) != self.model:
                raise HandBack("another model serves now")
            self._chunks[0] = self._send(self._chunks[0].posts)
        chunk = self._chunks[0]
        chunk.tried = True
        # Not result(timeout): if the answer comes just then, the error looks like the answer's own.
        while not wait([chunk.answer], self.run.lease_duration.total_seconds() / 4).done:
            self.run.keep_lease()
        self._save(chunk.posts, chunk.answer.result())

    def _save(self, posts: list[Post], classifications: list[Classification]) -> None:
        classified = [
            (post.post_id, self._with_language(post, one))
            for post, one in zip(posts, classifications, strict=True)
        ]
        failpoint("before-chunk-write")
        self.store.save_classifications(self.run.lease, self.model.key, classified)
        self._classified_ids.update(post.post_id for post in posts)
        progress = self.run.progress
        so_far = progress.classified + len(posts)
        # Posts imported meanwhile are classified too, so there may be more than at the start.
        total = max(progress.total, progress.reused + so_far)
        self.run.report(replace(progress, classified=so_far, total=total))

    def _with_language(self, post: Post, classification: Classification) -> Classification:
        if is_known_language(post.language):
            return classification
        return replace(classification, language=self.languages.detect(post.text))
