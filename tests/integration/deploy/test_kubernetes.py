"""The manifests of deploy/kubernetes: valid by the published schemas, and true to the services.

kubectl, where it is installed, renders the overlays; elsewhere each file of them is read as it is.
"""

import functools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from api.settings import read_settings, secrets, variables
from serving.settings import Settings as ServingSettings
from tests.support.compose import Project
from tests.support.deployment import SECONDS
from tests.support.serving.started import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("base", "gpu", "observability")
VERSIONS = ("1.33", "1.37")
PREMOUNTED = "/run/secrets/moodline"
OPERATORS = ("monitoring.coreos.com/",)
KUBECTL = shutil.which("kubectl")

Manifest = dict[str, Any]


def documents(text: str) -> list[Manifest]:
    return [one for one in yaml.safe_load_all(text) if one is not None]


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the files that a kustomization names, those of the folders that it names included."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    for name in kustomization.get("resources", ()):
        named = folder / name
        if named.is_dir():
            yield from files_of(named)
        else:
            yield named


def manifests(overlay: str) -> list[Manifest]:
    return documents(text_of(overlay))


@functools.cache
def text_of(overlay: str) -> str:
    if KUBECTL is None:
        files = [file.read_text(encoding="utf-8") for file in files_of(FOLDER / overlay)]
        return "\n---\n".join(files)
    rendered = subprocess.run(
        [KUBECTL, "kustomize", str(FOLDER / overlay)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert rendered.returncode == 0, rendered.stderr
    assert rendered.stderr == ""
    return rendered.stdout


def of_kind(kind: str, overlay: str = "base") -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests(overlay) if one["kind"] == kind}


def pod(deployment: Manifest) -> Manifest:
    found: Manifest = deployment["spec"]["template"]["spec"]
    return found


def container(deployment: Manifest) -> Manifest:
    (only,) = pod(deployment)["containers"]
    found: Manifest = only
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid_by_the_published_schemas(overlay: str, version: str) -> None:
    checked = [one for one in manifests(overlay) if not one["apiVersion"].startswith(OPERATORS)]

    for one in checked:
        kubernetes_validate.validate(one, version, strict=True)
    assert {one["kind"] for one in checked} >= {
        *("ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Namespace"),
        *("NetworkPolicy", "PodDisruptionBudget", "Service"),
    }


def test_the_validator_refuses_a_misspelt_field() -> None:
    manifest = of_kind("Deployment")["api"]
    manifest["spec"]["template"]["spec"]["restartPolice"] = "Always"

    with pytest.raises(kubernetes_validate.ValidationError, match="restartPolice"):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_file_of_the_folder_is_used(overlay: str) -> None:
    folder = FOLDER / overlay
    text = (folder / "kustomization.yaml").read_text(encoding="utf-8")

    unused = [
        file.name
        for file in folder.iterdir()
        if file.name != "kustomization.yaml" and file.name not in text
    ]
    assert unused == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_without_rights_and_without_the_clusters_variables(overlay: str) -> None:
    for name, deployment in of_kind("Deployment", overlay).items():
        security, inner = pod(deployment)["securityContext"], container(deployment)
        assert security["runAsNonRoot"], name
        assert security["runAsUser"] == 10001, name  # as the Dockerfile makes it
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert inner["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert pod(deployment)["automountServiceAccountToken"] is False, name
        # A Service named api would set API_PORT=tcp://... otherwise.
        assert pod(deployment)["enableServiceLinks"] is False, name
        assert inner["resources"]["limits"]["memory"], name
        assert "requests" in inner["resources"], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_deployment_has_probes_a_budget_and_an_autoscaler_that_select_it(
    overlay: str,
) -> None:
    deployments = of_kind("Deployment", overlay)
    budgets = of_kind("PodDisruptionBudget", overlay)
    scalers = of_kind("HorizontalPodAutoscaler", overlay)

    assert set(deployments) == set(budgets) == set(scalers) == {"api", "worker", "inference"}
    for name, deployment in deployments.items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        for selector in (deployment["spec"]["selector"], budgets[name]["spec"]["selector"]):
            assert selector["matchLabels"].items() <= labels.items(), name
        assert scalers[name]["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in deployment["spec"], name
        assert {"livenessProbe", "startupProbe"} <= set(container(deployment)), name


def test_probes_and_services_use_ports_and_paths_that_there_are() -> None:
    paths = {"api": {"/livez"}, "inference": {"/livez", "/readyz"}, "worker": {"/metrics"}}

    for name, deployment in of_kind("Deployment").items():
        inner = container(deployment)
        ports = {port["name"]: port["containerPort"] for port in inner["ports"]}
        probes = [inner[kind]["httpGet"] for kind in inner if kind.endswith("Probe")]
        assert {probe["path"] for probe in probes} == paths[name]
        assert {probe["port"] for probe in probes} <= set(ports)
        if name != "worker":
            (port,) = of_kind("Service")[name]["spec"]["ports"]
            assert port["targetPort"] in ports


def test_the_settings_are_usable_and_name_nothing_that_is_not_read(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path / "moodline")
    project.make_secrets()
    maps = of_kind("ConfigMap")

    def here(name: str) -> dict[str, str]:
        data: dict[str, str] = maps[name]["data"]
        return {k: v.replace(PREMOUNTED, str(project.secrets)) for k, v in data.items()}

    api = read_settings(here("moodline-settings"))
    serving = ServingSettings.from_environment(here("inference-settings"))

    assert api.store_is_mongo
    assert api.api_key_pepper
    assert serving.keys == {"api": api.inference_key}
    known = {*variables(), *(f"{name}_FILE" for name in secrets())}
    assert set(maps["moodline-settings"]["data"]) <= known
    service = of_kind("Service")["inference"]
    assert api.inference_url == f"http://inference:{service['spec']['ports'][0]['port']}"
    (rule,) = of_kind("Ingress")["moodline"]["spec"]["rules"]
    assert api.allowed_hosts == (rule["host"],)


def test_each_pod_mounts_the_secrets_that_its_settings_name_and_no_others() -> None:
    maps = of_kind("ConfigMap")

    for name, deployment in of_kind("Deployment").items():
        (source,) = container(deployment)["envFrom"]
        settings = maps[source["configMapRef"]["name"]]["data"]
        read = {
            v.removeprefix(f"{PREMOUNTED}/") for k, v in settings.items() if k.endswith("_FILE")
        }
        (secret,) = (one["secret"] for one in pod(deployment)["volumes"] if "secret" in one)

        assert {item["path"] for item in secret["items"]} == read, name
        assert secret["secretName"] == "moodline"


def test_the_commands_are_those_of_docker_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]

    for name, deployment in of_kind("Deployment").items():
        assert container(deployment)["command"] == compose[name]["command"]


def test_uploads_have_room_and_running_requests_have_time() -> None:
    settings, serving = read_settings({}), ServingSettings()
    deployments = of_kind("Deployment")
    (temporary,) = (
        one["emptyDir"] for one in pod(deployments["api"])["volumes"] if "emptyDir" in one
    )
    size = re.fullmatch(r"(\d+)Mi", temporary["sizeLimit"])
    assert size is not None

    assert int(size[1]) * 1024**2 > settings.api_processes * settings.max_spool_bytes
    graces = {n: pod(one)["terminationGracePeriodSeconds"] for n, one in deployments.items()}
    assert graces["inference"] > 5 + serving.deadline_seconds + 10
    assert graces["api"] > 5 + settings.shutdown_seconds + 5
    assert graces["worker"] > settings.shutdown_seconds + 5


def test_nothing_reaches_a_pod_but_what_a_policy_names() -> None:
    policies = of_kind("NetworkPolicy")
    labels = {
        name: one["spec"]["template"]["metadata"]["labels"]
        for name, one in of_kind("Deployment").items()
    }

    (everything,) = (one for one in policies.values() if one["spec"]["podSelector"] == {})
    assert set(everything["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    assert not everything["spec"].get("ingress")
    for name in ("api", "worker", "inference"):
        spec = policies[name]["spec"]
        assert spec["podSelector"]["matchLabels"].items() <= labels[name].items()
        (rule,) = spec["ingress"]
        served = {port["containerPort"] for port in container(of_kind("Deployment")[name])["ports"]}
        assert {port["port"] for port in rule["ports"]} == served
        assert rule["from"]


def test_the_gpu_overlay_gives_each_server_a_gpu_and_the_model_for_it() -> None:
    patch = yaml.safe_load((FOLDER / "gpu" / "inference.yaml").read_text(encoding="utf-8"))
    inner = container(patch)
    mounts = {one["mountPath"]: one["name"] for one in inner["volumeMounts"]}
    variable = {one["name"]: one["value"] for one in inner["env"]}
    claims = {one["name"]: one["persistentVolumeClaim"] for one in pod(patch)["volumes"]}

    assert inner["resources"]["limits"]["nvidia.com/gpu"] == "1"
    model = variable["SERVING_GPU_MODEL_DIR"]
    assert claims[mounts[model]]["claimName"] in of_kind("PersistentVolumeClaim", "gpu")
    if KUBECTL is not None:
        merged = container(of_kind("Deployment", "gpu")["inference"])
        assert merged["image"] == "moodline-inference-gpu:0.1.0"
        assert "/tmp" in {one["mountPath"] for one in merged["volumeMounts"]}  # noqa: S108
        metrics = of_kind("HorizontalPodAutoscaler", "gpu")["inference"]["spec"]["metrics"]
        assert [one["type"] for one in metrics] == ["Pods", "Pods"]


def test_the_alerts_of_the_overlay_are_those_of_prometheus(tmp_path: Path) -> None:
    alerts = documents((FOLDER / "observability" / "alerts.yaml").read_text(encoding="utf-8"))
    plain = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")

    assert [one["spec"] for one in alerts] == [yaml.safe_load(plain)], (
        "run deploy/kubernetes/make-alerts.sh"
    )
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets"))
    made = tmp_path / "deploy" / "kubernetes" / "observability" / "alerts.yaml"
    made.unlink()
    subprocess.run([tmp_path / "deploy" / "kubernetes" / "make-alerts.sh"], check=True)
    assert documents(made.read_text(encoding="utf-8")) == alerts


def test_prometheus_of_a_cluster_reads_the_metrics_of_every_pod() -> None:
    text = (FOLDER / "observability" / "pod-monitors.yaml").read_text(encoding="utf-8")
    found = set()
    for monitor in documents(text):
        selector = monitor["spec"]["selector"]
        names = selector.get("matchLabels", {}).values()
        names = [
            *names,
            *(v for each in selector.get("matchExpressions", ()) for v in each["values"]),
        ]
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        assert monitor["kind"] == "PodMonitor"
        for name in names:
            ports = {port["name"] for port in container(of_kind("Deployment")[name])["ports"]}
            assert endpoint["port"] in ports
            found.add(name)

    assert found == set(of_kind("Deployment"))
