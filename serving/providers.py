"""Which of ONNX Runtime's execution providers runs the model, chosen by preference.

An installed onnxruntime offers some of them: the CPU's alone, or that of a GPU or OpenVINO
build beside it. The first of the preferred ones that is offered and can load the model does.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnxruntime as ort

from serving.artifact import REMEDY
from serving.errors import ModelCorrupt

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Provider:
    """Describe an execution provider: ONNX Runtime's name for it, and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


KNOWN = {
    "tensorrt": Provider("TensorrtExecutionProvider", {"trt_fp16_enable": True}),
    "cuda": Provider("CUDAExecutionProvider"),
    "openvino": Provider("OpenVINOExecutionProvider", {"device_type": "CPU"}),
    "cpu": Provider("CPUExecutionProvider"),
}


def open_session(
    model_path: Path, preferred: Sequence[str], threads: int
) -> tuple[ort.InferenceSession, str]:
    """Return a session with the first provider that works, and that provider's name in settings.

    `threads` is how many threads a run on the CPU has. ModelCorrupt when ONNX Runtime cannot
    load the model with any of them. What runs is logged, and each one that failed.
    """
    offered = set(ort.get_available_providers())
    chosen = [name for name in preferred if KNOWN[name].name in offered]
    failure: Exception | None = None
    for name in chosen:
        try:
            session = _open(model_path, KNOWN[name], threads)
        except Exception as exc:  # noqa: BLE001 -- ONNX Runtime's have no other root in common
            failure = exc
            logger.warning("%s cannot run the model: %s", name, str(exc).strip().split("\n")[0])
            continue
        logger.info("the model runs on %s (ONNX Runtime %s)", name, ort.__version__)
        return session, name
    if failure is None:
        raise ModelCorrupt(
            f"the installed ONNX Runtime offers none of {', '.join(preferred)}: set"
            " SERVING_PROVIDERS to what it offers, for example cpu"
        )
    raise ModelCorrupt(
        f"model file {model_path} cannot be loaded by ONNX Runtime {ort.__version__}: {REMEDY}"
    ) from failure


def _open(model_path: Path, provider: Provider, threads: int) -> ort.InferenceSession:
    """Open a session on `provider`, or fail; ONNX Runtime alone would go on with the CPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # plans for one shape; every group has another
    options.log_severity_level = 3
    session = ort.InferenceSession(
        str(model_path),
        options,
        providers=[(provider.name, provider.options)],
        enable_fallback=False,
    )
    if provider.name not in session.get_providers():
        raise RuntimeError("it could not be initialised")
    return session
