"""Compare ways of running BERT on one GPU in one run: `python -m benchmarks.gpu`.

Ways take turns (A B A B); figures are medians over the turns. Without a GPU it prints one line and
exits with 0. `--cpu-smoke` goes through everything in miniature on the CPU, to prove that it
works; its figures mean nothing.
"""

import argparse
import importlib.util
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = ("torch", "transformers", "onnx", "onnxruntime", "tokenizers", "emoji")
SIZES = (1, 256, 512, 4096)


def main() -> int:
    """Measure, print and save the figures; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--shapes", default="bert-base,minilm-l6")
    parser.add_argument("--trained", type=Path, help="checkpoint in place of random weights")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="per turn of one way and size")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/gpu.json"))
    parser.add_argument("--no-server", action="store_true")
    parser.add_argument("--cpu-smoke", action="store_true")
    options = parser.parse_args()
    if lacking := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        print(f"benchmarks.gpu: skipped, not installed: {', '.join(lacking)}")
        return 0
    import torch

    from benchmarks.gpu import device as gpu
    from benchmarks.gpu.measure import Figure, Measure, Scale
    from benchmarks.peers.inputs import gather_texts

    if not options.cpu_smoke and (reason := gpu.missing()):
        print(f"benchmarks.gpu: skipped, {reason}")
        return 0
    shapes, workers = tuple(options.shapes.split(",")), max(1, min(8, (os.cpu_count() or 2) // 2))
    scale = Scale(shapes, SIZES, 4096, options.turns, options.seconds, workers)
    if options.cpu_smoke:  # packed graphs have no kernels on the CPU
        scale = Scale(("tiny",), (1, 16), 64, 1, 0.2, 1, ("none",), 256)
    device = "cpu" if options.cpu_smoke else "cuda"
    peak = gpu.peak_flops(device, scale.side)
    print(f"matrix products: {peak / 1e12:.1f} TFLOP/s", flush=True)
    source, texts = gather_texts(options.data, scale.posts)
    print(f"{len(texts)} {source}", flush=True)
    figures: list[Figure] = []
    for shape in scale.shapes:
        trained = options.trained if shape == "minilm-l6" else None
        with tempfile.TemporaryDirectory(prefix="moodline-gpu-") as folder:
            measure = Measure(shape, Path(folder), texts, scale, device, peak)
            measure.prepare(trained)
            figures += measure.without_server()
            if not options.no_server:
                figures += measure.through_server()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU, in miniature"
    kept = {"peak_flops": peak, "texts": source, "scale": asdict(scale), "device": name}
    rows = [asdict(figure) for figure in figures]
    options.out.write_text(json.dumps({**kept, "figures": rows}, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
