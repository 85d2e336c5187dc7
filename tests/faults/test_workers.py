"""Two worker processes on one store share the work, and outlive each other."""

from __future__ import annotations

import signal
import subprocess

import httpx
import pytest

from api.adapters.celery_queue import CeleryQueue
from tests.faults.site import SECONDS, Site
from tests.support.serving.started import free_port, wait_until

pytestmark = pytest.mark.integration

NEVER = "600"


def only_once(site: Site) -> bool:
    return max(site.inference.texts.values()) == 1


def test_a_wake_up_has_a_worker_run_the_analysis_at_once(site: Site) -> None:
    site.start_redis()
    site.start_api()
    site.start_worker(QUEUE_POLL_SECONDS=NEVER)
    with site.redis() as client:  # a worker that listens has swept before
        wait_until(
            lambda: client.exists("_kombu.binding.moodline.analyses") == 1,
            SECONDS,
            "the worker listens",
        )
    site.import_posts("alice", 30)

    analysis_id = site.start_analysis("alice")

    site.wait_for(analysis_id)


def test_two_workers_never_run_the_same_analysis(site: Site) -> None:
    site.inference.seconds = 0.02
    site.start_redis()
    site.start_api()
    users = [f"user{n}" for n in range(20)]
    for user in users:
        site.import_posts(user, 30)
    ids = [site.start_analysis(user) for user in users]
    queue = CeleryQueue(f"redis://127.0.0.1:{site.redis_port}/0", lease_seconds=1)
    for analysis_id in ids * 3:  # four messages each, and the sweeps of both
        queue.wake(analysis_id)
    queue.close()
    workers = [site.start_worker(LEASE_SECONDS="30") for _ in range(2)]
    owners: set[int | None] = set()

    def all_ended() -> bool:
        owners.update(site.owner_of(analysis_id) for analysis_id in ids)
        return all(site.analysis(analysis_id)["state"] == "succeeded" for analysis_id in ids)

    wait_until(all_ended, SECONDS, "all analyses succeed")

    assert owners - {None} == {worker.pid for worker in workers}
    assert only_once(site)
    assert len(site.inference.texts) == 600
    assert site.rows("SELECT DISTINCT attempt, token FROM analyses") == [(1, 1)]
    assert site.rows("SELECT count(*), count(DISTINCT user_key) FROM moods") == [(20, 20)]


def begun(site: Site, posts: int) -> tuple[str, subprocess.Popen[bytes]]:
    """Start two workers and an analysis, and return it with its worker once some is classified."""
    site.start_redis()
    site.start_api()
    workers = [site.start_worker() for _ in range(2)]
    site.import_posts("alice", posts)
    analysis_id = site.start_analysis("alice")
    wait_until(
        lambda: site.analysis(analysis_id)["progress"]["classified"] >= 20, SECONDS, "it is begun"
    )
    owner = site.owner_of(analysis_id)
    return analysis_id, next(worker for worker in workers if worker.pid == owner)


def test_the_analysis_of_a_worker_that_is_killed_is_resumed_by_the_other(site: Site) -> None:
    site.inference.seconds = 0.1
    analysis_id, worker = begun(site, 200)

    worker.kill()
    worker.wait()
    kept = site.rows("SELECT count(*) FROM posts WHERE model IS NOT NULL")[0][0]
    site.wait_for(analysis_id)

    progress = site.analysis(analysis_id)["progress"]
    assert (progress["reused"], progress["classified"]) == (kept, 200 - kept)
    assert site.rows("SELECT attempt, token FROM analyses") == [(2, 2)]
    assert site.rows("SELECT count(*) FROM moods") == [(1,)]
    again = [text for text, times in site.inference.texts.items() if times > 1]
    assert len(again) <= 20  # the two chunks that were on their way


def test_a_worker_that_is_stopped_hands_its_analysis_over_without_loss(site: Site) -> None:
    site.inference.seconds = 0.1
    analysis_id, worker = begun(site, 200)

    worker.send_signal(signal.SIGTERM)
    status = worker.wait(SECONDS)
    site.wait_for(analysis_id)

    assert status == 0
    assert only_once(site)
    assert len(site.inference.texts) == 200


def test_a_worker_tells_what_it_has_done(site: Site) -> None:
    port = str(free_port())
    site.start_redis()
    site.start_api()
    site.start_worker(WORKER_METRICS_PORT=port)
    site.import_posts("alice", 30)

    site.wait_for(site.start_analysis("alice"))

    def told() -> str:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text

    succeeded = 'moodline_analyses_total{state="succeeded"} 1.0'
    wait_until(lambda: succeeded in told(), SECONDS, "the analysis is counted")
    assert "moodline_inference_texts_total 30.0" in told()


def test_a_worker_without_a_queue_says_so_in_one_line(site: Site) -> None:
    worker = site.start_worker(QUEUE_URL="")

    status = worker.wait(SECONDS)

    log = site.log()
    assert status == 2
    assert log.count("\n") == 1
    assert "QUEUE_URL" in log
