"""The simulation loses nothing, agrees with queueing theory, and waits longer under more load."""

import math
from dataclasses import replace

import pytest

from benchmarks.simulation.inputs import Costs, Deployment, Load, Scaling
from benchmarks.simulation.run import Arrival, Outcome, arrivals, simulate

NOTHING = Costs(wake=0, analysis=0, classify=0, decide=0, text=0, run=0, save=0, call=0)
USUAL = Costs(
    wake=0.01,
    analysis=0.05,
    classify=0.0005,
    decide=0.0001,
    text=0.006,
    run=0.001,
    save=0.02,
    call=0.3,
    variation=0.3,
)
MACHINE = Deployment(Scaling(1, 1), Scaling(2, 2), cores=2, threads=2, shared=True)
MIXED = Load(
    rate=1.5,
    seconds=240,
    burst=30,
    first=0.1,
    first_posts=500,
    again_posts=15,
    stored_posts=300,
    fetched=0.5,
)


def single_texts(servers: int, *, variation: float) -> tuple[Costs, Deployment]:
    """One text per analysis and per run, a second each: only the model takes time."""
    deployment = Deployment(
        Scaling(1, 1), Scaling(1, 1), cores=servers, threads=10_000, batch_texts=1
    )
    return replace(NOTHING, text=1.0, variation=variation), deployment


def mean_time_in_an_mmc_queue(rate: float, servers: int) -> float:
    """Return the mean time in the system by Erlang's formula C, of a mean service time of 1."""
    share = rate / servers
    waiting = rate**servers / math.factorial(servers) / (1 - share)
    waits = waiting / (sum(rate**k / math.factorial(k) for k in range(servers)) + waiting)
    return 1 + waits / (servers - rate)


def all_of(outcome: Outcome) -> int:
    return (
        outcome.ended
        + outcome.queued
        + outcome.running
        + outcome.deferred
        + outcome.held_by_the_dead
    )


@pytest.mark.parametrize(
    "deployment",
    [
        MACHINE,
        replace(MACHINE, worker_life=40.0, lease=20.0),
        replace(MACHINE, calls=60, window=100.0),
        replace(MACHINE, shared=False, inference=Scaling(1, 6, 10.0), workers=Scaling(1, 6, 10.0)),
        replace(MACHINE, shared=False, queue_texts=600),
    ],
    ids=["as it is", "workers die", "few calls", "autoscaled", "small queue of texts"],
)
@pytest.mark.parametrize("seconds", [60, 240, 2_000])
def test_each_analysis_that_arrived_has_ended_or_waits(
    deployment: Deployment, seconds: int
) -> None:
    outcome = simulate(USUAL, deployment, arrivals(MIXED, 3), seconds=seconds, seed=5)

    assert outcome.arrived == sum(one.at < seconds for one in arrivals(MIXED, 3))
    assert all_of(outcome) == outcome.arrived
    assert len(outcome.totals) == outcome.ended
    if seconds == 2_000:
        assert outcome.ended == outcome.arrived


def test_no_text_is_classified_twice_unless_a_worker_died() -> None:
    arriving = arrivals(MIXED, 3)
    asked = sum(one.posts for one in arriving)

    calm = simulate(USUAL, MACHINE, arriving, seconds=2_000)
    deadly = replace(MACHINE, worker_life=40.0, lease=20.0)
    troubled = simulate(USUAL, deadly, arriving, seconds=4_000)

    assert calm.texts == asked
    assert asked < troubled.texts < 2 * asked


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 0.7), (4, 0.8)])
def test_times_agree_with_the_theory_of_an_mmc_queue(servers: int, load: float) -> None:
    rate, seconds = servers * load, 9_000 / servers
    costs, deployment = single_texts(servers, variation=1.0)

    found = [
        simulate(costs, deployment, arrivals(Load(rate, seconds), seed), seconds=seconds, seed=seed)
        for seed in (1, 2)
    ]

    mean = sum(one.mean_total for one in found) / len(found)
    assert mean == pytest.approx(mean_time_in_an_mmc_queue(rate, servers), rel=0.12)
    assert found[0].use["inference"] == pytest.approx(load, rel=0.06)


