"""Metrics count calls and cost, and several processes answer as one."""

import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.errors import StoreUnavailableError
from api.metrics import Metrics
from api.ports.analysis_queue import Waiting

COUNT = """
from api.metrics import Metrics
import os
metrics = Metrics(os.environ["PROMETHEUS_MULTIPROC_DIR"])
metrics.analysis("succeeded")
metrics.request("GET", "/livez", 200, 0.01)
print(metrics.text().decode())
"""


def test_several_processes_are_counted_together(tmp_path: Path) -> None:
    def count() -> str:
        env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        ran = subprocess.run(
            [sys.executable, "-c", COUNT], env=env, capture_output=True, text=True, timeout=60
        )
        return ran.stdout

    count()
    text = count()

    assert 'moodline_analyses_total{state="succeeded"} 2.0' in text
    assert 'moodline_request_seconds_count{route="/livez"} 2.0' in text


def test_the_queue_is_told_at_each_reading_and_left_out_while_the_store_is_away() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    queue = [Waiting(3, now - timedelta(seconds=90)), Waiting(0, None)]

    def waiting() -> Waiting:
        if not queue:
            raise StoreUnavailableError("away")
        return queue.pop(0)

    metrics = Metrics()
    metrics.watch_queue(waiting, lambda: now)
    busy, idle, away = (metrics.text().decode() for _ in range(3))

    assert "moodline_queue_analyses 3.0" in busy
    assert "moodline_queue_oldest_seconds 90.0" in busy
    assert "moodline_queue_analyses 0.0" in idle
    assert "moodline_queue_oldest_seconds 0.0" in idle
    assert "moodline_queue" not in away


def test_an_analysis_is_shown_as_running_until_its_run_ends_however_it_does() -> None:
    metrics = Metrics()

    with suppress(RuntimeError), metrics.running():
        during = metrics.text().decode()
        raise RuntimeError

    assert "moodline_running_analyses 1.0" in during
    assert "moodline_running_analyses 0.0" in metrics.text().decode()
    assert 'moodline_analyses_total{state="running"} 1.0' in during
