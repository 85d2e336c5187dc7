"""Where the simulation's numbers come from, and how it is compared with a real run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.simulation import __main__, check, inputs, report
from benchmarks.simulation.inputs import Costs, Deployment, InputsError, Scaling
from benchmarks.simulation.run import TARGETS, Arrival, arrivals, simulate

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "deploy" / "kubernetes" / "base"
KNOWN = Costs(
    wake=0.02, analysis=0.08, classify=0.001, decide=0.0002, text=0.006, run=0, save=0, call=0
)


def alone(costs: Costs, posts: int) -> check.Alone:
    """An analysis without others, of a service with these costs."""
    decide = 0.01 + posts * costs.decide
    stages = {"queue": costs.wake, "fetch": 0.0, "classify": 9.0, "decide": decide}
    used = costs.analysis + posts * (costs.classify + costs.decide)
    return check.Alone(posts, {"progress": {"seconds": stages}}, used)


def test_the_costs_of_a_service_are_found_in_its_analyses() -> None:
    sizes = [20, 60, 120, 480]
    before = dict.fromkeys(("infer_seconds_sum", "tokenise_seconds_sum", "groups_total"), 5.0)
    after = {
        "infer_seconds_sum": 5.0 + 0.9 * KNOWN.text * sum(sizes),
        "tokenise_seconds_sum": 5.0 + 0.1 * KNOWN.text * sum(sizes),
        "groups_total": 5.0 + sum(sizes) / 10,
    }

    costs, texts_per_run = check.costs_of([alone(KNOWN, posts) for posts in sizes], before, after)

    assert texts_per_run == pytest.approx(10)
    for name in ("wake", "analysis", "classify", "decide", "text"):
        assert getattr(costs, name) == pytest.approx(getattr(KNOWN, name), rel=1e-3), name


def test_of_analyses_of_the_same_size_one_that_was_disturbed_does_not_count() -> None:
    calm = [alone(KNOWN, posts) for posts in (20, 120, 480)]
    counts = dict.fromkeys(("infer_seconds_sum", "tokenise_seconds_sum"), 0.0)
    disturbed = replace(calm[0], worker_seconds=7.0)

    costs, _ = check.costs_of(
        [*calm, *calm, disturbed], {**counts, "groups_total": 0}, {**counts, "groups_total": 1}
    )

    assert costs.analysis == pytest.approx(KNOWN.analysis)


def test_planned_arrivals_use_the_share_of_the_cores_that_was_asked_for() -> None:
    calibrated = check.Calibration(KNOWN, 8.0, 0.004, 0.001, 5)

    arriving = check.planned(calibrated, analyses=3_000, utilisation=0.5, seed=2)
    deployment = Deployment(
        Scaling(1, 1), Scaling(2, 2), cores=check.usable_cores(), threads=2, shared=True
    )
    outcome = simulate(KNOWN, deployment, arriving, seconds=arriving[-1].at)

    assert outcome.use["inference"] == pytest.approx(0.5 * 0.8, abs=0.08)
    assert arriving == check.planned(calibrated, analyses=3_000, utilisation=0.5, seed=2)


def test_a_simulated_run_ends_and_is_measured_as_the_real_one_is() -> None:
    calibrated = check.Calibration(KNOWN, 8.0, 0.004, 0.001, 5)
    arriving = check.planned(calibrated, analyses=40, utilisation=0.6, seed=1)

    found = check.simulated(calibrated, arriving, requests=0, seed=1)

    least = KNOWN.wake + KNOWN.analysis + min(check.LOAD_POSTS) * KNOWN.text / check.usable_cores()
    assert least < found.p50 <= found.p95
    assert least < found.mean < found.p95
    assert 0 < found.per_second < 40 / (arriving[-1].at - arriving[0].at)
    assert check.simulated(calibrated, arriving, requests=9, seed=1).mean > found.mean


@pytest.mark.parametrize(
    ("mean", "per_second", "close"), [(1.14, 0.9, True), (1.16, 1.0, False), (1.0, 0.84, False)]
)
def test_the_comparison_says_whether_both_are_near(
    mean: float, per_second: float, close: bool
) -> None:
    real = check.Measured(1.0, 1.0, 1.0, 2.0)

    shown, found = check.comparison(real, check.Measured(per_second, mean, 9.0, 9.0))

    assert found is close
    assert (
        f"| mean seconds from acceptance to success | 1.000 | {mean:.3f} | {mean - 1:+.1%} |"
        in (shown)
    )


def test_every_number_says_where_it_comes_from() -> None:
    numbers = inputs.read_numbers()

    assert [name for name, one in numbers.items() if len(one.source) < 10 or not one.unit] == []
    assert {one.kind for one in numbers.values()} == {"measured", "assumed"}


def test_the_numbers_of_the_cluster_are_those_of_the_manifests() -> None:
    numbers = inputs.read_numbers()
    targets: dict[str, float] = {}
    for part, replicas in (("inference", "inference"), ("worker", "worker")):
        text = (KUBERNETES / f"{part}.yaml").read_text(encoding="utf-8")
        declared = {one["kind"]: one for one in yaml.safe_load_all(text)}
        spec = declared["HorizontalPodAutoscaler"]["spec"]

        assert numbers[f"{replicas}_replicas_fewest"].value == spec["minReplicas"]
        assert numbers[f"{replicas}_replicas_most"].value == spec["maxReplicas"]
        for metric in spec["metrics"]:
            (of_kind,) = (value for key, value in metric.items() if key != "type")
            name = of_kind["metric"]["name"] if "metric" in of_kind else of_kind["name"]
            amount = next(value for key, value in of_kind["target"].items() if key != "type")
            targets[name] = amount / 100 if name == "cpu" else float(amount.replace("m", "e-3"))
        if part == "inference":
            (container,) = declared["Deployment"]["spec"]["template"]["spec"]["containers"]
            cores = container["resources"]["limits"]["cpu"]
            assert numbers["inference_cores"].value == float(cores)
    assert targets.items() >= TARGETS.items()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.pop("assumed"), "two parts"),
        (lambda one: one["measured"]["wake_seconds"].pop("source"), "wake_seconds must have"),
        (lambda one: one["measured"]["wake_seconds"].update(value="1"), "must be a number"),
        (lambda one: one["measured"]["wake_seconds"].update(value=-1), "must be a number"),
        (lambda one: one["assumed"].update(one["measured"]), "is there twice"),
    ],
)
def test_a_file_of_numbers_that_cannot_be_used_is_refused(
    change: Any, said: str, tmp_path: Path
) -> None:
    document = json.loads(inputs.FILE.read_text(encoding="utf-8"))
    change(document)
    file = tmp_path / "numbers.json"
    file.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(InputsError, match=said):
        inputs.read_numbers(file)


def test_a_measured_number_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    file.write_bytes(inputs.FILE.read_bytes())
    before = inputs.read_numbers(file)

    inputs.replace_measured({"wake_seconds": 0.123456}, "measured here", file)

    after = inputs.read_numbers(file)
    assert (after["wake_seconds"].value, after["wake_seconds"].source) == (0.1235, "measured here")
    assert {**after, "wake_seconds": before["wake_seconds"]} == before
    with pytest.raises(InputsError, match="no measured number users_at_1x"):
        inputs.replace_measured({"users_at_1x": 1.0}, "measured here", file)


def test_the_command_prints_a_table_and_draws_a_plot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(__main__, "FACTORS", (1, 2))
    plot = tmp_path / "simulation.png"

    status = __main__.main(["load", "--seconds", "40", "--plot", str(plot)])

    shown = capsys.readouterr().out
    assert status == 0
    for deployment in ("one machine", "cluster", f"cluster, up to {report.ROOMY} replicas"):
        assert f"| {deployment} | 1 x | " in shown
        assert f"| {deployment} | 2 x | " in shown
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_ten_times_the_load_has_ten_times_the_arrivals() -> None:
    load = inputs.usual_load(inputs.read_numbers(), 20_000)

    once, ten = (arrivals(load.times(factor), 1) for factor in (1, 10))

    assert len(ten) == pytest.approx(10 * len(once), rel=0.05)
    assert once == sorted(once, key=lambda one: one.at)
    assert all(isinstance(one, Arrival) for one in once)
