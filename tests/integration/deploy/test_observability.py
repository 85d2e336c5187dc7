"""Dashboard, alerts and autoscalers name metrics that real processes expose."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml

from tests.support.deployment import Deployment
from tests.support.serving.started import ROOT, started_server, wait_until
from tests.support.serving.tiny_model import FRAGILE_WORD

pytestmark = [pytest.mark.integration, pytest.mark.long]

DEPLOY = ROOT / "deploy"
OWN = {"up"}  # what Prometheus itself adds
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}


@pytest.fixture(scope="module")
def exposed(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all series that an API and an inference server have, or can have."""
    folder = tmp_path_factory.mktemp("exposed")
    with (
        started_server(tiny_model, folder / "serving") as server,
        Deployment(folder, QUEUE_URL="") as deployment,
    ):
        deployment.start_api()
        # What is counted per key or status has no series before it has happened once.
        texts = {"texts": ["a morning by the sea"]}
        httpx.post(f"{server.url}/v1/classify", json=texts, trust_env=False).raise_for_status()
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(b"this is not HTTP\r\n\r\n")
            assert b" 400 " in connection.recv(1024)
        pages = [
            httpx.get(f"{url}/metrics", trust_env=False).raise_for_status().text
            for url in (server.url, f"http://127.0.0.1:{deployment.api_port}")
        ]
    families = re.findall(r"^# TYPE (\S+) (\w+)$", "\n".join(pages), re.MULTILINE)
    return {
        f"{name.removesuffix('_total')}{suffix}"
        for name, kind in families
        for suffix in SUFFIXES[kind]
    }


def names_in(query: str) -> set[str]:
    """Return the metrics that a query reads; raise ValueError if it is no PromQL."""
    promql_parser.parse(query)
    without = re.sub(r'"(?:[^"\\]|\\.)*"', '""', query)
    return set(re.findall(r"\b(?:moodline_\w+|up)\b(?!\s*\()", without))


def dashboard_queries() -> Iterator[tuple[str, str]]:
    for file in (DEPLOY / "grafana" / "dashboards").glob("*.json"):
        board = json.loads(file.read_text(encoding="utf-8"))
        panels = [inner for one in board["panels"] for inner in (one, *one.get("panels", ()))]
        for panel in panels:
            for target in panel.get("targets", ()):
                # Grafana fills in its variables before Prometheus sees a query.
                query = re.sub(r"\$__(rate_)?interval\b|\$__range\b", "5m", target["expr"])
                yield f"{file.name}: {panel['title']}", re.sub(r"\$\{?\w+\}?", "x", query)


def alert_rules() -> list[dict[str, Any]]:
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def autoscaler_metrics() -> set[str]:
    text = "".join(file.read_text() for file in (DEPLOY / "kubernetes" / "base").glob("*.yaml"))
    return set(re.findall(r"metric: \{name: (\w+)\}", text))


@pytest.mark.parametrize(("where", "query"), list(dashboard_queries()), ids=str)
def test_every_query_of_the_dashboards_reads_metrics_that_there_are(
    where: str, query: str, exposed: set[str]
) -> None:
    assert names_in(query)
    assert names_in(query) <= exposed | OWN, where


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: rule["alert"])
def test_every_alert_reads_metrics_that_there_are_and_says_what_to_do(
    rule: dict[str, Any], exposed: set[str]
) -> None:
    assert names_in(rule["expr"])
    assert names_in(rule["expr"]) <= exposed | OWN
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert {"summary", "description", "runbook_url"} <= set(rule["annotations"])


def test_a_service_of_which_no_process_is_left_is_an_alert_too() -> None:
    (down,) = (rule for rule in alert_rules() if rule["alert"] == "ServiceDown")
    prometheus = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    jobs = {one["job_name"] for one in prometheus["scrape_configs"]}

    assert set(re.findall(r'absent\(up\{job="(\w+)"\}\)', down["expr"])) == jobs
    (named,) = re.findall(r'up\{job=~"([^"]+)"\} == 0', down["expr"])
    assert set(named.split("|")) == jobs


