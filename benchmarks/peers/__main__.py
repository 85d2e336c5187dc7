"""Compare the inference server with others; see benchmarks/README.md."""

import argparse
import datetime
import json
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from api.runtime.processes import free_port
from benchmarks.machine import QUIET_LOAD, describe_commit, describe_machine
from benchmarks.peers import environments, plot, table
from benchmarks.peers.contract import PeerUnavailableError, Setup
from benchmarks.peers.inputs import Inputs, gather_texts, reference_answers
from benchmarks.peers.processes import ENDING, ROOT
from benchmarks.peers.registry import ENTRIES, Entry
from benchmarks.peers.summary import summarise_turns
from benchmarks.peers.turn import Load, Turn, take_turn

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "benchmarks" / "README.md"
SMOKE_TEXTS = 16
QUICK_SECONDS = 2.0
ROUND_OFFSET = 997
"""Shift between the first texts of two rounds, so that no two have the same order."""

LONGEST_SECONDS = 60.0


def main() -> None:
    for ending in ENDING:
        signal.signal(ending, _end)
    chosen = _parser().parse_args()
    entries = [ENTRIES[name] for name in chosen.peers]
    pythons, turns = _prepare(entries)
    if chosen.prepare:
        raise SystemExit(1 if turns else 0)
    if chosen.smoke:
        chosen.rounds, chosen.seconds = 1, None
    elif chosen.quick:
        chosen.rounds, chosen.seconds = 1, QUICK_SECONDS
    facts = _facts(chosen, pythons)
    busy = facts["machine"]["load_average_before"]
    if busy > QUIET_LOAD and not chosen.smoke:
        print(f"benchmarks: the machine is NOT QUIET, load average {busy:.2f}")
    facts["inputs"] = _take_turns(chosen, entries, pythons, turns)
    if chosen.smoke:
        raise SystemExit(1 if any(turn.failure for turn in turns) else 0)
    _publish(facts, turns, quick=chosen.quick)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    known = f"of {', '.join(ENTRIES)}; all unless given"
    parser.add_argument(
        "--peers", type=_names, default=list(ENTRIES), metavar="NAME,...", help=known
    )
    parser.add_argument("--rounds", type=_count, default=3)
    parser.add_argument("--seconds", type=_seconds, default=8.0, help="per profile")
    parser.add_argument("--quick", action="store_true", help="one short round, not published")
    parser.add_argument("--smoke", action="store_true", help="check the answers, no load")
    parser.add_argument("--prepare", action="store_true", help="only make the environments")
    parser.add_argument("--model", type=Path, default=ROOT / "serving" / "model")
    checkpoint = ROOT / ".runs" / "default" / "model"
    parser.add_argument("--torch-model", type=Path, default=checkpoint, help="for Infinity")
    data = Path(os.environ.get("MOODLINE_DATA") or ROOT / "../shared/data")
    parser.add_argument("--data", type=Path, default=data)
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
    seconds = float(word)  # argparse reports a ValueError
    if not 0.0 < seconds <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most {LONGEST_SECONDS:g}")
    return seconds


def _take_turns(
    chosen: argparse.Namespace,
    entries: Sequence[Entry],
    pythons: Mapping[str, Path],
    turns: list[Turn],
) -> str:
    """Append every turn of every round, A B C A B C, and return the source of the texts."""
    source, texts = gather_texts(chosen.data)
    texts = texts[:SMOKE_TEXTS] if chosen.smoke else texts
    inputs = Inputs(texts, reference_answers(chosen.model, texts))
    for number in range(1, chosen.rounds + 1):
        load = Load(inputs, chosen.seconds, offset=number * ROUND_OFFSET)
        for entry in entries:
            if entry.name in pythons:
                setup = Setup(
                    python=pythons[entry.name],
                    port=free_port(),
                    folder=environments.FOLDER / entry.name / "work",
                    model_dir=chosen.model.resolve(),
                    torch_dir=chosen.torch_model.resolve(),
                )
                turns.append(take_turn(entry, setup, number, load))
                _print(turns[-1])
    return source


def _prepare(entries: Sequence[Entry]) -> tuple[dict[str, Path], list[Turn]]:
    """Return the Python of each peer that can be installed, and a failed turn of each other."""
    pythons: dict[str, Path] = {}
    failed: list[Turn] = []
    for entry in entries:
        try:
            pythons[entry.name] = environments.prepare(entry)
        except PeerUnavailableError as exc:
            failed.append(Turn(entry.name, 0, failure=str(exc)))
            _print(failed[-1])
    return pythons, failed


def _facts(chosen: argparse.Namespace, pythons: dict[str, Path]) -> dict[str, Any]:
    manifest = json.loads((chosen.model / "manifest.json").read_text(encoding="utf-8"))
    return {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "-m", "benchmarks.peers", *sys.argv[1:]]),
        "commit": describe_commit(),
        "machine": describe_machine(),
        "model": f"{manifest['name']} {manifest['version']} ({manifest['precision']})",
        "model_sha256": manifest["files"]["model.onnx"]["sha256"],
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "versions": {
            name: environments.versions(ENTRIES[name], python) for name, python in pythons.items()
        },
    }


def _print(turn: Turn) -> None:
    said = turn.failure or ", ".join(
        f"{phase['name']} {phase['texts_per_second']:,.0f}/s p50 {phase['p50_ms'] or 0:.1f} ms"
        for phase in turn.phases
    )
    if not said and turn.agreement:
        said = f"ready in {turn.ready_seconds:.1f} s; {turn.agreement.shown()}"
    print(f"round {turn.round}, {turn.peer}: {said or 'nothing to ask'}", flush=True)


def _publish(facts: dict[str, Any], turns: Sequence[Turn], *, quick: bool) -> None:
    rows = summarise_turns(turns)
    facts["agreement"] = {turn.peer: turn.agreement.shown() for turn in turns if turn.agreement}
    folder = environments.FOLDER / "quick" if quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        **facts,
        "summary": [asdict(row) for row in rows.values()],
        "turns": [asdict(turn) for turn in turns],
    }
    file = folder / f"peers-{facts['date']}.json"
    file.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    plot.draw(rows, folder / "peers.png")
    text = table.render(facts, rows)
    if quick:
        print(text)
    else:
        table.put(PAGE, f"![Throughput and latency](results/peers.png)\n\n{text}")
    print(f"benchmarks: wrote {file}")


def _end(signum: int, _: object) -> NoReturn:
    """Exit through every `finally`, so that no peer outlives the run."""
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    main()
