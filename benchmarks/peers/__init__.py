"""The inference server against others that serve the same model; see benchmarks/README.md.

    python -m benchmarks.peers --rounds 3

A peer has two methods: `start` its process, and `call`, which describes one request to it. The
programs that peers run lie in `servers/`, each in the peer's own environment, whose packages are
pinned in `requirements/`.
"""
