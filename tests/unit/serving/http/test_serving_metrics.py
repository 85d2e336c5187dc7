import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import generate_latest

from serving.http.metrics import GpuCollector, ServerMetrics, forget_dead_workers
from serving.scheduling.scheduler import RunReport
from tests.support.serving.by_hand import ARTIFACT

NO_PROCESS = 2**22 + 1
"""More than the highest number that Linux gives a process."""


def test_padding_waste_can_be_read_from_what_is_counted() -> None:
    metrics = ServerMetrics(ARTIFACT)

    metrics.ran(RunReport(texts=3, failed=1, tokens=30, padded_tokens=40, seconds=0.03))
    page = metrics.page().body.decode()

    assert "moodline_serving_tokens_total 30.0" in page
    assert "moodline_serving_padded_tokens_total 40.0" in page
    assert "moodline_serving_padding_tokens_total 10.0" in page
    assert "moodline_serving_groups_total 1.0" in page
    assert "moodline_serving_failed_texts_total 1.0" in page
    assert "moodline_serving_batch_texts_sum 3.0" in page
    assert "moodline_serving_batch_tokens_sum 40.0" in page
    assert "moodline_serving_infer_seconds_sum 0.03" in page


def test_the_model_that_is_served_is_named() -> None:
    page = ServerMetrics(ARTIFACT, "openvino").page().body.decode()

    labels = 'name="fake",precision="fp32",provider="openvino",version="1"'
    assert f"moodline_serving_model_info{{{labels}}} 1.0" in page


def test_the_queue_and_the_cache_are_told_as_they_are() -> None:
    metrics = ServerMetrics(ARTIFACT)

    metrics.queue_changed(7, 1.5)
    metrics.looked_up(hits=3, misses=2, entries=40)
    metrics.first_run(0.25)
    metrics.encoded(failed=1, seconds=0.5)
    page = metrics.page().body.decode()

    for line in (
        "held_texts 7.0",
        "oldest_request_seconds 1.5",
        "cache_hits_total 3.0",
        "cache_misses_total 2.0",
        "cache_texts 40.0",
        "queue_seconds_sum 0.25",
        "tokenise_seconds_sum 0.5",
        "failed_texts_total 1.0",
    ):
        assert f"moodline_serving_{line}" in page


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


def test_gpus_are_read_at_every_scrape_and_one_that_fails_has_no_series(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)

    class LostError(Exception):
        pass

    def lost() -> int:
        raise LostError

    library = SimpleNamespace(
        NVMLError=LostError,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=3, total=8),
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=40),
    )

    page = generate_latest(GpuCollector("x_", library)).decode()
    library.nvmlDeviceGetCount = lost
    nothing = generate_latest(GpuCollector("x_", library))

    assert 'x_gpu_memory_used_bytes{gpu="0"} 3.0' in page
    assert 'x_gpu_utilisation{gpu="0"} 0.4' in page
    assert nothing == b""
