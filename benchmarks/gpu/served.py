"""Posts through the server's socket: `python -m serving` with the GPU model folder."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.adapters.wire import classify_call
from benchmarks.peers.client.connection import Pool, written
from benchmarks.peers.processes import ROOT, free_port

READY_SECONDS = 240
PATH = "/v1/classify"


@contextmanager
def started(folder: Path, setting: str, workers: int, log: Path) -> Iterator[int]:
    """Yield the port of a server with `setting` naming the model folder; end it afterwards."""
    port = free_port()
    environment = {
        **os.environ,
        setting: str(folder),
        "SERVING_PORT": str(port),
        "SERVING_WORKERS": str(workers),
        "SERVING_CACHE_TEXTS": "0",
        "SERVING_QUEUE_TEXTS": "65536",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(process, port, log)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


async def load(
    port: int, texts: Sequence[str], size: int, connections: int, seconds: float
) -> tuple[float, list[float]]:
    """Return posts a second and the seconds each request took, `size` texts a request."""
    pool = Pool("127.0.0.1", port)
    parts = [texts[at : at + size] for at in range(0, len(texts) - size + 1, size)]
    requests = itertools.cycle(
        written(classify_call(PATH, part), f"127.0.0.1:{port}") for part in parts
    )
    took: list[float] = []
    ends = time.perf_counter() + seconds

    async def one_by_one() -> None:
        while (began := time.perf_counter()) < ends:
            reply = await pool.ask(next(requests))
            if reply.status != 200:
                raise RuntimeError(f"the server answered {reply.status}")
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one_by_one() for _ in range(connections)))
    rate = len(took) * size / (time.perf_counter() - began)
    pool.close()
    return rate, took


def labels(port: int, texts: Sequence[str]) -> list[str]:
    """Return the label of each text, as the server says."""

    async def ask() -> list[str]:
        pool = Pool("127.0.0.1", port)
        reply = await pool.ask(written(classify_call(PATH, texts), f"127.0.0.1:{port}"))
        pool.close()
        return [item["label"] for item in json.loads(reply.body)]

    return asyncio.run(ask())


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"the server did not get ready: {said}")
