from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import Spread
from benchmarks.peers import plot, table
from benchmarks.peers.summary import ratios, summarise_turns
from benchmarks.peers.turn import Turn

FACTS: dict[str, Any] = {
    "date": "2026-01-31",
    "commit": "abc1234",
    "command": "python -m benchmarks.peers",
    "machine": {
        "processor": "a processor",
        "int8_units": "its units",
        "cores": 2,
        "memory_mib": 4096,
        "python": "3.11.9",
        "kernel": "6.1",
        "load_average_before": 0.1,
    },
    "model": "moodline 1.0.0 (int8)",
    "inputs": "made-up texts",
    "rounds": 2,
    "seconds": 8.0,
    "versions": {"flask_gunicorn": {"flask": "3.1.3"}},
    "agreement": {"flask_gunicorn": "100.0% of 132 labels"},
}


def phase(name: str, texts_per_second: float, **figures: Any) -> dict[str, Any]:
    return {
        "name": name,
        "statuses": {"200": 100},
        "texts_per_second": texts_per_second,
        "p50_ms": 5.0,
        "p99_ms": 9.0,
        "cpu_per_1000": 2.0,
        "client_cores": 0.1,
        "rss_mib": 300.0,
        "pss_mib": 250.0,
        "offered_per_second": texts_per_second,
        "rejected_p50_ms": None,
        "rejected_p99_ms": None,
        "late_p99_ms": 0.1,
        **figures,
    }


def turn(peer: str, number: int, singles: float, batches: float, lone_ms: float = 5.0) -> Turn:
    return Turn(
        peer,
        number,
        ready_seconds=2.0,
        phases=[
            phase("singles", singles),
            phase("batches", batches),
            phase("lone_before", 1.0, p50_ms=lone_ms),
            phase("lone_after", 1.0, p50_ms=lone_ms),
        ],
    )


def turns() -> list[Turn]:
    ours = [turn("moodline", 1, 900.0, 930.0, 3.0), turn("moodline", 2, 1000.0, 950.0, 3.0)]
    for one in ours:
        one.phases.append(phase("overload", 900.0, offered_per_second=9500.0, rejected_p99_ms=20.0))
    return [
        *ours,
        turn("flask_gunicorn", 1, 600.0, 950.0),
        turn("flask_gunicorn", 2, 500.0, 900.0),
        turn("litserve", 1, 400.0, 600.0, 4.0),
        Turn("ray_serve", 1, failure="it exited with 1: no room"),
        turn("model_alone", 1, 1000.0, 1000.0),
    ]


def test_rounds_become_a_median_and_its_spread() -> None:
    row = summarise_turns(turns())["flask_gunicorn"]

    assert row.get("singles", "texts_per_second") == Spread(550.0, 500.0, 600.0)
    assert row.get("overload", "texts_per_second") is None


def test_ratios_are_to_the_best_peer_and_to_the_model_alone() -> None:
    single, batch, before, after, accepted, rejected = ratios(summarise_turns(turns()))

    assert (single.value, single.detail) == (pytest.approx(950 / 550), "flask_gunicorn")
    assert batch.value == pytest.approx(940 / 1000)
    assert (before.value, before.detail) == (pytest.approx(3.0 / 4.0), "litserve")
    assert after.met
    assert accepted.value == pytest.approx(900 / 950)
    assert (rejected.value, rejected.met) == (20.0, True)


def test_without_a_peer_a_ratio_is_not_measured_and_not_met() -> None:
    alone = ratios(summarise_turns([turn("moodline", 1, 900.0, 900.0)]))

    assert alone[0].value is None
    assert not alone[0].met


def test_the_table_shows_figures_and_says_why_there_are_none() -> None:
    text = table.render(FACTS, summarise_turns(turns()))

    assert "| Flask + gunicorn | 550 (500..600) | 5.0 | 9 | 2.00 | 0.10 |" in text
    assert "| Ray Serve | -- | -- | -- | -- | see below |" in text
    assert "**No figures from a turn**: it exited with 1: no room." in text
    assert (
        "| 1 text, 64 connections: texts/s by the best peer's (Flask + gunicorn) | 1.73 |" in text
    )
    assert "(flask 3.1.3). Answers: 100.0% of 132 labels." in text


def test_answers_other_than_200_are_counted_outside_the_overload() -> None:
    broken = turn("litserve", 1, 10.0, 10.0)
    broken.phases[0]["statuses"] = {"200": 5, "500": 3}
    broken.phases.append(phase("overload", 1.0, statuses={"429": 1000}))

    text = table.render(FACTS, summarise_turns([broken]))

    assert "3 requests were not answered with 200." in text


def test_the_text_replaces_what_stood_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"above\n{table.BEGIN}\nold\n{table.END}\nbelow\n", encoding="utf-8")

    table.put(page, "new")
    table.put(page, "newer")

    assert page.read_text(encoding="utf-8") == (
        f"above\n{table.BEGIN}\n\nnewer\n\n{table.END}\nbelow\n"
    )


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("no markers", encoding="utf-8")

    with pytest.raises(ValueError, match="has no line"):
        table.put(page, "new")

    assert page.read_text(encoding="utf-8") == "no markers"


def test_the_page_of_this_repository_has_the_markers() -> None:
    page = (Path(__file__).parents[3] / "benchmarks" / "README.md").read_text(encoding="utf-8")

    assert page.index(table.BEGIN) < page.index(table.END)


@pytest.mark.slow
def test_the_plot_is_a_picture_of_those_that_have_figures(tmp_path: Path) -> None:
    file = tmp_path / "peers.png"

    plot.draw(summarise_turns(turns()), file)

    assert file.read_bytes().startswith(b"\x89PNG")
