"""The GitHub Actions workflow: valid by GitHub's schema, and naming what there is."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.support.serving.started import ROOT

FILE = ROOT / ".github" / "workflows" / "ci.yml"


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["jobs"]
    return found


def scripts(jobs: dict[str, Any]) -> list[str]:
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


@pytest.mark.integration
def test_it_is_valid_by_the_schema_of_github() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    subprocess.run([*command, "vendor.github-workflows", str(FILE)], check=True)


@pytest.mark.integration
def test_every_script_is_one_that_a_shell_can_read(jobs: dict[str, Any]) -> None:
    for script in scripts(jobs):
        subprocess.run(["bash", "-n", "-c", script], check=True)


def test_it_checks_builds_starts_and_runs_the_demo(jobs: dict[str, Any]) -> None:
    text = "\n".join(scripts(jobs))

    assert ".ci/run" in text
    assert "--replSet rs0" in text
    assert "docker compose build" in text
    assert text.index("make-secrets.sh") < text.index("up --detach") < text.rindex("demo --running")


def test_its_images_are_those_of_the_deployment(jobs: dict[str, Any]) -> None:
    used = re.findall(r"\b(mongo|redis|python):(\d[\w.]*)", FILE.read_text(encoding="utf-8"))
    deployed = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()

    assert {name for name, _ in used} == {"mongo", "redis", "python"}
    for name, version in used:
        assert f"{name}:{version}" in deployed


def test_every_file_and_service_that_it_names_is_there(jobs: dict[str, Any]) -> None:
    text = "\n".join(scripts(jobs))
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]

    for path in re.findall(r"\bdeploy/[\w/.-]+", text):
        made = path.startswith(("deploy/secrets", "deploy/kubernetes/"))
        assert made or (ROOT / path).exists(), path
    for name in re.findall(r"compose exec -T(?: --env \S+(?: \\\n\s+)?)* (?:\\\n\s+)?(\w+)", text):
        assert name in services
    for module in re.findall(r"python -m ([\w.]+)", text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
