"""An inference server in the test's own process, so that the test sees every text it was sent."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from api.domain.posts import EMOTIONS

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: whoever asked was killed, as is meant here."""


class StandIn:
    """Find joy in every text, and count how often each was sent.

    A call takes `seconds`; while hold is set no call is answered until it is cleared.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.texts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._going = threading.Event()
        self._going.set()
        self._stopped = threading.Event()
        self._http = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    def hold(self) -> None:
        """Answer no classification until let_go()."""
        self._going.clear()

    def let_go(self) -> None:
        """Answer again."""
        self._going.set()

    def stop(self) -> None:
        self._stopped.set()
        self._going.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _classified(self, texts: list[str]) -> list[Any]:
        with self._lock:
            self.texts.update(texts)
        self._going.wait()
        self._stopped.wait(self.seconds)
        return [_ITEM] * len(texts)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(_MODEL)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(stand_in._classified(body["texts"]))

            def _answer(self, value: Any) -> None:
                raw = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                return

        return Handler
