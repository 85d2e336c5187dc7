"""Inference server on loopback that records every text it was sent and finds joy in each."""

import json
import threading
from collections import Counter

from api.domain.posts import EMOTIONS
from tests.support.servers.loopback import Asked, LoopbackServer, Reply

_SCORES = {emotion: 0.94 if emotion == "joy" else 0.01 for emotion in EMOTIONS}
_ITEM = {"label": "joy", "scores": _SCORES, "irony": 0.1, "tokens": 3, "truncated": False}
_MODEL = {
    "name": "stand-in",
    "version": "1",
    "base": "none",
    "precision": "none",
    "labels": [*EMOTIONS, "irony"],
    "max_tokens": 128,
    "limits": {"texts": 256, "text_chars": 25_000, "body_bytes": 2_097_152},
    "accuracy": {},
}


class InferenceServer(LoopbackServer):
    """Inference server that counts how often each text was sent; a call takes `seconds`.

    bad_answer, where it is set, is the answer to every call."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.bad_answer: Reply | None = None
        self.texts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._answering = threading.Event()
        self._answering.set()
        super().__init__()

    def pause(self) -> None:
        self._answering.clear()

    def resume(self) -> None:
        self._answering.set()

    def stop(self) -> None:
        self._answering.set()
        super().stop()

    def answer(self, asked: Asked) -> Reply:
        self.asked.clear()  # a long run would fill the memory
        if asked.method == "GET":
            return Reply(body=_MODEL)
        texts = json.loads(asked.body)["texts"]
        with self._lock:
            self.texts.update(texts)
        self._answering.wait()
        self._stopping.wait(self.seconds)
        if self.bad_answer is not None:
            return self.bad_answer
        return Reply(body=[_ITEM] * len(texts))
