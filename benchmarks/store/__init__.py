"""The store at a million invented people: `python -m benchmarks.store`."""
