"""A client that sends the same start a hundred times at once gets one analysis."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.deployment import Deployment

pytestmark = pytest.mark.integration

CALLS = 100


def test_a_hundred_starts_with_one_key_at_once_make_one_analysis(deployment: Deployment) -> None:
    # A lease of a second may expire while a hundred threads compete for the processor.
    deployment.start_api(QUEUE_URL="", LEASE_SECONDS="30")
    deployment.import_posts("alice", 50)
    together = threading.Barrier(CALLS)
    url = f"{deployment.http.base_url}/v1/analyses"

    def start(_: int) -> httpx.Response:
        together.wait(30)
        return httpx.post(
            url,
            json={"user_name": "alice", "consent": True},
            headers={"Idempotency-Key": "the same"},
            timeout=60,
            trust_env=False,
        )

    with ThreadPoolExecutor(CALLS) as threads:
        answers = list(threads.map(start, range(CALLS)))
    (analysis_id,) = {answer.json()["analysis_id"] for answer in answers}
    deployment.wait_for(analysis_id)

    assert {answer.status_code for answer in answers} == {202}
    assert deployment.rows("SELECT count(*) FROM analyses") == [(1,)]
    assert deployment.rows("SELECT count(*) FROM moods") == [(1,)]
    assert max(deployment.inference.texts.values()) == 1
