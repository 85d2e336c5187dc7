"""Compare ways of running BERT on one card in one run: `python -m benchmarks.gpu`.

Ways take turns (A B A B); figures are medians over the turns. Without a card it says so in one
line and ends with 0. `--cpu-smoke` goes through everything in miniature on the CPU, to prove that
it works; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NEEDED = ("torch", "transformers", "onnx", "onnxruntime", "tokenizers", "emoji")
SERVER_NEEDS = ("bentoml", "httptools", "uvloop", "prometheus_client")
SIZES = (1, 256, 512, 4096)
HEAD_TEXTS = 64


@dataclass(frozen=True, slots=True)
class Scale:
    """Say how much is measured."""

    shapes: tuple[str, ...]
    sizes: tuple[int, ...]
    posts: int
    turns: int
    seconds: float
    workers: int
    packings: tuple[str, ...]
    side: int


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold what one way did in one shape with calls of one size; seconds are of a call."""

    shape: str
    way: str
    size: int
    posts_a_second: float
    p50: float
    p99: float
    utilisation: float | None
    peak_share: float | None
    agreement: float


def main() -> int:
    """Measure, print and keep; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--shapes", default="bert-base,minilm-l6")
    parser.add_argument("--trained", type=Path, help="checkpoint in place of chance for minilm-l6")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="a turn of one way and size")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/gpu.json"))
    parser.add_argument("--no-server", action="store_true")
    parser.add_argument("--cpu-smoke", action="store_true")
    options = parser.parse_args()
    if lacking := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        print(f"benchmarks.gpu: skipped, not installed: {', '.join(lacking)}")
        return 0
    from benchmarks.gpu import card

    if not options.cpu_smoke and (reason := card.missing()):
        print(f"benchmarks.gpu: skipped, {reason}")
        return 0
    workers = max(1, min(8, (os.cpu_count() or 2) // 2))
    scale = Scale(
        tuple(options.shapes.split(",")),
        SIZES,
        4096,
        options.turns,
        options.seconds,
        workers,
        ("none", "attention", "multihead"),
        card.SIDE,
    )
    if options.cpu_smoke:  # packed graphs have no kernels on the CPU
        scale = Scale(("tiny",), (1, 16), 64, 1, 0.2, 1, ("none",), 256)
    device = "cpu" if options.cpu_smoke else "cuda"
    peak = card.peak_flops(device, scale.side)
    print(f"matrix products: {peak / 1e12:.1f} TFLOP/s", flush=True)
    source, texts = _texts(options.data, scale.posts)
    print(f"{len(texts)} {source}", flush=True)
    figures: list[Figure] = []
    for shape in scale.shapes:
        trained = options.trained if shape == "minilm-l6" else None
        with tempfile.TemporaryDirectory(prefix="moodline-gpu-") as folder:
            measure = Measure(shape, Path(folder), texts, scale, device, peak)
            measure.prepare(trained)
            figures += measure.alone()
            if not options.no_server:
                figures += measure.served()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    kept = {"peak_flops": peak, "texts": source, "scale": asdict(scale), "device": _device(device)}
    rows = [asdict(figure) for figure in figures]
    options.out.write_text(json.dumps({**kept, "figures": rows}, indent=1), encoding="utf-8")
    return 0


class Measure:
    """Measure one shape every way."""

    def __init__(
        self, shape: str, folder: Path, texts: list[str], scale: Scale, device: str, peak: float
    ) -> None:
        from tokenizers import Tokenizer

        from export.folder import SHIPPED, TOKENIZER_FILE
        from serving.preprocess import normalise

        self._shape, self._folder, self._texts = shape, folder, texts
        self._scale, self._device, self._peak = scale, device, peak
        encoder = Tokenizer.from_file(str(SHIPPED / TOKENIZER_FILE))
        encoder.no_padding()
        encoder.enable_truncation(256)
        encoded = encoder.encode_batch([normalise(text) for text in texts])
        self._posts = [one.ids for one in encoded]
        self._ways: dict[str, Callable[[list[list[int]]], Any]] = {}
        self._right: Any = None
        self._said: dict[str, float] = {}

    def prepare(self, trained: Path | None) -> None:
        """Make the model, its graphs and every way; then see what each of them answers."""
        from benchmarks.gpu import ways
        from export.folder import MODEL_FILE, ModelFacts, write_manifest
        from export.fusion import half_graph
        from export.shapes import write_shape, write_traced

        full = self._folder / "fp32"
        if trained is None:
            model = write_shape(self._shape, full, self._texts[:HEAD_TEXTS])
        else:
            from transformers import BertForSequenceClassification

            model = BertForSequenceClassification.from_pretrained(str(trained)).eval()
            write_traced(model, ModelFacts(self._shape, "0", str(trained.name), "fp32", 256), full)
        config = model.config
        self._layers, self._width = config.num_hidden_layers, config.hidden_size
        provider = "cpu" if self._device == "cpu" else "cuda"
        ort_name = "CPUExecutionProvider" if provider == "cpu" else "CUDAExecutionProvider"
        made: dict[str, Callable[[], Any]] = {
            "eager": lambda: ways.eager(copy.deepcopy(model), self._device),
            "compiled": lambda: ways.compiled(
                copy.deepcopy(model), self._device, smoke=self._device == "cpu"
            ),
            "unfused": lambda: ways.unfused(full / MODEL_FILE, ort_name),
        }
        for packing in self._scale.packings:
            half = self._folder / packing
            half.mkdir()
            (half / MODEL_FILE).write_bytes(half_graph(full / MODEL_FILE, packing))  # type: ignore[arg-type]
            (half / "tokenizer.json").write_bytes((full / "tokenizer.json").read_bytes())
            write_manifest(half, ModelFacts(self._shape, "0", "none", "fp16", 256))
            made[f"fp16-{packing}"] = lambda half=half: ways.served_engine(  # type: ignore[misc]
                half / MODEL_FILE, provider
            )
        for name, make in made.items():
            try:
                way = make()
                logits = way(self._posts)
            except Exception as exc:  # noqa: BLE001 -- a way that does not run here is told, not fatal
                print(f"{self._shape} {name}: does not run here: {str(exc)[:300]}", flush=True)
                continue
            self._right = logits if self._right is None else self._right
            self._ways[name] = way
            self._said[name] = ways.agreement(self._right, logits)

    def alone(self) -> list[Figure]:
        """Measure without a server: token ids in, logits out."""
        rates: dict[tuple[str, int], list[tuple[float, float | None, list[float]]]] = {}
        for _ in range(self._scale.turns):
            for size in self._scale.sizes:
                for name, way in self._ways.items():
                    rates.setdefault((name, size), []).append(self._turn(way, size))
        return [self._figure(name, size, turns) for (name, size), turns in rates.items()]

    def served(self) -> list[Figure]:
        """Measure through the server: texts in, JSON out."""
        lacking = [name for name in SERVER_NEEDS if importlib.util.find_spec(name) is None]
        best = self._best_packing()
        if lacking or best is None:
            print(f"through the server: skipped, not installed: {', '.join(lacking) or 'fp16'}")
            return []
        from benchmarks.gpu import card, served

        setting = "SERVING_MODEL_DIR" if self._device == "cpu" else "SERVING_GPU_MODEL_DIR"
        folder, workers = self._folder / best, self._scale.workers
        figures = []
        with served.started(folder, setting, workers, self._folder / "log") as port:
            asked = self._texts[:256]
            labels = served.labels(port, asked)
            names = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
            right = [names[place] for place in self._right[: len(asked), :7].argmax(1)]
            share = statistics.fmean(one == two for one, two in zip(labels, right, strict=True))
            self._said["served"] = share
            # The contract takes 256 texts a request: 512 are two requests at a time.
            for size, at_once in ((1, 64), (256, 1), (256, 2), (256, 4 * workers)):
                size = min(size, len(self._texts))
                turns = []
                for _ in range(self._scale.turns):
                    with card.Utilisation() as use:
                        rate, took = asyncio.run(
                            served.load(port, self._texts, size, at_once, self._scale.seconds)
                        )
                    turns.append((rate, use.mean, took))
                figures.append(self._figure("served", size, turns, f" x {at_once}"))
        return figures

    def _best_packing(self) -> str | None:
        """Return the fp16 graph that ran the largest calls fastest."""
        known = [name for name in self._scale.packings if f"fp16-{name}" in self._ways]
        size = self._scale.sizes[-1]
        rates = {name: self._turn(self._ways[f"fp16-{name}"], size)[0] for name in known}
        return max(rates, key=lambda name: rates[name]) if rates else None

    def _turn(self, way: Callable[..., Any], size: int) -> tuple[float, float | None, list[float]]:
        from benchmarks.gpu.card import Utilisation

        parts = [self._posts[at : at + size] for at in range(0, len(self._posts) - size + 1, size)]
        took: list[float] = []
        with Utilisation() as use:
            ends = time.perf_counter() + self._scale.seconds
            while not took or time.perf_counter() < ends:
                began = time.perf_counter()
                way(parts[len(took) % len(parts)])
                took.append(time.perf_counter() - began)
        return len(took) * size / sum(took), use.mean, took

    def _figure(
        self,
        name: str,
        size: int,
        turns: list[tuple[float, float | None, list[float]]],
        more: str = "",
    ) -> Figure:
        from benchmarks.gpu.ways import flops
        from benchmarks.peers.figures import percentile

        rate = statistics.median(turn[0] for turn in turns)
        seen = [turn[1] for turn in turns if turn[1] is not None]
        took = [seconds for turn in turns for seconds in turn[2]]
        each = flops([len(post) for post in self._posts], self._layers, self._width)
        figure = Figure(
            self._shape,
            name + more,
            size,
            rate,
            percentile(took, 0.5) or 0.0,
            percentile(took, 0.99) or 0.0,
            statistics.median(seen) if seen else None,
            rate * each / len(self._posts) / self._peak,
            self._said[name],
        )
        busy = "-" if figure.utilisation is None else f"{figure.utilisation:.0%}"
        print(
            f"{figure.shape} {figure.way}, calls of {size}: {rate:,.0f} posts/s,"
            f" p50 {figure.p50 * 1e3:.2f} ms, p99 {figure.p99 * 1e3:.2f} ms, busy {busy},"
            f" {figure.peak_share:.1%} of peak, labels as eager {figure.agreement:.2%}",
            flush=True,
        )
        return figure


def _texts(data: Path, count: int) -> tuple[str, list[str]]:
    from benchmarks.peers.inputs import gather_texts

    return gather_texts(data, count)


def _device(device: str) -> str:
    import torch

    return torch.cuda.get_device_name() if device == "cuda" else "CPU, in miniature"


if __name__ == "__main__":
    sys.exit(main())
