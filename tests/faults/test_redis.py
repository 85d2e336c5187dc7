"""Redis may lose messages, stop and come back: what was accepted is done all the same."""

import pytest

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
