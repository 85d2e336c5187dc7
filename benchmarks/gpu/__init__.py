"""What a graphics card makes of the model: `python -m benchmarks.gpu`."""
