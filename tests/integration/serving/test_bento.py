"""The Bento that bentofile.yaml describes: it is built, it starts, it answers."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from serving.classifier.artifact import MANIFEST_FILE
from serving.settings import MODEL_DIR
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
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (MODEL_DIR / MANIFEST_FILE).exists(), reason="no model is shipped in serving/model"
    ),
]

BENTOML = (sys.executable, "-m", "bentoml")


def test_the_bento_is_built_and_classifies_a_text(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SERVING_")},
        "BENTOML_HOME": str(tmp_path / "bentoml"),
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
    tag = built.stdout.strip().splitlines()[-1].removeprefix("__tag__:")
    port = free_port()

    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [*BENTOML, "serve", tag, "--host", "127.0.0.1", "--port", str(port)],
            cwd=tmp_path,
            env=environment,
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
