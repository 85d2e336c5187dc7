"""One shape of model, run every way in turns, without a server and through ours."""

import asyncio
import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from benchmarks.figures import percentile
from benchmarks.gpu import carry, ways
from benchmarks.gpu import device as gpu
from export.graph.fusion import Packing, half_graph
from export.graph.random_models import write_random_model, write_traced
from export.packaging.model_folder import (
    MODEL_FILE,
    SHIPPED,
    TOKENIZER_FILE,
    ModelFacts,
    write_manifest,
)
from serving.classifier.artifact import EMOTIONS
from serving.classifier.preprocess import normalise

HEAD_TEXTS = 64
BUDGETS = (4_096, 65_536)
"""Padded tokens per run that are tried besides the server's own."""

Turn = tuple[float, float | None, list[float]]
"""Posts per second, the GPU's mean utilisation, and the seconds of each call."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    shapes: tuple[str, ...]
    sizes: tuple[int, ...]
    posts: int
    turns: int
    seconds: float
    workers: int
    packings: tuple[Packing, ...] = ("none", "attention", "multihead")
    side: int = gpu.SIDE


@dataclass(frozen=True, slots=True)
class Figure:
    """Result of one way in one shape with calls of one size; seconds are per call.

    `memory_mib` is what the way took on the GPU when it was made and run once; with a server, what
    the server had taken by its end.
    """

    shape: str
    way: str
    size: int
    posts_a_second: float
    p50: float
    p99: float
    utilisation: float | None
    peak_share: float | None
    agreement: float
    memory_mib: float | None


class Measure:
    """Measurements of one shape of model, run every way."""

    def __init__(
        self, shape: str, folder: Path, texts: list[str], scale: Scale, device: str, peak: float
    ) -> None:
        self._shape, self._folder, self._texts = shape, folder, texts
        self._scale, self._device, self._peak = scale, device, peak
        encoder = Tokenizer.from_file(str(SHIPPED / TOKENIZER_FILE))
        encoder.no_padding()
        encoder.enable_truncation(256)
        encoded = encoder.encode_batch([normalise(text) for text in texts])
        self._posts = [one.ids for one in encoded]
        self._ways: dict[str, Callable[[list[list[int]]], Any]] = {}
        self._right: Any = None
        self._agreements: dict[str, float] = {}
        self._memory: dict[str, float | None] = {}

    def prepare(self, trained: Path | None) -> None:
        """Build the model, its graphs and every way, and compare the answers of each."""
        full = self._folder / "fp32"
        if trained is None:
            model = write_random_model(self._shape, full, self._texts[:HEAD_TEXTS])
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
        graphs = {}
        for packing in self._scale.packings:
            half = self._folder / packing
            half.mkdir()
            graphs[packing] = half / MODEL_FILE
            graphs[packing].write_bytes(half_graph(full / MODEL_FILE, packing))
            (half / TOKENIZER_FILE).write_bytes((full / TOKENIZER_FILE).read_bytes())
            write_manifest(half, ModelFacts(self._shape, "0", "none", "fp16", 256))
            made[f"fp16-{packing}"] = partial(ways.served_engine, graphs[packing], provider)
        default = "attention" if "attention" in graphs else "none"
        for budget in BUDGETS:
            made[f"fp16-{default}, {budget} tokens"] = partial(
                ways.served_engine, graphs[default], provider, budget
            )
        if provider == "cuda":
            made["fp16-none, CUDA graphs"] = partial(
                ways.served_engine, graphs["none"], provider, cuda_graphs=True
            )
        for name, make in made.items():
            before = gpu.memory_used()
            try:
                way = make()
                logits = way(self._posts)
            except Exception as exc:  # noqa: BLE001 -- a way that does not run here is reported, not fatal
                print(f"{self._shape} {name}: does not run here: {str(exc)[:300]}", flush=True)
                continue
            self._right = logits if self._right is None else self._right
            self._ways[name] = way
            self._agreements[name] = ways.agreement(self._right, logits)
            self._memory[name] = _mib_since(before)

    def without_server(self) -> list[Figure]:
        """Measure without a server: token ids in, logits out."""
        rates: dict[tuple[str, int], list[Turn]] = {}
        for _ in range(self._scale.turns):
            for size in self._scale.sizes:
                for name, way in self._ways.items():
                    rates.setdefault((name, size), []).append(self._turn(way, size))
        return [self._figure(name, size, turns) for (name, size), turns in rates.items()]

    def through_server(self) -> list[Figure]:
        """Measure through the server: texts in, JSON out."""
        lacking = carry.missing(carry.server_requirements())
        best = self._best_packing()  # of the fp16 graphs, for the largest calls
        if lacking or best is None:
            print(f"through the server: skipped, not installed: {', '.join(lacking) or 'fp16'}")
            return []
        folder = self._folder / best
        return [*self._served(folder, "continuous"), *self._served(folder, "bentoml")]

    def _served(self, folder: Path, scheduler: str) -> list[Figure]:
        from benchmarks.gpu import served  # needs what the server does

        setting = "SERVING_MODEL_DIR" if self._device == "cpu" else "SERVING_GPU_MODEL_DIR"
        workers, name = self._scale.workers, f"served, {scheduler}"
        chosen = {setting: str(folder), "SERVING_SCHEDULER": scheduler}
        before = gpu.memory_used()
        measured: list[tuple[int, int, list[Turn]]] = []
        with served.started(folder, chosen, workers) as port:
            asked = self._texts[:256]
            labels = served.labels(port, asked)
            right = [EMOTIONS[index] for index in self._right[: len(asked), :7].argmax(1)]
            share = statistics.fmean(one == two for one, two in zip(labels, right, strict=True))
            self._agreements[name] = share
            # The contract takes 256 texts per request: 512 are two requests at a time.
            for wanted, at_once in ((1, 64), (1, 512), (256, 1), (256, 2), (256, 4 * workers)):
                size = min(wanted, len(self._texts))
                turns = []
                for _ in range(self._scale.turns):
                    with gpu.Utilisation() as use:
                        rate, took = asyncio.run(
                            served.load(port, self._texts, size, at_once, self._scale.seconds)
                        )
                    turns.append((rate, use.mean, took))
                measured.append((size, at_once, turns))
            self._memory[name] = _mib_since(before)
        return [
            self._figure(name, size, turns, f" x {at_once}") for size, at_once, turns in measured
        ]

    def _best_packing(self) -> str | None:
        known = [name for name in self._scale.packings if f"fp16-{name}" in self._ways]
        size = self._scale.sizes[-1]
        rates = {name: self._turn(self._ways[f"fp16-{name}"], size)[0] for name in known}
        return max(rates, key=lambda name: rates[name]) if rates else None

    def _turn(self, way: Callable[..., Any], size: int) -> Turn:
        parts = [self._posts[at : at + size] for at in range(0, len(self._posts) - size + 1, size)]
        took: list[float] = []
        with gpu.Utilisation() as use:
            ends = time.perf_counter() + self._scale.seconds
            while not took or time.perf_counter() < ends:
                began = time.perf_counter()
                way(parts[len(took) % len(parts)])
                took.append(time.perf_counter() - began)
        return len(took) * size / sum(took), use.mean, took

    def _figure(self, name: str, size: int, turns: list[Turn], more: str = "") -> Figure:
        rate = statistics.median(turn[0] for turn in turns)
        seen = [turn[1] for turn in turns if turn[1] is not None]
        took = [seconds for turn in turns for seconds in turn[2]]
        flops = ways.flops([len(post) for post in self._posts], self._layers, self._width)
        each = flops / len(self._posts)
        p50, p99 = (percentile(took, share) or 0.0 for share in (0.5, 0.99))
        used, peak = statistics.median(seen) if seen else None, rate * each / self._peak
        agreement, memory = self._agreements[name], self._memory[name]
        figure = Figure(
            self._shape, name + more, size, rate, p50, p99, used, peak, agreement, memory
        )
        busy = "-" if used is None else f"{used:.0%}"
        taken = "-" if memory is None else f"{memory:,.0f} MiB"
        print(
            f"{figure.shape} {figure.way}, calls of {size}: {rate:,.0f} posts/s,"
            f" p50 {figure.p50 * 1e3:.2f} ms, p99 {figure.p99 * 1e3:.2f} ms, busy {busy}, {taken},"
            f" {figure.peak_share:.1%} of peak, labels as eager {figure.agreement:.2%}",
            flush=True,
        )
        return figure


def _mib_since(before: int | None) -> float | None:
    now = gpu.memory_used()
    return None if before is None or now is None else (now - before) / (1 << 20)