def test_constant_times_wait_half_as_long_as_exponential_ones() -> None:
    seconds, rate = 9_000, 0.7
    theory = mean_time_in_an_mmc_queue(rate, 1) - 1
    costs, deployment = single_texts(1, variation=0.0)

    found = simulate(costs, deployment, arrivals(Load(rate, seconds), 4), seconds=seconds)

    assert found.mean_total - 1 == pytest.approx(theory / 2, rel=0.15)


def test_more_load_waits_longer() -> None:
    totals, waits = [], []
    for factor in (0.3, 0.6, 1.0, 2.0):
        outcome = simulate(USUAL, MACHINE, arrivals(MIXED.times(factor), 7), seconds=240)
        totals.append(outcome.mean_total)
        waits.append(sum(outcome.waits) / len(outcome.waits))

    assert totals == sorted(totals)
    assert waits == sorted(waits)


def test_the_same_seed_gives_the_same_outcome_and_another_one_another() -> None:
    def outcome(seed: int) -> Outcome:
        return simulate(USUAL, MACHINE, arrivals(MIXED, seed), seconds=240, seed=seed)

    assert outcome(1) == outcome(1)
    assert outcome(1) != outcome(2)


def test_the_cores_of_one_machine_are_not_used_twice() -> None:
    busy = replace(USUAL, call=0, save=0, variation=0)
    arriving = [Arrival(0.0, 100, 100) for _ in range(40)]

    outcome = simulate(busy, MACHINE, arriving, seconds=1_000)

    runs = math.ceil(100 / MACHINE.batch_texts)
    work = 40 * (busy.analysis + 100 * (busy.classify + busy.decide + busy.text) + runs * busy.run)
    assert outcome.last_end >= work / MACHINE.cores


def test_a_source_without_calls_left_defers_analyses_and_keeps_no_worker() -> None:
    arriving = [Arrival(float(n), 10, 10, calls=2) for n in range(20)]
    arriving += [Arrival(30.0 + n, 10, 10) for n in range(20)]
    limited = replace(MACHINE, calls=10, window=200.0)

    early = simulate(USUAL, limited, arriving, seconds=150)
    late = simulate(USUAL, limited, arriving, seconds=1_500)

    assert (early.ended, early.deferred) == (25, 15)
    assert early.use["workers"] < 0.5
    assert early.full == "source"
    assert late.ended == 40


def test_an_autoscaled_deployment_grows_with_a_delay_and_shrinks_again() -> None:
    scaled = replace(
        MACHINE, shared=False, workers=Scaling(12, 12), inference=Scaling(1, 8, starting=30.0)
    )
    arriving = arrivals(Load(rate=3.0, seconds=300, again_posts=200), 1)

    grown = simulate(USUAL, scaled, arriving, seconds=300)
    later = simulate(USUAL, scaled, arriving, seconds=1_500)
    fixed = simulate(USUAL, replace(scaled, inference=Scaling(1, 1)), arriving, seconds=300)

    assert 2 < grown.most_replicas["inference"] <= 8
    assert grown.ended > 1.3 * fixed.ended
    assert fixed.full == "inference"
    # As many texts on fewer replicas, once it has shrunk, than if all had stayed.
    stayed = later.texts * USUAL.text / (later.most_replicas["inference"] * 2 * 1_500)
    assert later.use["inference"] > 1.2 * stayed


def test_the_analysis_of_a_worker_that_died_goes_on_after_its_lease() -> None:
    long = [Arrival(0.0, 2_000, 2_000)]
    dying = replace(MACHINE, worker_life=3.0, lease=30.0, worker_restart=1.0)

    calm = simulate(USUAL, MACHINE, long, seconds=5_000)
    died = simulate(USUAL, dying, long, seconds=5_000, seed=3)

    assert died.ended == 1
    assert died.last_end >= calm.last_end + dying.lease
