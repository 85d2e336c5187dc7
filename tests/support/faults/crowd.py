"""Clients in a process of their own: strangers that hold connections, and a crowd that calls.

    python -m tests.support.faults.crowd slow PORT PATH COUNT
    python -m tests.support.faults.crowd calls PORT PATH COUNT

Each runs until its standard input ends and has said "up" before that; `calls` then prints, as JSON,
how often each status was answered. In the process of the client that measures, they would take the
interpreter from it, and the measure would be theirs.
"""

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.serving.started import ROOT

PAUSE_SECONDS = 1.0  # between two bytes of a slow stranger


@contextmanager
def crowd(kind: str, port: int, path: str, count: int) -> Iterator[Counter[int]]:
    """Let so many clients be there for a block; the statuses that `calls` got are there after it.

    kind is `slow`, half of which send a head and half a body that never ends, or `calls`.
    """
    statuses: Counter[int] = Counter()
    command = [sys.executable, "-m", __name__, kind, str(port), path, str(count)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"up\n", "the crowd did not come"
            yield statuses
        finally:
            process.stdin.close()
            said = json.loads(process.stdout.read() or b"{}")
            statuses.update({int(status): number for status, number in said.items()})


def _slow(port: int, path: str, count: int, ends: threading.Event) -> Counter[int]:
    """Hold connections on which a byte comes now and then; one that was closed is opened anew."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    begun = (head + b"X-Slow: ", head + b"Content-Length: 100000\r\n\r\n")

    def opened(number: int) -> socket.socket | None:
        try:
            line = socket.create_connection(("127.0.0.1", port), timeout=5)
            line.sendall(begun[number % 2])
        except OSError:
            return None
        return line

    lines = [opened(number) for number in range(count)]
    _say("up")
    while not ends.wait(PAUSE_SECONDS):
        for number, line in enumerate(lines):
            try:
                if line is not None and line.send(b"x", socket.MSG_DONTWAIT):
                    continue
            except OSError:
                assert line is not None
                line.close()
            lines[number] = opened(number)
    return Counter()


def _calls(port: int, path: str, count: int, ends: threading.Event) -> Counter[int]:
    """Call as fast as answers come, each client on its own connection."""
    counts = [Counter[int]() for _ in range(count)]

    def call(number: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not ends.is_set():
            try:
                client.request("GET", path)
                answer = client.getresponse()
                answer.read()
                counts[number][answer.status] += 1
            except (OSError, http.client.HTTPException):
                client.close()
                ends.wait(0.1)
        client.close()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    _say("up")
    for thread in threads:
        thread.join()
    return sum(counts, Counter())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    kind, port, path, count = sys.argv[1:]
    ends = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        ends.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    play = {"slow": _slow, "calls": _calls}[kind]
    _say(json.dumps(play(int(port), path, int(count), ends)))


if __name__ == "__main__":
    main()