def test_the_autoscalers_read_metrics_that_there_are_and_that_the_adapter_offers(
    exposed: set[str],
) -> None:
    named = autoscaler_metrics()
    values = yaml.safe_load(
        (DEPLOY / "kubernetes" / "observability" / "prometheus-adapter.yaml").read_text()
    )
    series = [
        one["seriesQuery"] for kind in ("custom", "external") for one in values["rules"][kind]
    ]

    assert len(named) >= 4
    assert named <= exposed
    for query in series:
        promql_parser.parse(query)
    patterns = [re.search(r'__name__=~"([^"]+)"', query) for query in series]
    offered = {name for name in named for one in patterns if one and re.fullmatch(one[1], name)}
    assert offered == named


def test_a_query_of_a_metric_that_is_not_there_is_found(exposed: set[str]) -> None:
    assert not names_in("sum(rate(moodline_posts_guessed_total[5m]))") <= exposed
    with pytest.raises(ValueError, match="unclosed"):
        names_in("sum(rate(moodline_requests_total[5m])")


def test_the_json_logs_of_both_services_tell_of_an_analysis_under_one_id(
    tiny_model: Path, tmp_path: Path
) -> None:
    post = {"id": "1", "text": FRAGILE_WORD, "created_at": "2026-01-01T00:00:00Z"}
    with (
        started_server(tiny_model, tmp_path / "serving", SERVING_LOG_FORMAT="json") as server,
        Deployment(
            tmp_path,
            QUEUE_URL="",
            INFERENCE_URL=server.url,
            INFERENCE_RETRY_SECONDS="0",
            LOG_FORMAT="json",
        ) as deployment,
    ):
        deployment.start_api()
        deployment.http.post("/v1/users/ana/posts", content=json.dumps(post)).raise_for_status()
        asked = {"user_name": "ana", "consent": True}
        answer = deployment.http.post("/v1/analyses", json=asked, headers={"X-Request-Id": "r-1"})
        analysis_id = answer.raise_for_status().json()["analysis_id"]
        wait_until(
            lambda: deployment.analysis(analysis_id)["state"] == "failed", 60, "the analysis fails"
        )
        api, serving = (
            [json.loads(line) for line in text.splitlines() if line.startswith("{")]
            for text in (deployment.log(), server.said())
        )

    of_the_analysis = [line for line in api if line.get("analysis_id") == analysis_id]
    assert "r-1" in {line.get("request_id") for line in of_the_analysis}
    (failed,) = [line for line in of_the_analysis if "analysis failed" in line["message"]]
    assert {f"{stage}_seconds" for stage in ("queue", "fetch", "classify", "decide")} <= set(failed)
    assert analysis_id in {line.get("request_id") for line in serving}
    assert FRAGILE_WORD not in deployment.log() + str(serving)


def test_prometheus_reads_every_service_that_has_metrics() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    targets = set()
    for job in config["scrape_configs"]:
        for each in job.get("dns_sd_configs", ()):
            targets |= {(name, str(each["port"])) for name in each["names"]}
        for each in job.get("static_configs", ()):
            targets |= {tuple(target.split(":")) for target in each["targets"]}

    assert targets == {
        ("api", services["api"]["environment"]["API_PORT"]),
        ("worker", services["worker"]["environment"]["WORKER_METRICS_PORT"]),
        ("inference", services["inference"]["environment"]["SERVING_PORT"]),
        ("inference-gpu", services["inference"]["environment"]["SERVING_PORT"]),
    }
    assert [
        file for file in config["rule_files"] if not (DEPLOY / "prometheus" / file).exists()
    ] == []


def test_grafana_finds_its_data_source_and_dashboards(services: dict[str, Any]) -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "moodline.yml").read_text())[
        "providers"
    ]
    mounts = str(services["grafana"]["volumes"])
    boards = [json.loads(file.read_text()) for file in (DEPLOY / "grafana/dashboards").iterdir()]

    assert source["url"] == "http://prometheus:9090"
    assert provider["options"]["path"] in mounts
    for board in boards:
        sources = {panel["datasource"]["uid"] for panel in board["panels"] if "targets" in panel}
        assert sources == {source["uid"]}
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
