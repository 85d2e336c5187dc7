"""docker-compose.yml as docker-compose resolves it, and its services as processes here."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.deployment import SECONDS
from tests.support.serving.started import ROOT

COMPOSE = shutil.which("docker-compose")
SECRETS = "/run/secrets"
PROFILES = ("gpu", "observability")


class Project:
    """A folder as an operator has it: the compose file, deploy/, made secrets and .env."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "deploy").mkdir(parents=True)
        shutil.copy(ROOT / ".env.example", folder)
        shutil.copy(ROOT / "deploy" / "make-secrets.sh", folder / "deploy")

    @property
    def secrets(self) -> Path:
        return self.folder / "deploy" / "secrets"

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    def make_secrets(self) -> str:
        """Run the operator's first command and return what it says."""
        done = self.run_make_secrets()
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run_make_secrets(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "deploy" / "make-secrets.sh"],
            cwd=self.folder.parent,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def config(self, *profiles: str) -> subprocess.CompletedProcess[str]:
        """Resolve the compose file with docker-compose in this folder."""
        if COMPOSE is None:
            pytest.skip("docker-compose is missing (apt-get install docker-compose): NOT TESTED")
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        file = ["--file", str(ROOT / "docker-compose.yml"), "--project-directory", str(self.folder)]
        return subprocess.run(
            [COMPOSE, *file, *chosen, "config"],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def services(self, *profiles: str) -> dict[str, Any]:
        resolved = self.config(*profiles)
        assert resolved.returncode == 0, resolved.stderr
        found: dict[str, Any] = yaml.safe_load(resolved.stdout)["services"]
        return found


def words(service: Mapping[str, Any]) -> list[str]:
    return [word.replace("$$", "$") for word in service["command"]]


class LocalServices:
    """Runs the services of a project here, with paths and ports of this machine in place."""

    def __init__(self, project: Project, replacements: Mapping[str, str]) -> None:
        self.project = project
        self.replacements = {SECRETS: str(project.secrets), **replacements}

    def here(self, text: str) -> str:
        """Return a text of the compose file with what is different on this machine."""
        for there, here in self.replacements.items():
            text = text.replace(there, here)
        return text

    def environment(self, service: Mapping[str, Any], **different: str) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        given = {k: self.here(v or "") for k, v in (service.get("environment") or {}).items()}
        folder = str(self.project.folder)
        return {**given, "PATH": path, "TMPDIR": folder, "PYTHONPATH": str(ROOT), **different}

    @contextmanager
    def started(
        self, service: Mapping[str, Any], *more: str, **different: str
    ) -> Iterator[dict[str, str]]:
        """Run the command of a service, end it at the end, and yield its environment."""
        environment = self.environment(service, **different)
        with (self.project.folder / "output").open("ab") as output:
            process = subprocess.Popen(
                [*map(self.here, words(service)), *more],
                cwd=self.project.folder,
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            yield environment
        finally:
            process.terminate()
            process.wait(SECONDS)

    def healthy(self, service: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
        """Run the health check of a service and return whether it passes."""
        kind, *check = (
            self.here(word.replace("$$", "$")) for word in service["healthcheck"]["test"]
        )
        command = ["/bin/sh", "-c", *check] if kind == "CMD-SHELL" else check
        done = subprocess.run(
            command,
            cwd=self.project.folder,
            env=environment,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        return done.returncode == 0

    def output(self) -> str:
        return (self.project.folder / "output").read_text(encoding="utf-8", errors="replace")


def metric_names(text: str) -> set[str]:
    """Return the names of the series of a page in Prometheus's text format."""
    return set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{| )", text, re.MULTILINE))
