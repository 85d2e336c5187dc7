"""The address that the server listens on: an IP address and port, or the path of a Unix socket."""

import contextlib
import ctypes
import errno
import os
import select
import socket
import stat
import struct
import sys
import time
from pathlib import Path

from serving.errors import AddressTakenError
from serving.settings import UNIX, Settings

BACKLOG = 2048
SECONDS_TO_ACCEPT = 1.0
_OWNER_AND_GROUP = 0o660
_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27  # asm-generic/socket.h
_KEEP_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)  # one BPF instruction: return 0 bytes


def url(settings: Settings) -> str:
    """Return the address as people write it."""
    if settings.host.startswith(UNIX):
        return settings.host
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens on the address; raise AddressTakenError if it cannot be had."""
    if settings.host.startswith(UNIX):
        return _listen_on_path(Path(settings.host.removeprefix(UNIX)))
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        raise AddressTakenError(
            f"cannot listen on {settings.host} port {settings.port} ({_reason(exc)}): stop what"
            " uses it, or set SERVING_HOST or SERVING_PORT to another"
        ) from exc
    return listener


def check_grpc_port(settings: Settings) -> None:
    """Raise AddressTakenError unless gRPC's port, if it has one, can be had.

    The workers would find out later, or share the port with a server that shares its own.
    """
    if settings.grpc_port is None:
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.grpc_port))
            probe.listen(1)
        except OSError as exc:
            raise AddressTakenError(
                f"cannot listen on {settings.host} port {settings.grpc_port} ({_reason(exc)}): stop"
                " what uses it, or set SERVING_GRPC_PORT to another"
            ) from exc


def stop_listening(listener: socket.socket) -> None:
    """Refuse connections from now on, in every process that has the socket, and remove its path.

    The processes that accept get a moment for the connections that are made already, which would
    be reset otherwise; no more are made meanwhile. To close the socket alone would leave it open
    in those processes, and the other way round.
    """
    with contextlib.suppress(OSError):  # where a shutdown is refused, close does it
        _shut_down_once_accepted(listener)
    path = listener.getsockname() if listener.family == socket.AF_UNIX else ""
    listener.close()
    if path and not _answers(path):  # else another server has taken the path over
        with contextlib.suppress(OSError):
            Path(path).unlink()


def _shut_down_once_accepted(listener: socket.socket) -> None:
    """Wait, not for ever, until no connection waits to be accepted, and let none follow.

    Raises OSError. The kernel ignores who connects between the last look and the shutdown: without
    that, they would be taken and then reset. They try again after a second, so as little as
    possible is done meanwhile.
    """
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    code = ctypes.create_string_buffer(_KEEP_NOTHING)
    program = struct.pack("HP", 1, ctypes.addressof(code))
    filtered = sys.platform == "linux" and listener.family != socket.AF_UNIX
    ends = time.monotonic() + SECONDS_TO_ACCEPT
    try:
        while time.monotonic() < ends:
            if not waiting.poll(0):
                if not filtered:
                    break
                listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
                if not waiting.poll(0):
                    break
                listener.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
            time.sleep(0.0002)
    finally:  # a sandbox may forbid filters
        listener.shutdown(socket.SHUT_RDWR)


def _listen_on_path(path: Path) -> socket.socket:
    """Return a socket that listens on a path; the socket of a dead server is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket() and not _answers(str(path)):
            path.unlink()
        listener.bind(str(path))
        path.chmod(_OWNER_AND_GROUP)  # before it listens, so nobody else connects meanwhile
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        raise AddressTakenError(
            f"cannot listen on the Unix socket {path} ({_reason(exc)}): {_remedy(path, exc)}"
        ) from exc
    return listener


def _remedy(path: Path, error: OSError) -> str:
    if error.errno != errno.EADDRINUSE:
        return "its folder must exist and be writable; SERVING_HOST names the path"
    with contextlib.suppress(OSError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            return "it is a file of another kind; remove it, or name another in SERVING_HOST"
    return "stop the server that uses it, or name another in SERVING_HOST"


def _answers(path: str) -> bool:
    """Return whether a process listens on the socket at `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # where a server's queue is full, connecting would wait
        try:
            probe.connect(path)
        except BlockingIOError:
            return True
        except ConnectionRefusedError:
            return False
        except OSError as exc:
            return exc.errno not in (errno.ENOENT, errno.ENOTSOCK)
    return True


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or 0)
