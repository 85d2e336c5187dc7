"""Redis may lose messages, stop and come back: what was accepted is done all the same."""

import json

import httpx
import pytest

from api.runtime.processes import free_port
from tests.support.deployment import SECONDS, Deployment
from tests.support.serving.started import wait_until

pytestmark = pytest.mark.integration


def test_an_analysis_whose_message_was_lost_is_found_by_a_sweep(deployment: Deployment) -> None:
    deployment.start_redis()
    deployment.start_api()
    deployment.import_posts("alice", 30)
    analysis_id = deployment.start_analysis("alice")
    with deployment.redis() as client:
        lost = client.llen("moodline.analyses")
        client.flushall()
    deployment.start_worker()

    deployment.wait_for(analysis_id)

    assert lost == 1


def test_analyses_are_accepted_and_finished_while_redis_is_away_and_after_it_is_back(
    deployment: Deployment,
) -> None:
    deployment.inference.seconds = 0.05
    redis = deployment.start_redis()
    deployment.start_api()
    for _ in range(2):
        deployment.start_worker()
    for user in ("before", "meanwhile", "afterwards"):
        deployment.import_posts(user, 100)
    before = deployment.start_analysis("before")
    wait_until(
        lambda: deployment.analysis(before)["progress"]["classified"] > 0,
        SECONDS,
        "it is under way",
    )

    redis.kill()
    redis.wait()
    meanwhile = deployment.start_analysis("meanwhile")
    deployment.wait_for(before, meanwhile)
    deployment.start_redis()
    afterwards = deployment.start_analysis("afterwards")
    deployment.wait_for(afterwards)

    assert len(deployment.inference.texts) == 300
    assert max(deployment.inference.texts.values()) == 1


def test_items_that_are_no_messages_end_no_worker_and_are_counted(deployment: Deployment) -> None:
    port = free_port()
    deployment.start_redis()
    deployment.start_api()
    worker = deployment.start_worker(
        WORKER_METRICS_PORT=str(port), QUEUE_POLL_SECONDS="600", ANALYSIS_WORKERS="1"
    )
    route = {"exchange": "", "routing_key": "moodline.analyses"}
    parts = {"delivery_tag": "1", "delivery_info": route, "body_encoding": "base64"}
    foreign = ["x", "\xff", "null", "[]", "{}", "7", '"text"', '{"properties": {}}', '{"body": 1}']
    foreign += [
        json.dumps({"properties": parts | changed, "body": body, "headers": headers})
        for changed, body, headers in (
            ({}, "", 3),
            ({"delivery_info": {"exchange": [1]}}, "e30=", {}),
        )
    ]
    # A message of another program, which Celery itself passes over.
    others = [
        {
            "properties": parts | {"delivery_tag": "2"},
            "headers": {"task": "other", "id": "2"},
            "body": "W10=",
        },
    ]
    with deployment.redis() as client:
        for item in [*foreign, *map(json.dumps, others)]:
            client.lpush("moodline.analyses", item)
    counted = f"moodline_messages_dropped_total {len(foreign)}.0"
    wait_until(lambda: counted in metrics(port), SECONDS, "the items are dropped")
    deployment.import_posts("alice", 30)

    deployment.wait_for(deployment.start_analysis("alice"))  # which the next poll would not see

    assert worker.poll() is None


def metrics(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    except httpx.TransportError:
        return ""
