"""The Bento that bentofile.yaml describes: it is built, it starts, it answers."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from packaging.utils import canonicalize_name

from serving.classifier.artifact import MANIFEST_FILE
from serving.settings import MODEL_DIR
from tests.support.requirement_closure import closure
from tests.support.serving.started import (
    ROOT,
    SECONDS_TO_READY,
    Started,
    end,
    free_port,
    is_ready,
    wait_until,
)

pytestmark = [
    pytest.mark.long,
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (MODEL_DIR / MANIFEST_FILE).exists(), reason="no model is shipped in serving/model"
    ),
]

BENTOML = (sys.executable, "-m", "bentoml")
REQUIREMENTS = ROOT / "deploy" / "bento-requirements.txt"


@dataclass(frozen=True)
class Bento:
    """A built Bento, and the environment of the commands that find it."""

    tag: str
    environment: dict[str, str]

    @property
    def folder(self) -> Path:
        return Path(self.environment["BENTOML_HOME"], "bentos", *self.tag.split(":"))


@pytest.fixture(scope="module")
def bento(tmp_path_factory: pytest.TempPathFactory) -> Bento:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SERVING_")},
        "BENTOML_HOME": str(tmp_path_factory.mktemp("home") / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
    }
    built = subprocess.run(
        [*BENTOML, "build", "--output", "tag", str(ROOT)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert built.returncode == 0, built.stderr
    return Bento(built.stdout.strip().splitlines()[-1].removeprefix("__tag__:"), environment)


def pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_bento_pins_all_that_the_inference_server_needs_as_everything_else_does(
    bento: Bento,
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    needed = closure([*extras["serving"], *extras["grpc"]])
    constraints = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    wanted = [pin for pin in constraints if canonicalize_name(pin.split("==")[0]) in needed]

    packed = (bento.folder / "env" / "python" / "requirements.txt").read_text(encoding="utf-8")

    assert pins(REQUIREMENTS.read_text(encoding="utf-8")) == wanted
    assert {pin.lower() for pin in pins(packed)} == {pin.lower() for pin in wanted}


def test_the_image_that_the_bento_describes_installs_the_pins_and_runs_as_a_user_of_its_own(
    bento: Bento, tmp_path: Path
) -> None:
    written = tmp_path / "Dockerfile"
    make = f"import bentoml; bentoml.container.get_containerfile({bento.tag!r}, {str(written)!r})"
    subprocess.run([sys.executable, "-c", make], env=bento.environment, check=True, timeout=120)
    lines = written.read_text(encoding="utf-8").splitlines()
    (base,) = (line for line in lines if line.startswith("FROM "))
    users = [line for line in lines if line.startswith("USER ")]
    assert "slim" in base
    assert users[-1] == "USER bentoml"
    assert any(
        line.endswith("pip install -r $BENTO_PATH/env/python/requirements.txt") for line in lines
    )
    assert any("--python 3.11" in line for line in lines)
    assert "ARG BENTOML_DO_NOT_TRACK=True" in lines


def test_the_bento_classifies_a_text(bento: Bento, tmp_path: Path) -> None:
    port = free_port()

    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [*BENTOML, "serve", bento.tag, "--host", "127.0.0.1", "--port", str(port)],
            cwd=tmp_path,
            env=bento.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Started(process, port, tmp_path / "output")
    try:
        wait_until(lambda: is_ready(server), SECONDS_TO_READY, "the Bento is ready")
        texts = ["I am so happy today, what a wonderful morning!"]
        (item,) = httpx.post(
            f"{server.url}/v1/classify", json={"texts": texts}, timeout=30, trust_env=False
        ).json()
    finally:
        end(process)

    assert item["label"] == "joy"
