"""Two worker processes on one store share the work, and outlive each other."""

import signal
import subprocess
import sys

import httpx
import pytest

from api.adapters.celery_queue import CeleryQueue
from tests.support.deployment import SECONDS, Deployment
from tests.support.serving.started import free_port, wait_until

pytestmark = pytest.mark.integration

NEVER = "600"


def only_once(deployment: Deployment) -> bool:
    return max(deployment.inference.texts.values()) == 1


def test_a_wake_up_makes_a_worker_run_the_analysis_and_count_it(deployment: Deployment) -> None:
    port = str(free_port())
    deployment.start_redis()
    deployment.start_api()
    deployment.start_worker(QUEUE_POLL_SECONDS=NEVER, WORKER_METRICS_PORT=port)
    with deployment.redis() as client:  # a worker that listens has polled the store before
        wait_until(
            lambda: client.exists("_kombu.binding.moodline.analyses") == 1,
            SECONDS,
            "the worker listens",
        )
    deployment.import_posts("alice", 30)

    deployment.wait_for(deployment.start_analysis("alice"))

    def metrics() -> str:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text

    succeeded = 'moodline_analyses_total{state="succeeded"} 1.0'
    wait_until(lambda: succeeded in metrics(), SECONDS, "the analysis is counted")
    assert "moodline_inference_texts_total 30.0" in metrics()


def test_a_ping_finds_the_worker_of_that_name_while_redis_is_there(
    deployment: Deployment,
) -> None:
    redis = deployment.start_redis()
    deployment.start_worker("--name", "ana")

    wait_until(lambda: ping(deployment, "ana"), SECONDS, "the worker answers")
    assert not ping(deployment, "ben")
    redis.kill()
    redis.wait()
    assert not ping(deployment, "ana")


def ping(deployment: Deployment, name: str) -> bool:
    command = [sys.executable, "-m", "api.worker", "--name", name, "--ping"]
    return subprocess.run(command, env=deployment.environment, check=False).returncode == 0


def test_two_workers_never_run_the_same_analysis(deployment: Deployment) -> None:
    deployment.inference.seconds = 0.02
    deployment.start_redis()
    deployment.start_api()
    users = [f"user{n}" for n in range(20)]
    for user in users:
        deployment.import_posts(user, 30)
    ids = [deployment.start_analysis(user) for user in users]
    queue = CeleryQueue(f"redis://127.0.0.1:{deployment.redis_port}/0", lease_seconds=1)
    for analysis_id in ids * 3:  # four messages each, and the sweeps of both
        queue.wake(analysis_id)
    queue.close()
    workers = [deployment.start_worker(LEASE_SECONDS="30") for _ in range(2)]
    owners: set[int | None] = set()

    def all_ended() -> bool:
        owners.update(deployment.owner_of(analysis_id) for analysis_id in ids)
        return all(deployment.analysis(analysis_id)["state"] == "succeeded" for analysis_id in ids)

    wait_until(all_ended, SECONDS, "all analyses succeed")

    assert owners - {None} == {worker.pid for worker in workers}
    assert only_once(deployment)
    assert len(deployment.inference.texts) == 600
    assert deployment.rows("SELECT DISTINCT attempt, token FROM analyses") == [(1, 1)]
    assert deployment.rows("SELECT count(*), count(DISTINCT user_key) FROM moods") == [(20, 20)]


def begun(deployment: Deployment, posts: int) -> tuple[str, subprocess.Popen[bytes]]:
    """Start two workers and an analysis, and return it with its worker once some is classified."""
    deployment.start_redis()
    deployment.start_api()
    workers = [deployment.start_worker() for _ in range(2)]
    deployment.import_posts("alice", posts)
    analysis_id = deployment.start_analysis("alice")
    wait_until(
        lambda: deployment.analysis(analysis_id)["progress"]["classified"] >= 20,
        SECONDS,
        "it is begun",
    )
    owner = deployment.owner_of(analysis_id)
    return analysis_id, next(worker for worker in workers if worker.pid == owner)


def test_the_analysis_of_a_worker_that_is_killed_is_resumed_by_the_other(
    deployment: Deployment,
) -> None:
    deployment.inference.seconds = 0.1
    analysis_id, worker = begun(deployment, 200)

    worker.kill()
    worker.wait()
    kept = deployment.rows("SELECT count(*) FROM posts WHERE model IS NOT NULL")[0][0]
    deployment.wait_for(analysis_id)

    progress = deployment.analysis(analysis_id)["progress"]
    assert (progress["reused"], progress["classified"]) == (kept, 200 - kept)
    assert deployment.rows("SELECT attempt, token FROM analyses") == [(2, 2)]
    assert deployment.rows("SELECT count(*) FROM moods") == [(1,)]
    again = [text for text, times in deployment.inference.texts.items() if times > 1]
    assert len(again) <= 20  # the two chunks that were on their way


def test_a_worker_that_is_stopped_hands_its_analysis_over_without_loss(
    deployment: Deployment,
) -> None:
    deployment.inference.seconds = 0.1
    analysis_id, worker = begun(deployment, 200)

    worker.send_signal(signal.SIGTERM)
    status = worker.wait(SECONDS)
    deployment.wait_for(analysis_id)

    assert status == 0
    assert only_once(deployment)
    assert len(deployment.inference.texts) == 200


def test_a_worker_without_a_queue_says_so_in_one_line(deployment: Deployment) -> None:
    worker = deployment.start_worker(QUEUE_URL="")

    status = worker.wait(SECONDS)

    log = deployment.log()
    assert status == 2
    assert log.count("\n") == 1
    assert "QUEUE_URL" in log
