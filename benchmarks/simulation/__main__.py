"""Simulate the service at 1, 10 and 100 times the load, or compare the simulation with a real run.

python -m benchmarks.simulation                        # table, and docs/images/simulation.png
python -m benchmarks.simulation check --analyses 120   # against `python -m api.distributed`
python -m benchmarks.simulation measure --keep         # measure again what an analysis costs
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from api.runtime.processes import LocalServersError
from benchmarks.machine import QUIET_LOAD, describe_commit, describe_machine
from benchmarks.simulation import check
from benchmarks.simulation.inputs import InputsError, one_machine, read_numbers, replace_measured
from benchmarks.simulation.report import PLOT, draw, scenarios, table

FACTORS = (1, 10, 100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 1 if a check differs by more than the target."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1)
    commands = parser.add_subparsers(dest="command")
    load = commands.add_parser("load", help="the table and the plot; the default")
    load.add_argument("--seconds", type=float, default=900.0, help="simulated per row")
    load.add_argument("--plot", type=Path, default=PLOT, help="file of the plot")
    checked = commands.add_parser("check", help="a real run, and the same arrivals simulated")
    checked.add_argument("--analyses", type=int, default=120, metavar="N")
    checked.add_argument(
        "--utilisation", type=float, default=0.6, help="of the cores; above 1: overload"
    )
    measured = commands.add_parser("measure", help="what an analysis costs on this machine")
    measured.add_argument("--keep", action="store_true", help="write it to measured.json")
    for command in (checked, measured):
        command.add_argument("--rounds", type=int, default=4, help="of the calibration")
    options = parser.parse_args(arguments)
    try:
        if options.command == "check":
            return compare(options)
        if options.command == "measure":
            return measure(options)
        seconds, plot = getattr(options, "seconds", 900.0), getattr(options, "plot", PLOT)
        found = scenarios(read_numbers(), FACTORS, seconds=seconds, seed=options.seed)
    except (InputsError, LocalServersError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    print(table(found))
    draw(found, plot)
    print(f"\nwritten: {plot}")
    return 0


def compare(options: argparse.Namespace) -> int:
    """Run for real, simulate, and print both."""
    machine = describe_machine()
    with check.distributed_service() as service:
        calibrated = check.calibrate(service, rounds=options.rounds, seed=options.seed)
        arriving = check.planned(
            calibrated,
            analyses=options.analyses,
            utilisation=options.utilisation,
            seed=options.seed,
        )
        real, arrived, requests = check.run_for_real(service, arriving, seed=options.seed)
    model = check.simulated(calibrated, arrived, requests=requests, seed=options.seed)
    shown, close = check.comparison(real, model)
    print(
        f"{machine['processor']} ({machine['int8_units']}), {machine['cores']} cores, commit"
        f" {describe_commit()}, load average before {machine['load_average_before']:.2f};"
        f" {options.analyses} analyses with {sum(one.posts for one in arrived):,} posts,"
        f" utilisation {options.utilisation:.0%}, seed {options.seed}\n"
        f"costs, of {calibrated.analyses} analyses one at a time: {calibrated.costs};"
        f" {requests:.1f} requests per analysis, each {calibrated.api_per_request:.4f} s of the API"
        f" and {calibrated.client_per_request:.4f} s of this client\n\n{shown}\n"
    )
    if machine["load_average_before"] > QUIET_LOAD:
        print("THE MACHINE WAS BUSY: do not publish.")
    print(f"within {check.TARGET:.0%}: {'yes' if close else 'NO'}")
    return 0 if close else 1


def measure(options: argparse.Namespace) -> int:
    """Measure the costs of an analysis, print them, and write them to the file if asked."""
    machine = describe_machine()
    with check.distributed_service() as service:
        calibrated = check.calibrate(service, rounds=options.rounds, seed=options.seed)
    costs = calibrated.costs
    numbers = read_numbers()
    of_the_store = numbers["store_seconds_per_chunk"].value / one_machine(numbers).chunk_posts
    values = {
        "machine_cores": machine["cores"],
        "wake_seconds": costs.wake,
        "analysis_seconds": costs.analysis,
        "classify_seconds_per_post": max(0.0, costs.classify - of_the_store),
        "decide_seconds_per_post": costs.decide,
        "inference_seconds_per_text": costs.text,
        "inference_texts_per_run": calibrated.texts_per_run,
        "api_seconds_per_request": calibrated.api_per_request,
    }
    for name, value in values.items():
        print(f"{name} {value:.6g}")
    if options.keep:
        source = (
            f"python -m benchmarks.simulation measure, {datetime.now(UTC):%Y-%m-%d},"
            f" {machine['processor']} ({machine['int8_units']}), {machine['cores']} cores,"
            f" load average before {machine['load_average_before']:.1f}"
        )
        replace_measured({name: float(value) for name, value in values.items()}, source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
