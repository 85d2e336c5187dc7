"""The web server of the API: waitress, bounded in connections, time and bytes.

`python -m api` runs it in one process, `api.runtime.gunicorn_worker` in several.
"""

import resource
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from api.runtime.http_connections import Connection, Times
from api.runtime.http_requests import HEAD_BYTES, Spool
from api.settings import Settings

_LOOP_SECONDS = 1.0
# The client's address, and whether it came over TLS: a page's origin begins with https then.
_PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto"}
_RECEIVED_BYTES = 1 << 14
_IN_MEMORY_BYTES = 1 << 16
_SPARE_FILES = 128  # files that a process opens besides its connections, at most
_CLOSED_AT_ONCE = 32  # this fraction of the connections makes room at once, when all are taken


class HttpServer(TcpWSGIServer):
    """waitress's server, with a loop whose cost does not grow with the connections that wait.

    When all connections are taken, those of the address that has most of them make room.
    """

    channel_class = Connection

    def __init__(self, app: Flask, settings: Settings, sock: socket.socket | None = None) -> None:
        """Listen at the settings' address, or on a socket that does already.

        Raises OSError if the port cannot be opened.
        """
        self.spool = Spool(settings.max_spool_bytes)
        self._times = Times(head=settings.receive_seconds, body=2 * settings.receive_seconds)
        self._connections = _within_file_limit(settings.api_connections)
        self._selector = selectors.DefaultSelector()
        self._watched: dict[int, int] = {}
        self._to_look_at: deque[Any] = deque()
        self._changing: set[Any] = set()
        self._next_sweep = 0.0
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(settings.api_threads)
        adj = Adjustments(
            host=settings.api_host,
            port=settings.api_port,
            recv_bytes=_RECEIVED_BYTES,
            inbuf_overflow=_IN_MEMORY_BYTES,
            max_request_header_size=HEAD_BYTES,
            # The app says how much it takes before a body is waited for.
            max_request_body_size=sys.maxsize,
            clear_untrusted_proxy_headers=True,
            trusted_proxy=settings.trusted_proxy or None,
            trusted_proxy_headers=_PROXY_HEADERS if settings.trusted_proxy else set(),
            ident="",
        )
        super().__init__(
            app,
            {},
            _sock=sock,
            dispatcher=dispatcher,
            adj=adj,
            sockinfo=adj.listen[0],
            bind_socket=sock is None,
        )
        for each in self._map.values():  # the listening socket, and the trigger of the threads
            self._selector.register(each._fileno, selectors.EVENT_READ, each)

    # --- The loop --------------------------------------------------------------------------------

    def run(self, goes_on: Callable[[], bool]) -> None:
        """Serve until goes_on, asked each second and after pull_trigger(), returns False."""
        while goes_on():
            self.poll(_LOOP_SECONDS)

    def stop(self, seconds: float) -> None:
        """Take no more connections, answer what has come, for at most so many seconds."""
        self._selector.unregister(self._fileno)
        self.accepting = False
        self.del_channel()
        self.socket.close()
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._close_what_waits():
            self.poll(0.1)
        self.task_dispatcher.shutdown(timeout=1)

    def _close_what_waits(self) -> int:
        """Close connections that are owed nothing; return how many others there are."""
        for connection in list(self.active_channels.values()):
            if connection.waits and not connection.total_outbufs_len:
                connection.handle_close()
        return len(self.active_channels)

    def poll(self, seconds: float) -> None:
        """Wait for something to happen on the sockets, for at most so long, and handle it."""
        now = time.monotonic()
        while self._to_look_at:
            self._changing.add(self._to_look_at.popleft())
        for connection in list(self._changing):
            self._wait_for(connection, now)
        for key, events in self._selector.select(seconds):
            item = key.data
            if events & selectors.EVENT_READ and item._fileno is not None:
                wasyncore.read(item)
            if events & selectors.EVENT_WRITE and item._fileno is not None:
                wasyncore.write(item)
            if isinstance(item, Connection):
                self._changing.add(item)
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _LOOP_SECONDS
            for connection in list(self.active_channels.values()):
                connection.end_if_late(now, self._times)

    def _wait_for(self, connection: Any, now: float) -> None:
        """Wait for what the connection waits for; look at it again while a thread may change it."""
        fileno = connection._fileno
        if fileno is None:
            self._changing.discard(connection)
            return
        connection.note_phase(now)
        events = selectors.EVENT_READ if connection.readable() else 0
        if connection.writable():
            events |= selectors.EVENT_WRITE
        before = self._watched.get(fileno, 0)
        if events != before:
            if not before:
                self._selector.register(fileno, events, connection)
            elif events:
                self._selector.modify(fileno, events, connection)
            else:
                self._selector.unregister(fileno)
            self._watched[fileno] = events
        if connection.waits and events == selectors.EVENT_READ:
            self._changing.discard(connection)

    def look_at(self, connection: Connection) -> None:
        """Have the loop find out what a connection waits for; threads may call it."""
        self._to_look_at.append(connection)

    def forget(self, fileno: int) -> None:
        """Stop waiting for a connection that is about to be closed."""
        if self._watched.pop(fileno, 0):
            self._selector.unregister(fileno)

    # --- Connections -----------------------------------------------------------------------------

    def handle_accept(self) -> None:
        """Take a connection; close others that wait if there are too many."""
        if len(self.active_channels) >= self._connections:
            self._make_room()
        super().handle_accept()

    def _make_room(self) -> None:
        """Close those that are missed least: of the address that has most, and never answered."""
        waiting = [each for each in self.active_channels.values() if each.waits]
        of_address = Counter(each.addr[0] for each in waiting)
        waiting.sort(key=lambda each: (-of_address[each.addr[0]], each.answers > 0, each.since))
        for each in waiting[: max(1, self._connections // _CLOSED_AT_ONCE)]:
            each.handle_close()


def _within_file_limit(connections: int) -> int:
    """Raise the process's limit of open files where it may be; return how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connections = max(1, min(connections, soft - _SPARE_FILES))
    return connections
