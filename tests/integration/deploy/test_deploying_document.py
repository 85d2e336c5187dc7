"""docs/deploying.md: its commands, files and examples are right."""

import re
import shutil
import subprocess
from pathlib import Path

import yaml

from api.domain.api_keys import Scope
from tests.support.compose import Project
from tests.support.deployment import SECONDS
from tests.support.serving.started import ROOT

TEXT = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")


def test_the_secrets_that_it_lists_are_those_that_are_made(project: Project) -> None:
    table = TEXT[TEXT.index("| file | is |") : TEXT.index("### On the internet")]
    listed = set(re.findall(r"`([a-z_]+)`", table.split("\n\n")[0])) - {"admin", "moodline"}

    assert listed == {file.name for file in project.secrets.iterdir()}


def test_the_secret_of_the_cluster_has_what_its_pods_mount() -> None:
    manifests = "".join(
        file.read_text(encoding="utf-8")
        for file in (ROOT / "deploy" / "kubernetes" / "base").glob("*.yaml")
    )

    assert set(re.findall(r"--from-file=deploy/secrets/(\w+)", TEXT)) == set(
        re.findall(r"\{key: (\w+), path", manifests)
    )


def test_it_names_every_scope() -> None:
    assert [scope for scope in Scope if f"`{scope}`" not in TEXT] == []


def test_every_path_of_the_repository_that_it_names_is_there() -> None:
    named = set(re.findall(r"\b(?:deploy|docs|\.github)/[\w./-]*\w", TEXT))
    made = ("deploy/secrets", "deploy/api")

    assert len(named) >= 8
    missing = [one for one in named if not one.startswith(made) and not (ROOT / one).exists()]
    assert missing == []


def test_with_a_mongodb_of_ones_own_nothing_waits_for_the_one_of_the_file() -> None:
    block = re.search(r"```yaml\n(services:.*?)```", TEXT, re.DOTALL)
    assert block is not None
    changed = yaml.safe_load(block[1].replace("!override ", ""))["services"]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]

    others = {
        name: {other: how for other, how in one["depends_on"].items() if other != "mongo"}
        for name, one in services.items()
        if "mongo" in one.get("depends_on", {})
    }

    assert {name: one["depends_on"] for name, one in changed.items()} == others


def test_the_overlay_of_ones_own_is_rendered(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n( *resources:.*?)```", TEXT, re.DOTALL)
    assert block is not None
    overlay = yaml.safe_load(block[1])
    assert overlay["resources"] == ["../moodline/deploy/kubernetes/observability"]
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return  # the parts that it patches are checked in test_kubernetes.py
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kustomization.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    shutil.copytree(
        ROOT / "deploy", tmp_path / "moodline" / "deploy", ignore=shutil.ignore_patterns("secrets")
    )

    rendered = subprocess.run(
        [kubectl, "kustomize", str(tmp_path / "mine")],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    ).stdout

    assert "moodline.example.org" not in rendered
    assert "ALLOWED_HOSTS: mood.example.org" in rendered
    assert set(re.findall(r"image: (\S+)", rendered)) == {
        "REGISTRY/moodline-api:0.1.0",
        "REGISTRY/moodline-inference:0.1.0",
    }
