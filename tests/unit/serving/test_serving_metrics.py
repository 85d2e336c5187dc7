from __future__ import annotations

import os
from pathlib import Path

from serving.batching import BatchReport
from serving.metrics import ServerMetrics, forget_dead_workers
from tests.serving_fixtures.by_hand import ARTIFACT

NO_PROCESS = 2**22 + 1
"""More than the highest number that Linux gives a process."""


def test_padding_waste_can_be_read_from_what_is_counted() -> None:
    metrics = ServerMetrics(ARTIFACT)

    metrics.batch(BatchReport(texts=3, failed=1, groups=2, tokens=30, padded_tokens=40))
    page = metrics.page().body.decode()

    assert "moodline_serving_tokens_total 30.0" in page
    assert "moodline_serving_padded_tokens_total 40.0" in page
    assert "moodline_serving_groups_total 2.0" in page
    assert "moodline_serving_failed_texts_total 1.0" in page
    assert "moodline_serving_batch_texts_sum 3.0" in page


def test_the_model_that_is_served_is_named() -> None:
    page = ServerMetrics(ARTIFACT).page().body.decode()

    assert 'moodline_serving_model{name="fake",precision="fp32",version="1"} 1.0' in page


def test_what_a_dead_worker_held_is_forgotten_and_what_a_live_one_holds_is_not(
    tmp_path: Path,
) -> None:
    dead = tmp_path / f"gauge_livesum_{NO_PROCESS}.db"
    alive = tmp_path / f"gauge_livesum_{os.getpid()}.db"
    counted = tmp_path / f"counter_{NO_PROCESS}.db"
    for file in (dead, alive, counted):
        file.touch()

    forget_dead_workers(tmp_path)

    assert not dead.exists()
    assert alive.exists()
    assert counted.exists()
