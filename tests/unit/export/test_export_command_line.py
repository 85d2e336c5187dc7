"""Errors of the commands: one line for a person, and an exit status."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from export import behaviour, data, evaluate


@pytest.mark.parametrize(
    ("main", "option", "error"),
    [
        (behaviour.main, "--model", "error: model folder"),
        (evaluate.main, "--model", "error: model folder"),
        (data.main, "--data", "error: "),
    ],
    ids=["behaviour", "evaluate", "data"],
)
def test_a_missing_folder_is_one_line_and_a_failure(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    main: Callable[[Sequence[str]], int],
    option: str,
    error: str,
) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("a;joy\n", encoding="utf-8")
    file = [str(lines)] if main is evaluate.main else []

    status = main([*file, option, str(tmp_path / "nowhere")])

    printed = capsys.readouterr().err
    assert status == 1
    assert printed.startswith(error)
    assert printed.count("\n") == 1
