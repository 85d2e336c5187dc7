"""Load the inference server in one of five ways.

    locust -f benchmarks/locustfile.py --headless -u 16 -t 30s -H http://127.0.0.1:3000 Singles

`Singles`, `Batches` and `Mixed` send without a pause; `Burst` sends for a second in ten;
`Soak` sends everything at a rate that can be held for hours. A 429 is no failure: it is counted
separately, and its Retry-After is respected.

The texts are the invented posts of the demo, so only the repository is needed; a number in front of
each keeps them out of the server's result cache.
"""

import csv
import itertools
import json
import random
import time
from pathlib import Path

from locust import HttpUser, constant_throughput, task

POSTS = Path(__file__).parents[1] / "api" / "demo" / "posts"
BATCH_TEXTS = 50
BURST_SECONDS = 1.0
BURST_EVERY_SECONDS = 10.0
SOAK_REQUESTS_PER_SECOND = 1.0
BUSY = 429


def _read_texts() -> list[str]:
    with (POSTS / "ben_grey.csv").open(encoding="utf-8", newline="") as file:
        rows = [row["text"] for row in csv.DictReader(file)]
    with (POSTS / "ana_ridge.jsonl").open(encoding="utf-8") as file:
        return rows + [json.loads(line)["text"] for line in file]


TEXTS = _read_texts()
NUMBERS = itertools.count()


def short_texts(count: int) -> list[str]:
    """Return posts that were not sent before."""
    return [f"{next(NUMBERS)} {random.choice(TEXTS)}" for _ in range(count)]


def texts_of_all_lengths(count: int) -> list[str]:
    """Return texts from one word to more than the model reads, most of them short."""
    lengths = random.choices((1, 10, 25, 60, 400), weights=(1, 4, 4, 2, 1), k=count)
    return [f"{next(NUMBERS)} {' '.join(random.choices(TEXTS, k=9))}"[: 6 * n] for n in lengths]


class _Caller(HttpUser):
    """Sends classifications; an answer of another length than its request is a failure."""

    abstract = True

    def classify(self, texts: list[str]) -> None:
        """Send one request; if the server is full, wait as long as it says."""
        call = self.client.post("/v1/classify", json={"texts": texts}, catch_response=True)
        with call as answer:
            if answer.status_code == BUSY:
                answer.request_meta["name"] = "/v1/classify (refused: busy)"
                answer.success()
            elif answer.ok and len(answer.json()) != len(texts):
                answer.failure("the answer has another length than the request")
        if answer.status_code == BUSY:
            time.sleep(float(answer.headers["retry-after"]))


class Singles(_Caller):
    """One text per request."""

    @task
    def one(self) -> None:
        self.classify(short_texts(1))


class Batches(_Caller):
    """BATCH_TEXTS texts per request."""

    @task
    def many(self) -> None:
        self.classify(short_texts(BATCH_TEXTS))


class Mixed(_Caller):
    """Requests of one to BATCH_TEXTS texts, each of any length."""

    @task
    def some(self) -> None:
        self.classify(texts_of_all_lengths(random.choice((1, 1, 1, 5, BATCH_TEXTS))))


class Burst(_Caller):
    """All users at once for BURST_SECONDS, then none, every BURST_EVERY_SECONDS."""

    @task
    def one_during_a_burst(self) -> None:
        since = time.time() % BURST_EVERY_SECONDS
        if since > BURST_SECONDS:
            time.sleep(BURST_EVERY_SECONDS - since)
        self.classify(short_texts(1))


class Soak(_Caller):
    """All kinds of requests, SOAK_REQUESTS_PER_SECOND per user, for hours; watch the memory."""

    wait_time = constant_throughput(SOAK_REQUESTS_PER_SECOND)

    @task(8)
    def one(self) -> None:
        self.classify(short_texts(1))

    @task(1)
    def some(self) -> None:
        self.classify(texts_of_all_lengths(BATCH_TEXTS))

    @task(1)
    def read_metrics(self) -> None:
        self.client.get("/metrics")
