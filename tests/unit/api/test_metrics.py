"""Metrics count calls and cost, and several processes answer as one."""

import os
import subprocess
import sys
from pathlib import Path

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
