import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gpu.carry import join, missing, server_requirements, split

ROOT = Path(__file__).parents[3]


def test_files_come_out_of_their_parts_and_a_missing_part_is_named(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.whl").write_bytes(os.urandom(50_000))
    (tmp_path / "b.whl").write_bytes(b"small")
    files = [tmp_path / "a.whl", tmp_path / "b.whl"]

    names = split(files, tmp_path / "parts", size=20_000)
    joined = join(tmp_path / "parts", tmp_path / "out")

    assert len(names) > 2
    assert [file.read_bytes() for file in joined] == [file.read_bytes() for file in files]
    (tmp_path / "parts" / "part-01").unlink()
    with pytest.raises(ValueError, match=r"part-01 is missing or damaged"):
        join(tmp_path / "parts", tmp_path / "out")


def test_what_the_server_declares_is_carried_except_what_the_machine_has() -> None:
    carried = {requirement.partition(">=")[0] for requirement in server_requirements()}
    assert {"bentoml", "emoji", "pydantic-settings"} <= carried
    assert not {"onnxruntime", "numpy", "tokenizers"} & carried


def test_a_requirement_that_is_not_installed_is_named_whatever_its_spelling() -> None:
    assert missing(["Pydantic_Settings>=2", "no-such-package>=1", "psutil"]) == ["no-such-package"]


@pytest.mark.long
@pytest.mark.integration
def test_the_whole_benchmark_runs_in_miniature_on_the_cpu(tmp_path: Path) -> None:
    out = tmp_path / "gpu.json"
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", "--cpu-smoke"]

    done = subprocess.run(
        [*command, "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, "BENTOML_HOME": str(tmp_path / "bentoml")},
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())["figures"]
    ways = {figure["way"].split(" x ")[0].split(",")[0] for figure in figures}
    assert ways == {"eager", "compiled", "unfused", "fp16-none", "served"}
    assert all(figure["posts_a_second"] > 0 for figure in figures)
    right = [figure["agreement"] for figure in figures if figure["way"] == "unfused"]
    assert min(right) == 1.0


@pytest.mark.long
def test_without_a_gpu_it_says_so_in_one_line_and_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu"],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0
    assert done.stdout.startswith("benchmarks.gpu: skipped, ")
    assert done.stdout.count("\n") == 1
