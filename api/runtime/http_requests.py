"""A request as it comes in: waitress's parser, with bounds on what nobody has a key for yet."""

import threading
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from api.routes.checks.body_checks import BeforeBody

HEAD_BYTES = 1 << 16
"""Longest head: request line and headers."""

_FRAMING_BYTES = 1 << 13
"""Longest chunk line, and longest trailers."""

_HEAD_END = b"\r\n\r\n"


class RequestTimeoutError(Error):
    """A head or body that was not sent in its time."""

    code = 408
    reason = "Request Timeout"


class SpoolFullError(Error):
    """A body that finds no room among those that are held already."""

    code = 503
    reason = "Service Unavailable"


class Spool:
    """Count of the bytes of all bodies that this process holds, and their limit; thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._free = max_bytes
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take room for so many bytes; return whether there was enough."""
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            return True

    def give_back(self, size: int) -> None:
        """Give room back that was taken."""
        with self._lock:
            self._free += size


class Request(HTTPRequestParser):
    """A request whose head, chunk lines and trailers are bounded and whose body is counted.

    before_body is None for a request that came in one piece. Until it has passed, the body is not
    read on, and the request stands for its head alone.
    """

    before_body: BeforeBody | None = None
    error: Any

    def __init__(self, adj: Any, spool: Spool) -> None:
        super().__init__(adj)
        self._spool = spool
        self._spooled = 0
        self._head = bytearray()

    @property
    def is_head_alone(self) -> bool:
        """Whether the app has not yet said that it takes the body."""
        return self.before_body is not None and not self.before_body.passed

    def received(self, data: bytes) -> int:
        """Take the next bytes; return how many of them belong to this request."""
        if self.completed:
            return 0
        if self.body_rcv is None:
            return self._received_head(data)
        try:
            consumed: int = super().received(data)
        except OSError:  # the temporary file cannot be made or written, e.g. its disk is full
            self.refuse(SpoolFullError(""))
            return len(data)
        self._check_body()
        return consumed

    def _received_head(self, data: bytes) -> int:
        # The parser would join and search all that has come each time, which is quadratic.
        known = len(self._head)
        self._head += data
        ended = self._head.find(_HEAD_END, max(0, known - len(_HEAD_END) + 1)) >= 0
        if not ended and len(self._head) < self.adj.max_request_header_size:
            return len(data)
        head = bytes(self._head)
        self._head.clear()
        consumed: int = super().received(head)
        return consumed - known

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head. Raises ParsingError, also where the length of the body is ambiguous."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # int() takes no number of thousands of digits
            raise ParsingError("a number in the head cannot be read") from error
        if "TRANSFER_ENCODING" in self.headers or (
            self.chunked and "CONTENT_LENGTH" in self.headers
        ):
            # A proxy in front may go by the other one, and take the rest for another request.
            raise ParsingError("the length of the body is ambiguous")

    def _check_body(self) -> None:
        receiver: Any = self.body_rcv
        size = len(receiver)
        if isinstance(receiver, ChunkedReceiver):
            framing = self.body_bytes_received - size
            unfinished = len(receiver.control_line) + len(receiver.trailer)
            if unfinished > _FRAMING_BYTES or framing > HEAD_BYTES + size:
                self.refuse(BadRequest("chunks of too few bytes, or too long a line"))
        if self.before_body is not None and size > self.before_body.max_bytes > 0:
            self.refuse(RequestEntityTooLarge(""))
        if not self.error and size > self._spooled:
            if self._spool.take(size - self._spooled):
                self._spooled = size
            else:
                self.refuse(SpoolFullError(""))

    def refuse(self, error: Error) -> None:
        """End the request with an error, and drop its body."""
        self.error = self.error or error
        self.completed = True
        self.before_body = None
        self.close()

    def close(self) -> None:
        """Drop the body, unless it is still to come."""
        if self.before_body is not None and not self.completed:
            return
        try:
            super().close()
        except OSError:  # what was written last did not fit on the disk either
            self.error = self.error or SpoolFullError("")
        spooled, self._spooled = self._spooled, 0
        self._spool.give_back(spooled)
