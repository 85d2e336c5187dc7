"""How the shipped model is made: data, train, to_onnx, quantize, verify, evaluate."""
