"""Statistics of a graph's activations on real texts, from which int8 scales are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto

_CHUNK = 50

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Activation:
    """One activation over all tokens.

    `largest` is the largest magnitude per channel, `moments` the sum of x x' over tokens,
    `least` the smallest value.
    """

    largest: Reals
    moments: Reals
    least: float

    @classmethod
    def of(cls, rows: Reals) -> Activation:
        """Return the statistics of [tokens, channels] values."""
        return cls(np.abs(rows).max(axis=0), rows.T @ rows, float(rows.min()))

    def __add__(self, other: Activation) -> Activation:
        """Return the statistics over the tokens of both."""
        return Activation(
            np.maximum(self.largest, other.largest),
            self.moments + other.moments,
            min(self.least, other.least),
        )


def observe(
    model: ModelProto, names: Sequence[str], texts: Sequence[Sequence[int]]
) -> dict[str, Activation]:
    """Run `model` on token ids, one text per run, and return statistics of the tensors `names`.

    Raises ValueError when there are no texts.
    """
    if not texts:
        raise ValueError("no texts to observe")
    session = _open_with_outputs(model, names)
    found: dict[str, Activation] = {}
    for start in range(0, len(texts), _CHUNK):
        rows: dict[str, list[Reals]] = {name: [] for name in names}
        for text in texts[start : start + _CHUNK]:
            ids = np.array([text], dtype=np.int64)
            feed = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            for name, values in zip(names, session.run(list(names), feed), strict=True):
                rows[name].append(values.reshape(-1, values.shape[-1]))
        for name, parts in rows.items():
            seen = Activation.of(np.concatenate(parts))
            found[name] = found[name] + seen if name in found else seen
    return found


def _open_with_outputs(model: ModelProto, names: Sequence[str]) -> Any:
    """Open a session of `model` with the tensors `names` as further outputs."""
    import onnx
    import onnxruntime

    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    opened.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        opened.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
