"""Load the inference server: one text a request, or a batch of them.

    locust -f benchmarks/locustfile.py --headless -u 16 -t 30s -H http://127.0.0.1:3000 Singles

The texts are the invented posts of the demo, so nothing but the repository is needed.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

from locust import HttpUser, task

POSTS = Path(__file__).parents[1] / "api" / "demo" / "posts" / "ben_grey.csv"
BATCH_TEXTS = 50

with POSTS.open(encoding="utf-8", newline="") as _file:
    TEXTS = [row["text"] for row in csv.DictReader(_file)]


class _Caller(HttpUser):
    """Ask for `texts_a_request` texts, and count an answer that is not as long as a failure."""

    abstract = True
    texts_a_request = 1

    @task
    def classify(self) -> None:
        """Send one request, without a pause after it."""
        texts = random.choices(TEXTS, k=self.texts_a_request)
        with self.client.post("/v1/classify", json={"texts": texts}, catch_response=True) as answer:
            if answer.ok and len(answer.json()) != len(texts):
                answer.failure("the answer has another length than the request")


class Singles(_Caller):
    """One text a request."""


class Batches(_Caller):
    """BATCH_TEXTS texts a request."""

    texts_a_request = BATCH_TEXTS
