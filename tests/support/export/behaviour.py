"""A file of behavioural tests with one capability."""

import json
from pathlib import Path


def write(folder: Path, kind: str, rule: str, *texts: str, name: str = "thing") -> Path:
    entry = {"kind": kind, "why": "It matters.", "cases": {rule: list(texts)}}
    path = folder / "behaviour.yaml"
    path.write_text(json.dumps({name: entry}), encoding="utf-8")
    return path
