"""A run that was stopped goes on: the output is that of a run that was not, to the byte."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from serving.bulk.errors import ChangedError, StorageError, UnusableError
from serving.bulk.formats import Wishes
from serving.bulk.rows import Outcome, Reader, ScoredWindow
from serving.bulk.run import run
from serving.schemas import Classification

ROWS = 20
WINDOW = 3
ENDINGS = [".csv", ".jsonl", ".parquet"]


class Killed(BaseException):
    """Stands for a kill: nothing that the program would do after it is done."""


class FakeScoring:
    """Scores a text by its length, in windows of WINDOW rows; dies before window `dies_at`."""

    model = "fake 1 (0)"
    provider = "cpu"

    def __init__(self, dies_at: int = 10**9) -> None:
        self.dies_at = dies_at
        self.rows = 0

    def scored(self, reader: Reader, start: int) -> Iterator[ScoredWindow]:
        smaller = replace(reader, window_rows=WINDOW)  # type: ignore[type-var]
        for number, window in enumerate(smaller.windows(start)):
            if number == self.dies_at:
                raise Killed
            outcomes: list[Outcome] = [
                None if row.text is None else classification(len(row.text)) for row in window.rows
            ]
            self.rows += len(outcomes)
            yield window, outcomes


def classification(number: int) -> Classification:
    names = ["anger", "fear", "joy", "love", "sadness", "surprise", "neutral"]
    return Classification("joy", dict.fromkeys(names, 1 / 7), 0.5, number, truncated=False)


@pytest.fixture(params=ENDINGS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_source(tmp_path / f"in{request.param}")


def write_source(path: Path) -> Path:
    texts = [None if row % 6 == 5 else "a" * row + "\n" for row in range(ROWS)]
    if path.suffix == ".csv":
        quoted = (f'{row},"{text or ""}"\n' for row, text in enumerate(texts))
        path.write_text("id,text\n" + "".join(quoted))
    elif path.suffix == ".jsonl":
        rows = ({"id": row, "text": text} for row, text in enumerate(texts))
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pa = pytest.importorskip("pyarrow")
        pq = pytest.importorskip("pyarrow.parquet")
        table = pa.table({"id": list(range(ROWS)), "text": texts})
        pq.write_table(table, path, row_group_size=7)
    return path


def output(source: Path, name: str) -> Path:
    return source.with_name(f"{name}{source.suffix}")


def left(target: Path) -> list[str]:
    return sorted(file.name for file in target.parent.glob(f"{target.name}*"))


@pytest.mark.parametrize("windows", range(7))
def test_a_run_killed_twice_makes_the_output_of_a_run_that_was_not(
    source: Path, windows: int
) -> None:
    run(source, output(source, "whole"), Wishes(), FakeScoring())
    target = output(source, "out")

    for dies_at in (windows, 1):
        try:
            run(source, target, Wishes(), FakeScoring(dies_at))
        except Killed:
            assert not target.exists()
        if not target.exists():  # as a kill in the middle of a write leaves it
            with target.with_name(f"{target.name}.partial").open("ab") as partial:
                partial.write(b'half a row, "')
    last = FakeScoring()
    if not target.exists():
        done = run(source, target, Wishes(), last)
        assert (done.rows, done.marked) == (ROWS, 3)
        assert last.rows < ROWS

    assert target.read_bytes() == output(source, "whole").read_bytes()
    assert left(target) == [target.name]


@pytest.mark.parametrize("step", ["before the name", "after the name", "again after that"])
def test_a_run_killed_while_it_names_its_output_ends_it_when_run_again(
    source: Path, step: str
) -> None:
    whole, target = output(source, "whole"), output(source, "out")
    run(source, whole, Wishes(), FakeScoring())
    partial = target.with_name(f"{target.name}.partial")
    journal = target.with_name(f"{target.name}.journal")
    with pytest.raises(Killed):
        run(source, target, Wishes(), FakeScoring(dies_at=6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", die)
        with pytest.raises(Killed):
            run(source, target, Wishes(), FakeScoring())
    assert json.loads(journal.read_text())["progress"]["complete"]
    if step != "before the name":
        target.write_bytes(whole.read_bytes())
        partial.unlink()
        target.with_name(f"{target.name}.joined").unlink(missing_ok=True)
    if step == "again after that":
        partial.touch()

    again = FakeScoring()
    assert run(source, target, Wishes(), again).rows == ROWS

    assert again.rows == 0
    assert target.read_bytes() == whole.read_bytes()
    assert left(target) == [target.name]


def die(*_: object) -> None:
    raise Killed


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, Path]:
    source, target = write_source(tmp_path / "in.csv"), tmp_path / "out.csv"
    with pytest.raises(Killed):
        run(source, target, Wishes(), FakeScoring(dies_at=2))
    return source, target


@pytest.mark.parametrize(
    ("changed", "said"),
    [("longer", "size of IN"), ("touched", "time of the last change"), ("other", "content of IN")],
)
def test_a_run_does_not_go_on_with_another_input(
    begun: tuple[Path, Path], changed: str, said: str
) -> None:
    source, target = begun
    status = source.stat()
    if changed == "longer":
        source.write_text(source.read_text() + "99,more\n")
    elif changed == "other":
        source.write_text(source.read_text().replace("a", "b"))
    if changed == "touched":
        os.utime(source, (1, 1))
    else:
        os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises(ChangedError, match=f"{said}.*--overwrite"):
        run(source, target, Wishes(), FakeScoring())

    assert run(source, target, Wishes(), FakeScoring(), overwrite=True).rows >= ROWS
    assert left(target) == [target.name]


def test_a_run_does_not_go_on_with_another_model(begun: tuple[Path, Path]) -> None:
    other = FakeScoring()
    other.model = "fake 2 (1)"

    with pytest.raises(ChangedError, match=r"another model: fake 1 \(0\); now it is fake 2"):
        run(*begun, Wishes(), other)


@pytest.mark.parametrize(
    "wishes", [Wishes(keep=("id",)), Wishes(prefix="m_"), Wishes(text_column="id")]
)
def test_a_run_does_not_go_on_with_other_options(begun: tuple[Path, Path], wishes: Wishes) -> None:
    with pytest.raises(ChangedError, match="--overwrite"):
        run(*begun, wishes, FakeScoring())


def test_a_journal_that_cannot_be_read_is_named(begun: tuple[Path, Path]) -> None:
    journal = begun[1].with_name("out.csv.journal")
    journal.write_text("{")

    with pytest.raises(ChangedError, match=r"out\.csv\.journal cannot be used"):
        run(*begun, Wishes(), FakeScoring())


def test_rows_that_are_missing_in_the_partial_file_are_noticed(begun: tuple[Path, Path]) -> None:
    begun[1].with_name("out.csv.partial").write_bytes(b"")

    with pytest.raises(ChangedError, match="shorter"):
        run(*begun, Wishes(), FakeScoring())


def test_an_input_that_changes_meanwhile_makes_no_output(tmp_path: Path) -> None:
    source, target = write_source(tmp_path / "in.csv"), tmp_path / "out.csv"

    class Changing(FakeScoring):
        def scored(self, reader: Reader, start: int) -> Iterator[ScoredWindow]:
            yield from super().scored(reader, start)
            source.write_text("text\nother\n")

    with pytest.raises(ChangedError, match="changed while it was read"):
        run(source, target, Wishes(), Changing())
    assert not target.exists()


def test_an_output_that_is_there_is_replaced_only_where_asked_for(tmp_path: Path) -> None:
    source, target = write_source(tmp_path / "in.csv"), tmp_path / "out.csv"
    target.write_text("precious")

    with pytest.raises(UnusableError, match="--overwrite"):
        run(source, target, Wishes(), FakeScoring())
    with pytest.raises(Killed):
        run(source, target, Wishes(), FakeScoring(dies_at=1), overwrite=True)
    assert target.read_text() == "precious"
    run(source, target, Wishes(), FakeScoring())

    assert target.read_text().startswith("id,text,label")


def test_two_runs_never_write_one_output(tmp_path: Path) -> None:
    source, target = write_source(tmp_path / "in.csv"), tmp_path / "out.csv"
    refused: list[str] = []

    class Meeting(FakeScoring):
        def scored(self, reader: Reader, start: int) -> Iterator[ScoredWindow]:
            with pytest.raises(UnusableError) as error:
                run(source, target, Wishes(), FakeScoring())
            refused.append(str(error.value))
            yield from super().scored(reader, start)

    assert run(source, target, Wishes(), Meeting()).rows == ROWS
    assert "another run writes" in refused[0]


def test_a_full_disk_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    target = output(source, "out")
    syncs = 0

    def full(_: int) -> None:
        nonlocal syncs
        syncs += 1
        if syncs == 12:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match=r"No space left.*kept"):
            run(source, target, Wishes(), FakeScoring())

    assert run(source, target, Wishes(), FakeScoring()).rows == ROWS
    run(source, output(source, "whole"), Wishes(), FakeScoring())
    assert target.read_bytes() == output(source, "whole").read_bytes()


def test_a_disk_that_is_full_at_the_end_keeps_all_rows_and_nothing_half_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    source, target = write_source(tmp_path / "in.parquet"), tmp_path / "out.parquet"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", full)
        with pytest.raises(StorageError, match="All rows are done and kept"):
            run(source, target, Wishes(), FakeScoring())

    assert left(target) == ["out.parquet.journal", "out.parquet.partial"]
    again = FakeScoring()
    assert run(source, target, Wishes(), again).rows == ROWS
    assert again.rows == 0
