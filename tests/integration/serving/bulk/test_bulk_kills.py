"""The command killed for real, in the middle of its work, and run on a local Ray cluster."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from serving.classifier.artifact import EMOTIONS
from tests.support.serving.bulk_texts import texts
from tests.support.serving.started import ROOT, free_port, started_server, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.long]

ROWS = 40_000
SECONDS = 300.0


def command(model: Path, *arguments: object) -> subprocess.Popen[bytes]:
    kept = {name: one for name, one in os.environ.items() if not name.startswith("SERVING_")}
    environment = {**kept, "SERVING_MODEL_DIR": str(model), "SERVING_PROVIDERS": "cpu"}
    return subprocess.Popen(
        [sys.executable, "-m", "serving.bulk", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[bytes]) -> str:
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said.decode()
    return said.decode()


def write_texts(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for row, text in enumerate(texts(rows)):
            stream.write(json.dumps({"id": row, "text": text}) + "\n")
    return path


@pytest.mark.parametrize("ending", [".jsonl", pytest.param(".parquet", marks=pytest.mark.long)])
def test_a_run_killed_twice_goes_on_with_every_row_once(
    tiny_model: Path, tmp_path: Path, ending: str
) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    source, target = write_texts(tmp_path / "in.jsonl", ROWS), tmp_path / f"out{ending}"
    journal = target.with_name(f"{target.name}.journal")

    def rows() -> int:
        return json.loads(journal.read_text())["progress"]["rows"] if journal.exists() else 0

    for _ in range(2):
        before = rows()
        process = command(tiny_model, source, target)
        wait_until(lambda seen=before: rows() > seen, SECONDS, "rows in the journal")  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=SECONDS)
        assert 0 < rows() < ROWS
        assert not target.exists()
    said = ended(command(tiny_model, source, target))

    assert re.search(r"going on after [1-9]", said)
    found = read_rows(target)
    assert [row["id"] for row in found] == list(range(ROWS))
    assert [row["text"] for row in found] == list(texts(ROWS))
    assert all(row["label"] in EMOTIONS for row in found)


def read_rows(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    import pyarrow.parquet

    rows: list[dict[str, object]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def test_scores_are_those_of_the_inference_server(tiny_model: Path, tmp_path: Path) -> None:
    source, target = write_texts(tmp_path / "in.jsonl", 200), tmp_path / "out.jsonl"
    ended(command(tiny_model, source, target))

    with started_server(tiny_model, tmp_path / "server") as server:
        answer = httpx.post(f"{server.url}/v1/classify", json={"texts": list(texts(200))})

    found = read_rows(target)
    for row, item in zip(found, answer.json(), strict=True):
        scores = {name: row[name] for name in EMOTIONS}
        assert {"scores": scores, **{name: row[name] for name in item if name != "scores"}} == item


@pytest.mark.long
@pytest.mark.skipif(
    not importlib.util.find_spec("ray"), reason="RAY IS NOT INSTALLED: the extra `bulk` has it"
)
def test_a_ray_cluster_scores_the_same_and_goes_on_after_a_kill(
    tiny_model: Path, tmp_path: Path
) -> None:
    source = write_texts(tmp_path / "in.jsonl", ROWS // 4)
    alone, target = tmp_path / "alone.jsonl", tmp_path / "out.jsonl"
    ended(command(tiny_model, source, alone))
    journal = target.with_name(f"{target.name}.journal")

    process = command(tiny_model, source, target, "--ray")
    wait_until(
        lambda: journal.exists() and json.loads(journal.read_text())["progress"]["rows"] > 0,
        SECONDS,
        "rows in the journal",
    )
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SECONDS)
    said = ended(command(tiny_model, source, target, "--ray"))

    assert re.search(r"going on after [1-9]", said)
    assert "usage" not in said.lower()
    assert target.read_bytes() == alone.read_bytes()


@pytest.mark.long
@pytest.mark.skipif(
    not importlib.util.find_spec("ray"), reason="RAY IS NOT INSTALLED: the extra `bulk` has it"
)
def test_a_ray_cluster_that_cannot_be_reached_is_named(tiny_model: Path, tmp_path: Path) -> None:
    source = write_texts(tmp_path / "in.jsonl", 3)

    process = command(
        tiny_model, source, tmp_path / "out.jsonl", "--ray", f"127.0.0.1:{free_port()}"
    )
    _, said = process.communicate(timeout=SECONDS)

    assert process.returncode == 2, said.decode()
    assert b"bulk: the Ray cluster at 127.0.0.1" in said
