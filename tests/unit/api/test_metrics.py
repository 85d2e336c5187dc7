"""Metrics count calls and cost, and several processes answer as one."""

import os
import subprocess
import sys
from pathlib import Path

from api.metrics import Metrics

COUNT = """
from api.metrics import Metrics
import os
metrics = Metrics(os.environ["PROMETHEUS_MULTIPROC_DIR"])
metrics.analysis("succeeded")
metrics.request("GET", "/livez", 200, 0.01)
print(metrics.text().decode())
"""


def test_a_source_is_counted_by_calls_reads_and_cost() -> None:
    metrics = Metrics()
    metrics.source_call("x", "succeeded", posts=100, users=1, cost=0.51)
    metrics.source_call("x", "succeeded", posts=50, users=0, cost=0.25)

    text = metrics.text().decode()

    assert 'moodline_source_calls_total{outcome="succeeded",source="x"} 2.0' in text
    assert 'moodline_source_reads_total{kind="posts",source="x"} 150.0' in text
    assert 'moodline_source_cost_total{source="x"} 0.76' in text


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
