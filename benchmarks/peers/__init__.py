"""The inference server against others that serve the same model; see benchmarks/README.md.

    python -m benchmarks.peers --rounds 3

A peer is a module with three functions: `start` its process, `call` says what one request to it
is, `stop` ends it. What runs inside that process lies in `servers/`, in the peer's own
environment, whose packages are pinned in `requirements/`.
"""
