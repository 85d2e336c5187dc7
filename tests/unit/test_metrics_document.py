"""docs/metrics.md has every metric of both services, as the code declares it, and no other."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import generate_latest

from api.metrics import Metrics
from api.ports.analysis_queue import Waiting
from serving.http.metrics import GpuCollector, ServerMetrics
from serving.scheduling.scheduler import RunReport
from tests.support.serving.by_hand import ARTIFACT

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
UNITS = {"seconds": "seconds", "bytes": "bytes", "texts": "texts", "tokens": "tokens"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def of_the_api() -> str:
    """Everything that an API and a worker can count, counted once."""
    metrics = Metrics()
    metrics.request("GET", "/livez", 200, 0.1)
    metrics.analysis("succeeded")
    metrics.running()
    metrics.stage("queue", 0.1)
    metrics.source_call("x", "succeeded", posts=1, users=1, cost=0.1)
    metrics.inference_call("succeeded", 0.1, 1)
    metrics.message_dropped()
    metrics.retention_held_back()
    metrics.watch_queue(lambda: Waiting(1, NOW - timedelta(seconds=1)), lambda: NOW)
    return metrics.text().decode()


def of_the_inference_server() -> str:
    """Everything that an inference server with a GPU can count, counted once."""
    metrics = ServerMetrics(ARTIFACT)
    metrics.answered("/v1/classify", 200, "web", 0.1)
    metrics.connection_refused(None)
    metrics.classified(1, "web")
    metrics.ran(RunReport(texts=1, failed=0, tokens=1, padded_tokens=1, seconds=0.1))
    library = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=1, total=2),
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=50),
    )
    gpus = generate_latest(GpuCollector("moodline_serving_", library))
    return metrics.page().body.decode() + gpus.decode()


def declared(page: str) -> dict[str, tuple[str, str, str]]:
    """Return kind, labels and help of each metric in Prometheus's text format, by name."""
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", page, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", page, re.MULTILINE))
    found = {}
    for name, kind in kinds.items():
        if name.endswith("_created"):
            continue  # when a series began, which Prometheus's client adds
        sample = re.search(rf"^{name}(?:_bucket)?(?:{{(.*)}})? ", page, re.MULTILINE)
        assert sample, f"this test counts nothing of {name}"
        labels = [one for one in re.findall(r'(\w+)="', sample[1] or "") if one != "le"]
        found[name] = kind, ", ".join(f"`{one}`" for one in sorted(labels)), helps[name]
    return found


def row(name: str, kind: str, labels: str, about: str) -> str:
    """Return the beginning of a metric's row; what follows says more than the code does."""
    return f"| `{name}` | {kind} | {labels} | {about.rstrip('.')}"


def documented() -> Mapping[str, str]:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `moodline_")]
    found = {line.split("`")[1]: line for line in rows}
    assert len(found) == len(rows), "a metric is there twice"
    return found


METRICS = declared(of_the_api()) | declared(of_the_inference_server())


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_is_in_the_document_as_it_is_declared(name: str) -> None:
    expected = row(name, *METRICS[name])

    assert documented().get(name, "").startswith(expected), f"docs/metrics.md needs: {expected}"


def test_the_document_has_no_other_metric() -> None:
    assert set(documented()) - set(METRICS) == set()


@pytest.mark.parametrize("name", METRICS)
def test_the_unit_of_each_metric_is_the_one_that_its_name_ends_with(name: str) -> None:
    last = name.removesuffix("_total").rpartition("_")[2]

    unit = documented()[name].split(" | ")[4].rstrip(" |")

    assert unit == UNITS.get(last, unit)
    assert unit
