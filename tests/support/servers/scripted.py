"""Answer HTTP on loopback with what a test tells it to."""

from __future__ import annotations

from tests.support.servers.loopback import Asked, LoopbackServer, Reply


class ScriptedServer(LoopbackServer):
    """Answer requests with the replies given, the last one again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Reply] = [Reply()]

    def answer(self, asked: Asked) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
