"""Run times of ONNX graphs, compared: `python -m benchmarks.graphs FILE...`.

Every ONNX file runs the same texts (random token ids, full length) on the CPU, in turns, for
several shapes; the table has medians, and their ratio to the first file's. `--profile` lists
instead the operators that take most of a run of the last shape. With onnxruntime-openvino
installed, files named by `--openvino` run on OpenVINO, in fp32 and in bf16.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from serving.classifier.providers import session_options

SHAPES = ((1, 12), (1, 20), (1, 40), (16, 20), (8, 64), (16, 32))
"""Texts and tokens: single texts, and batches as large as the server's."""

TURNS = 40
SHOWN = 12


def open_graph(path: Path, threads: int, profile: Path | None = None) -> ort.InferenceSession:
    """Open a graph as the server does, or with its operators timed into a file."""
    options = session_options(threads)
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile / "run")
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def open_openvino(path: Path, threads: int, precision: str) -> ort.InferenceSession:
    """Open a graph on OpenVINO, with `precision` `f32` or `bf16`."""
    hints = {"INFERENCE_NUM_THREADS": str(threads), "INFERENCE_PRECISION_HINT": precision}
    options = {"device_type": "CPU", "load_config": json.dumps({"CPU": hints})}
    provider = ("OpenVINOExecutionProvider", options)
    return ort.InferenceSession(str(path), providers=[provider], enable_fallback=False)


def feed(session: ort.InferenceSession, shape: tuple[int, int]) -> dict[str, Any]:
    """Return inputs of a shape, texts by tokens."""
    tokens = np.random.default_rng(17).integers(1_000, 20_000, shape)
    values = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
    values["token_type_ids"] = np.zeros_like(tokens)
    return {item.name: values[item.name] for item in session.get_inputs()}


def compare(files: Sequence[Path], openvino: Sequence[Path], threads: int) -> None:
    """Print the table."""
    opened = {str(file): open_graph(file, threads) for file in files}
    for file in openvino:
        for precision in ("f32", "bf16"):
            opened[f"{file}, OpenVINO {precision}"] = open_openvino(file, threads, precision)
    sessions = list(opened.values())
    print("| texts x tokens |", " | ".join(f"{name} ms" for name in opened), "|")
    print("| --- |", " ---: |" * len(sessions))
    for shape in SHAPES:
        feeds = [feed(session, shape) for session in sessions]
        seconds: list[list[float]] = [[] for _ in sessions]
        for turn in range(TURNS + 1):
            for index, session in enumerate(sessions):
                began = time.perf_counter()
                session.run(None, feeds[index])
                if turn:  # the first run allocates
                    seconds[index].append(time.perf_counter() - began)
        medians = [statistics.median(one) * 1e3 for one in seconds]
        cells = [f"{one:.2f} ({one / medians[0]:.2f} x)" for one in medians]
        print(f"| {shape[0]} x {shape[1]} |", " | ".join(cells), "|", flush=True)


def profile(file: Path, threads: int) -> None:
    """Print the time of each operator per run, the slowest first."""
    with tempfile.TemporaryDirectory() as folder:
        session = open_graph(file, threads, Path(folder))
        inputs = feed(session, SHAPES[-1])
        for _ in range(TURNS):
            session.run(None, inputs)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    spent: Counter[str] = Counter()
    nodes: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            spent[event["args"]["op_name"]] += event["dur"]
            nodes[event["args"]["op_name"]] += 1
    print(f"{file}, {SHAPES[-1][0]} x {SHAPES[-1][1]}, {threads} thread(s)")
    for name, duration in spent.most_common(SHOWN):
        share = duration / spent.total()
        print(f"{duration / TURNS:8,.0f} us {share:5.1%} {nodes[name] // TURNS:4} x {name}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare graphs, or profile them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.graphs", description=main.__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--openvino", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args(arguments)
    if options.profile:
        for file in options.files:
            profile(file, options.threads)
    else:
        compare(options.files, options.openvino, options.threads)


if __name__ == "__main__":
    main()
