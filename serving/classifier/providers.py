"""Which of ONNX Runtime's execution providers runs the model, chosen by preference.

An installed onnxruntime offers some of them: the CPU's alone, or that of a GPU or OpenVINO
build beside it. The first of the preferred ones that is offered, loads the model and gets through
a trial run does.
"""

from __future__ import annotations

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
"""Characters of a provider's own words that the log has."""

TRIALS = ((1, 5), (3, 9))
"""Texts and tokens of the trial runs: some providers load what they cannot run."""

ON_CARD = ("tensorrt", "cuda")
"""Those that run on a graphics card."""

PACKING = "packing"
"""The graph's own note that padding is taken out in it; only CUDA has the kernels for that."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Describe an execution provider: ONNX Runtime's name for it, and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardTuning:
    """Hold what can be chosen on a card: record CUDA graphs, keep TensorRT's engines in a folder.

    `device` is where a recorded graph's memory lies.
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
    tuning: CardTuning | None = None,
) -> tuple[ort.InferenceSession, str]:
    """Return a session with the first provider that works, and that provider's name in settings.

    `threads` is how many threads a run on the CPU has. ModelCorrupt when ONNX Runtime cannot
    load the model with any of them. What runs is logged, and each one that failed.
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
    for place, name in enumerate(chosen, start=1):
        try:
            session = open_on(name, model_path, threads, tuning or CardTuning())
        # ONNX Runtime's exceptions have no common root of their own but Exception.
        except Exception as exc:
            if place == len(chosen):
                raise ModelCorrupt(
                    f"model file {model_path} cannot be loaded by ONNX Runtime "
                    f"{ort.__version__}: {REMEDY}"
                ) from exc
            reason = " ".join(str(exc).split())[:SHOWN]
            logger.warning("%s cannot run the model, %s is next: %s", name, chosen[place], reason)
        else:
            logger.info("the model runs on %s (ONNX Runtime %s)", name, ort.__version__)
            return session, name
    raise AssertionError("the last provider either works or raises")


def provider_list(name: str, tuning: CardTuning) -> list[tuple[str, dict[str, Any]]]:
    """Return ONNX Runtime's names and options of provider `name`, and what helps it out."""
    provider, options = KNOWN[name], dict(KNOWN[name].options)
    if name == "tensorrt" and tuning.engine_cache is not None:
        folder = str(tuning.engine_cache)
        options |= {"trt_engine_cache_enable": True, "trt_engine_cache_path": folder}
        options |= {"trt_timing_cache_enable": True, "trt_timing_cache_path": folder}
    if name == "cuda" and tuning.cuda_graphs:
        options |= {"enable_cuda_graph": True}
    if name == "tensorrt":  # what TensorRT cannot run stays on the card
        return [(provider.name, options), *provider_list("cuda", CardTuning())]
    return [(provider.name, options)]


def session_options(threads: int) -> ort.SessionOptions:
    """Return the options of a session whose runs have so many threads on the CPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Several threads wait for each other busily, which is quick, but not longer than a run is.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # plans for one shape; every group has another
    options.log_severity_level = 3
    return options


def open_on(name: str, model_path: Path, threads: int, tuning: CardTuning) -> ort.InferenceSession:
    """Open a session on provider `name`, or fail; ONNX Runtime alone would go on with the CPU."""
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
