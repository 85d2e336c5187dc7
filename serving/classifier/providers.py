"""Choice of ONNX Runtime's execution provider, by preference, and its options.

An installed onnxruntime offers some of them: only the CPU's, or also that of a GPU or OpenVINO
build. The first preferred one that is offered, loads the model and passes a trial run is used.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from serving.classifier.artifact import REMEDY
from serving.errors import ModelCorrupt

logger = logging.getLogger(__name__)

SHOWN = 300
"""Characters of a provider's own message that the log shows."""

TRIALS = ((1, 5), (3, 9))
"""Texts and tokens of the trial runs: some providers load what they cannot run."""

GPU_PROVIDERS = ("tensorrt", "cuda")
"""Execution providers that run on a GPU."""

PACKING = "packing"
"""Metadata key of a graph that removes padding itself; only CUDA has the kernels for that."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An execution provider: ONNX Runtime's name for it, and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GpuTuning:
    """Options of a GPU: record CUDA graphs, cache TensorRT's engines in a folder.

    `device` holds the memory of recorded graphs.
    """

    cuda_graphs: bool = False
    engine_cache: Path | None = None
    device: str = "cuda"


KNOWN = {
    "tensorrt": Provider("TensorrtExecutionProvider", {"trt_fp16_enable": True}),
    # A cache that doubles its memory, as is the default, leaves little to a second session.
    "cuda": Provider("CUDAExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"}),
    "openvino": Provider("OpenVINOExecutionProvider", {"device_type": "CPU"}),
    "cpu": Provider("CPUExecutionProvider"),
}


def open_session(
    model_path: Path,
    preferred: Sequence[str],
    threads: int,
    tuning: GpuTuning | None = None,
) -> tuple[ort.InferenceSession, str]:
    """Return a session on the first provider that works, and that provider's name in settings.

    `threads` is how many threads a run on the CPU has. ModelCorrupt when ONNX Runtime cannot
    load the model with any of them. The chosen provider is logged, and each one that failed.
    """
    offered = set(ort.get_available_providers())
    if KNOWN["cuda"].name in offered and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # CUDA's libraries, where they are Python packages
    chosen = [name for name in preferred if KNOWN[name].name in offered]
    if not chosen:
        raise ModelCorrupt(
            f"the installed ONNX Runtime offers none of {', '.join(preferred)}: set"
            " SERVING_PROVIDERS to what it offers, for example cpu"
        )
    for index, name in enumerate(chosen, start=1):
        try:
            session = open_on(name, model_path, threads, tuning or GpuTuning())
        # ONNX Runtime's exceptions have no common root of their own but Exception.
        except Exception as exc:
            if index == len(chosen):
                raise ModelCorrupt(
                    f"model file {model_path} cannot be loaded by ONNX Runtime "
                    f"{ort.__version__}: {REMEDY}"
                ) from exc
            reason = " ".join(str(exc).split())[:SHOWN]
            logger.warning("%s cannot run the model, %s is next: %s", name, chosen[index], reason)
        else:
            logger.info("the model runs on %s (ONNX Runtime %s)", name, ort.__version__)
            return session, name
    raise AssertionError("the last provider either works or raises")


def provider_list(name: str, tuning: GpuTuning) -> list[tuple[str, dict[str, Any]]]:
    """Return ONNX Runtime's name and options of provider `name`, and of its fallback, if any."""
    provider, options = KNOWN[name], dict(KNOWN[name].options)
    if name == "tensorrt" and tuning.engine_cache is not None:
        folder = str(tuning.engine_cache)
        options |= {"trt_engine_cache_enable": True, "trt_engine_cache_path": folder}
        options |= {"trt_timing_cache_enable": True, "trt_timing_cache_path": folder}
    if name == "cuda" and tuning.cuda_graphs:
        options |= {"enable_cuda_graph": True}
    if name == "tensorrt":  # what TensorRT cannot run stays on the GPU
        return [(provider.name, options), *provider_list("cuda", GpuTuning())]
    return [(provider.name, options)]


def session_options(threads: int) -> ort.SessionOptions:
    """Return the options of a session with so many CPU threads per run."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads busy-wait for each other, which is quick, but only during a run.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # plans for one shape; every batch has another
    options.log_severity_level = 3
    return options


def open_on(name: str, model_path: Path, threads: int, tuning: GpuTuning) -> ort.InferenceSession:
    """Open a session on provider `name`, or raise; ONNX Runtime would fall back to the CPU."""
    provider = KNOWN[name]
    session = ort.InferenceSession(
        str(model_path),
        session_options(threads),
        providers=provider_list(name, tuning),
        enable_fallback=False,
    )
    if provider.name not in session.get_providers():
        raise RuntimeError("it could not be initialised")
    if provider.name != KNOWN["cpu"].name:  # what the CPU loads it runs
        unrecorded = ort.RunOptions()
        unrecorded.add_run_config_entry("gpu_graph_id", "-1")
        for shape in TRIALS:
            tokens = {item.name: np.ones(shape, np.int64) for item in session.get_inputs()}
            session.run(None, tokens, unrecorded)
    return session
