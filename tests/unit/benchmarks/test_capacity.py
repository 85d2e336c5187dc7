"""docs/capacity.md says what the numbers say, and the model follows from them."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from benchmarks import capacity
from benchmarks.simulation.inputs import InputsError, Number, read_numbers
from benchmarks.simulation.report import PLOT

NUMBERS = read_numbers()


def with_value(name: str, value: float) -> dict[str, Number]:
    return {**NUMBERS, name: replace(NUMBERS[name], value=value)}


@pytest.mark.parametrize("name", capacity.sections(NUMBERS))
def test_the_document_has_the_tables_of_the_numbers(name: str) -> None:
    document = capacity.DOCUMENT.read_text(encoding="utf-8")

    assert capacity.section_of(document, name) == capacity.sections(NUMBERS)[name], (
        "run python -m benchmarks.capacity --write"
    )


def test_the_document_has_the_simulation_and_its_picture() -> None:
    document = capacity.DOCUMENT.read_text(encoding="utf-8")

    rows = capacity.section_of(document, "simulation").splitlines()
    assert [row.split(" | ")[1] for row in rows[2:]] == 3 * ["1 x", "10 x", "100 x"]
    assert f"(images/{PLOT.name})" in document
    assert PLOT.exists()


def test_ten_times_the_users_need_ten_times_of_everything_that_is_not_rounded() -> None:
    one, ten = (capacity.need(NUMBERS, users) for users in (1e8, 1e9))

    for field in fields(one):
        assert getattr(ten, field.name) == pytest.approx(10 * getattr(one, field.name)), field.name


def test_the_needs_of_a_million_users_can_be_followed_by_hand() -> None:
    found = capacity.need(NUMBERS, 1e6)

    per_second = 1e6 / 86_400 * 3
    posts = 0.02 * 800 + 0.98 * 10
    assert found.analyses == pytest.approx(per_second)
    assert found.posts == pytest.approx(per_second * posts)
    core_seconds = per_second * posts * NUMBERS["inference_seconds_per_text"].value
    assert found.inference_cores == pytest.approx(core_seconds / 0.7)
    assert found.calls == pytest.approx(per_second * 0.5 * (2 + 0.02 * 8 + 0.98))
    assert found.posts_cost == pytest.approx(1e6 * 30.4 * 0.5 * posts * 0.005)
    assert found.likes_cost == pytest.approx(1e6 * 30.4 * 0.5 * 100 * 0.005)
    assert found.analyses_gb == pytest.approx(
        1e6 * 365 * NUMBERS["mongo_bytes_per_analysis"].value / 1e9
    )


def test_a_part_is_full_at_the_users_that_need_all_of_it() -> None:
    users = {part: limit for part, limit, _ in capacity.limits(NUMBERS)}

    for part, limit, _ in capacity.limits(NUMBERS):
        needed = capacity.need(NUMBERS, limit)
        if part == "cluster: inference servers (maxReplicas)":
            assert needed.inference_cores == pytest.approx(20 * 2)
        if part == "source: calls of all users per window":
            assert needed.calls * 900 == pytest.approx(10_000)
        if part == "one machine: SQLite's one writer":
            assert needed.writers == pytest.approx(1)
    assert list(users.values()) == sorted(users.values())


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("source_calls_per_window", "source: calls of all users per window"),
        ("inference_replicas_most", "cluster: inference servers (maxReplicas)"),
        ("worker_replicas_most", "cluster: threads of workers (maxReplicas)"),
        ("store_writers", "cluster: writers of the store"),
        ("shard_gigabytes", "cluster: one shard's disk"),
        ("machine_cores", "one machine: cores"),
    ],
)
def test_twice_as_much_of_a_part_serves_twice_the_users(name: str, part: str) -> None:
    once, twice = (
        {one: users for one, users, _ in capacity.limits(numbers)}
        for numbers in (NUMBERS, with_value(name, 2 * NUMBERS[name].value))
    )

    assert twice[part] == pytest.approx(2 * once[part])
    assert {one: users for one, users in twice.items() if one != part} == {
        one: users for one, users in once.items() if one != part
    }


def test_what_stands_between_marks_is_replaced_and_the_rest_stays() -> None:
    text = "before\n\n<!-- a:begin -->\n\nold\n\n<!-- a:end -->\n\nafter\n"

    new = capacity.with_sections(text, {"a": "new"})

    assert new == text.replace("old", "new")
    assert capacity.section_of(new, "a") == "new"
    with pytest.raises(InputsError, match="no part between <!-- b:begin -->"):
        capacity.with_sections(text, {"b": "new"})


def test_the_command_prints_the_tables_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(capacity, "DOCUMENT", tmp_path / "none.md")

    assert capacity.main([]) == 0

    shown = capsys.readouterr().out
    assert all(table in shown for table in capacity.sections(NUMBERS).values())
    assert list(tmp_path.iterdir()) == []
