"""Adding a constant to the logit of irony in a finished graph.

Serving knows a temperature per output group, which moves a probability away from or towards a
half. To calibrate irony for another base rate it must also be moved as a whole.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from export.errors import VerificationError, writing
from export.labels import IRONY, LABELS


def shift_irony(path: Path, bias: float) -> None:
    """Add `bias` to the logit of irony of the graph `path`.

    Raises VerificationError when the graph does not end in a linear layer with one bias per
    label, and StorageError when it cannot be written.
    """
    model = onnx.load(path)
    output = model.graph.output[0].name
    last = next((node for node in model.graph.node if output in node.output), None)
    names = list(last.input) if last is not None and last.op_type == "Gemm" else []
    for tensor in model.graph.initializer:
        if len(names) == 3 and tensor.name == names[2] and list(tensor.dims) == [len(LABELS)]:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            values[LABELS.index(IRONY)] += np.float32(bias)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
            with writing(path):
                path.write_bytes(model.SerializeToString())
            return
    raise VerificationError(f"{path}: does not end in a linear layer with a bias per label")
