"""Fuzz the readers of strangers' bytes, guided by coverage.

    python -m tests.fuzz.readers [READER]

atheris changes the bytes of the invented files and keeps what reaches new code of `api` and
`serving`. An input that makes a reader raise what it does not document, or work more than in
proportion to its length, is written to a file, which `--input FILE` reads once more.
"""

import argparse
import importlib.util
import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

INSTRUMENTED = ("api", "serving")
_LONGEST_INPUT = 8 * 1024
_HANGS_AFTER = 120  # seconds for one input: some thousand times what any takes
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*([0-9]+)")
_WRITTEN_TO = re.compile(r"Test unit written to (\S+)")
_FAULT = "=== Uncaught Python exception: ==="


def fuzz(reader: str, folder: Path, seed: int, limits: Sequence[str]) -> tuple[int, str]:
    """Fuzz one reader in a process of its own, within libFuzzer's limits.

    Return how many inputs it read, and what was found, in words with the input's file, or "".
    """
    corpus = folder / f"{reader}-corpus"
    corpus.mkdir()
    for number, content in enumerate(_targets()[reader].seeds()):
        (corpus / str(number)).write_bytes(content)
    log = folder / f"{reader}.log"
    options = [
        f"-seed={seed}", f"-max_len={_LONGEST_INPUT}", f"-artifact_prefix={folder / reader}-",
        f"-timeout={_HANGS_AFTER}", "-print_final_stats=1", "-verbosity=0", *limits, str(corpus),
    ]  # fmt: skip
    # libFuzzer ends its process; and modules are instrumented only as they are imported first.
    process = get_context("spawn").Process(target=_in_process, args=(reader, log, options))
    process.start()
    process.join()
    said = log.read_text("utf-8", "replace")
    executed = _EXECUTED.search(said)
    count = int(executed[1]) if executed else 0
    if process.exitcode == 0:
        return count, ""
    written = _WRITTEN_TO.search(said)
    where = f"the input: {written[1]}" if written else f"no input was written; see {log}"
    return count, f"{said[max(said.find(_FAULT), 0) :].strip()}\n{where}"


def _in_process(reader: str, log: Path, options: Sequence[str]) -> None:
    output = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        target = _targets()[reader]
    atheris.Setup(["fuzz", *options], target.attempt)
    atheris.Fuzz()


def _targets() -> Mapping[str, Any]:
    # Not at the top: a process that fuzzes must instrument what this imports.
    from tests.fuzz.targets import TARGETS

    return TARGETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz one reader, or all in turn; return 1 where something was found."""
    names = list(_targets())
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.readers", description=__doc__)
    parser.add_argument("reader", nargs="?", choices=names, help="one reader; else all in turn")
    parser.add_argument("--seconds", type=int, default=60, help="for all readers together")
    parser.add_argument("--runs", type=int, help="most inputs of each reader")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 2**31))
    parser.add_argument("--input", type=Path, help="read this file once, without fuzzing")
    asked = parser.parse_args(arguments)
    if asked.input:
        if not asked.reader:
            parser.error("--input needs the reader")
        _targets()[asked.reader].attempt(asked.input.read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        parser.error(
            "atheris is not installed: `make fuzz` does that on Linux (x86-64, Python 3.11 to 3.13)"
        )
    readers = [asked.reader] if asked.reader else names
    limits = [f"-max_total_time={max(asked.seconds // len(readers), 1)}"]
    if asked.runs:
        limits.append(f"-runs={asked.runs}")
    folder = Path(tempfile.mkdtemp(prefix="moodline-fuzz-"))
    print(f"seed {asked.seed}, inputs and logs in {folder}", flush=True)
    faults = 0
    for reader in readers:
        count, found = fuzz(reader, folder, asked.seed, limits)
        print(f"{reader:10} {count:>9,} inputs: {found or 'nothing found'}", flush=True)
        faults += bool(found)
    if not faults:
        shutil.rmtree(folder)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
