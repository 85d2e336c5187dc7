"""Redis may lose messages, stop and come back: what was accepted is done all the same."""

from __future__ import annotations

import pytest

from tests.faults.site import SECONDS, Site
from tests.support.serving.started import wait_until

pytestmark = pytest.mark.integration


def test_an_analysis_whose_message_was_lost_is_found_by_a_sweep(site: Site) -> None:
    site.start_redis()
    site.start_api()
    site.import_posts("alice", 30)
    analysis_id = site.start_analysis("alice")
    with site.redis() as client:
        lost = client.llen("moodline.analyses")
        client.flushall()
    site.start_worker()

    site.wait_for(analysis_id)

    assert lost == 1


def test_analyses_are_accepted_and_finished_while_redis_is_away_and_after_it_is_back(
    site: Site,
) -> None:
    site.inference.seconds = 0.05
    redis = site.start_redis()
    site.start_api()
    for _ in range(2):
        site.start_worker()
    for user in ("before", "meanwhile", "afterwards"):
        site.import_posts(user, 100)
    before = site.start_analysis("before")
    wait_until(
        lambda: site.analysis(before)["progress"]["classified"] > 0, SECONDS, "it is under way"
    )

    redis.kill()
    redis.wait()
    meanwhile = site.start_analysis("meanwhile")
    site.wait_for(before, meanwhile)
    site.start_redis()
    afterwards = site.start_analysis("afterwards")
    site.wait_for(afterwards)

    assert len(site.inference.texts) == 300
    assert max(site.inference.texts.values()) == 1
