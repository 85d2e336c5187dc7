"""The arguments of `python -m benchmarks.peers`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.peers.processes import ROOT
from benchmarks.peers.registry import ENTRIES

DESCRIPTION = "Compare the inference server with others; see benchmarks/README.md."
LONGEST_SECONDS = 60.0


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=DESCRIPTION)
    parser.add_argument(
        "--peers",
        type=_names,
        default=list(ENTRIES),
        metavar="NAME,...",
        help=f"of {', '.join(ENTRIES)}; all unless given",
    )
    parser.add_argument("--rounds", type=_count, default=3)
    parser.add_argument("--seconds", type=_seconds, default=8.0, help="a profile")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one short round, kept out of the results folder and the page",
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="start each, compare its answers to a handful of requests, no load",
    )
    parser.add_argument("--prepare", action="store_true", help="only make the environments")
    parser.add_argument("--model", type=Path, default=ROOT / "serving" / "model")
    parser.add_argument(
        "--torch-model",
        type=Path,
        default=ROOT / ".runs" / "default" / "model",
        help="checkpoint that the model was quantised from, for Infinity",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("MOODLINE_DATA") or ROOT / "../shared/data"),
    )
    return parser


def _names(words: str) -> list[str]:
    names = [word.strip() for word in words.split(",") if word.strip()]
    if unknown := sorted(set(names) - ENTRIES.keys()):
        raise argparse.ArgumentTypeError(f"no peer is called {', '.join(unknown)}")
    return names


def _count(word: str) -> int:
    if not word.isdecimal() or not int(word):
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(word)


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most {LONGEST_SECONDS:g}")
    return seconds
