"""The model on an NVIDIA GPU: `python -m benchmarks.gpu`."""
