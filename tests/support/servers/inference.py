"""Inference server on loopback that records every text it was sent and finds joy in each.

It can be told to answer wrongly: FAULTS names what no server should do, and a peer may.
"""

import json
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from api.domain.posts import EMOTIONS
from tests.support.servers.loopback import DRIP, DRIP_HEAD, HANG, Asked, LoopbackServer, Reply

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

Item = dict[str, Any]
Fault = Callable[[list[Item]], Reply | str]
"""What is answered instead of the right items, one for each text."""

_PART = 64 * 1024
_HUGE_BYTES = 400 * 1024 * 1024
_BOMB_BYTES = 300 * 1024 * 1024


def _huge(_: list[Item]) -> Reply:
    return Reply(body=iter([b" " * _PART] * (_HUGE_BYTES // _PART)))


def _huge_and_says_so(_: list[Item]) -> Reply:
    parts = iter([b" " * _PART] * (_HUGE_BYTES // _PART))
    return Reply(body=parts, headers={"Content-Length": str(_HUGE_BYTES)})


def _gzip_bomb(_: list[Item]) -> Reply:
    return Reply(body=_packed_spaces(), headers={"Content-Encoding": "gzip"})


def _packed_spaces() -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for _ in range(_BOMB_BYTES // _PART):
        yield packer.compress(b" " * _PART)
    yield packer.flush()


def _changed(**changes: Any) -> Fault:
    return lambda items: Reply(body=[*items[:-1], {**items[-1], **changes}])


def _with_score(score: Any) -> Fault:
    return _changed(scores={**_SCORES, "joy": score})


def _raw_tokens(number: bytes) -> Fault:
    def answer(items: list[Item]) -> Reply:
        return Reply(
            body=json.dumps(items).encode().replace(b'"tokens": 3', b'"tokens": ' + number)
        )

    return answer


def _failure(**document: Any) -> Fault:
    problem = {"type": "/problems/unexpected", "detail": "It broke.", "errors": [], **document}
    return lambda _: Reply(500, problem)


FAULTS: dict[str, Fault] = {
    "drips its answer": lambda _: DRIP,
    "drips its headers": lambda _: DRIP_HEAD,
    "never answers": lambda _: HANG,
    "answers 400 MB": _huge,
    "announces 400 MB": _huge_and_says_so,
    "answers 300 MB in gzip": _gzip_bomb,
    "answers small in gzip": lambda _: Reply(
        body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}
    ),
    "a score that is NaN": _with_score(float("nan")),
    "a score that is infinite": _with_score(float("inf")),
    "a score above 1": _with_score(1e300),
    "a score without end": _with_score(10**400),
    "a score in quotes": _with_score("0.94"),
    "a score that is true": _with_score(True),
    "scores that sum to less": _with_score(0.1),
    "an emotion too few": _changed(scores={"joy": 1.0}),
    "an emotion that is unknown": _changed(scores={**_SCORES, "hunger": 0.0}),
    "a label that is no emotion": _changed(label="hunger"),
    "a label that is no text": _changed(label=["joy"]),
    "an irony below 0": _changed(irony=-0.1),
    "an irony that is missing": _changed(irony=None),
    "tokens of 31 digits": _changed(tokens=10**30),
    "tokens of 5,000 digits": _raw_tokens(b"9" * 5000),
    "tokens that are infinite": _raw_tokens(b"1e999"),
    "tokens that are no whole number": _changed(tokens=3.5),
    "tokens below 0": _changed(tokens=-1),
    "truncated that is a number": _changed(truncated=1),
    "one item too few": lambda items: Reply(body=items[1:]),
    "one item too many": lambda items: Reply(body=[*items, items[0]]),
    "items in an object": lambda items: Reply(body={"items": items}),
    "brackets without end": lambda _: Reply(body=b"[" * 1_000_000),
    "no JSON": lambda _: Reply(body=b"<html>"),
    "nothing": lambda _: Reply(body=b""),
    "a refusal": lambda _: Reply(400, {"type": "t", "detail": "No.", "errors": []}),
    "a refusal of 100 kB": lambda _: Reply(
        400,
        {
            "type": "t" * 100_000,
            "detail": "\x1b[2J\u202e" + "d" * 100_000,
            "errors": [{"where": "/texts/" + "9" * 5000, "reason": "r" * 9_000}] * 100,
        },
    ),
    "a page instead of the server": lambda _: Reply(404, b"<html>"),
    "a failure": _failure(),
    "a failure that names a text": _failure(errors=[{"where": "/texts/0", "reason": "broke it"}]),
    "a failure without a document": lambda _: Reply(500, b"<html>"),
    "a failure of 400 MB": lambda _: Reply(500, iter([b" " * _PART] * (_HUGE_BYTES // _PART))),
}


class InferenceServer(LoopbackServer):
    """Inference server that counts how often each text was sent; a call takes `seconds`.

    bad_answer, where it is set, is the answer to every call. Before it the next classifications
    are answered by next_faults, in turn; model_faults is the same for the questions which model
    there is.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.bad_answer: Reply | None = None
        self.next_faults: list[Fault] = []
        self.model_faults: list[Reply | str] = []
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

    def answer(self, asked: Asked) -> Reply | str:
        self.asked.clear()  # a long run would fill the memory
        if asked.method == "GET":
            return self.model_faults.pop(0) if self.model_faults else Reply(body=_MODEL)
        texts = json.loads(asked.body)["texts"]
        with self._lock:
            self.texts.update(texts)
            fault = self.next_faults.pop(0) if self.next_faults else None
        if fault is not None:
            return fault([_ITEM] * len(texts))
        self._answering.wait()
        self._stopping.wait(self.seconds)
        if self.bad_answer is not None:
            return self.bad_answer
        return Reply(body=[_ITEM] * len(texts))
