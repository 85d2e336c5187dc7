"""Under gunicorn several processes serve one store, and stop without losing anything."""

import json
import signal

import psutil
import pytest

from tests.support.deployment import SECONDS, Deployment
from tests.support.serving.started import wait_until

pytestmark = pytest.mark.integration


def test_any_process_tells_the_progress_of_an_analysis_that_another_runs(
    deployment: Deployment,
) -> None:
    deployment.start_gunicorn(QUEUE_URL="", API_PROCESSES="2")
    deployment.import_posts("alice", 30)
    analysis_id = deployment.start_analysis("alice")
    deployment.wait_for(analysis_id)
    states = {deployment.analysis(analysis_id)["state"] for _ in range(20)}

    assert states == {"succeeded"}
    assert deployment.rows("SELECT attempt FROM analyses") == [(1,)]


def test_a_stop_ends_event_streams_and_puts_analyses_back(deployment: Deployment) -> None:
    deployment.inference.pause()
    master = deployment.start_gunicorn(QUEUE_URL="", API_PROCESSES="2")
    processes = psutil.Process(master.pid).children()
    deployment.import_posts("alice", 30)
    analysis_id = deployment.start_analysis("alice")
    wait_until(lambda: deployment.analysis(analysis_id)["state"] == "running", SECONDS, "it runs")
    with deployment.http.stream("GET", f"/v1/analyses/{analysis_id}/events") as stream:
        next(stream.iter_text())

        master.send_signal(signal.SIGTERM)
        deployment.inference.resume()

        assert master.wait(SECONDS) == 0
    assert len(processes) == 2
    assert [process for process in processes if process.is_running()] == []
    assert deployment.rows("SELECT state FROM analyses") == [("queued",)]
    assert "Traceback" not in deployment.log()


def test_each_line_of_its_json_log_is_an_object_gunicorns_own_included(
    deployment: Deployment,
) -> None:
    master = deployment.start_gunicorn(QUEUE_URL="", API_PROCESSES="2", LOG_FORMAT="json")

    master.send_signal(signal.SIGTERM)
    assert master.wait(SECONDS) == 0

    lines = [json.loads(line) for line in deployment.log().splitlines()]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, lines))
    said = [line["message"] for line in lines if line["logger"] == "gunicorn.error"]
    assert said[0].startswith("Starting gunicorn")
    assert said[-1].startswith("Shutting down")


@pytest.mark.parametrize(
    ("variable", "value"), [("DATA_DIR", "/dev/null/x"), ("API_PORT", "eight")]
)
def test_what_keeps_it_from_serving_is_said_in_a_line_and_ends_it(
    deployment: Deployment, variable: str, value: str
) -> None:
    master = deployment.launch_gunicorn(API_PROCESSES="4", **{variable: value})

    status = master.wait(SECONDS)

    assert status != 0
    assert any(
        line.startswith("moodline: ") and value in line for line in deployment.log().splitlines()
    )
    assert "Traceback" not in deployment.log()
