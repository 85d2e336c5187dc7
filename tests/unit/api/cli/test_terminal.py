"""What people wrote is printed without the characters that command a terminal."""

import io
import json
from argparse import Namespace
from pathlib import Path
from typing import Any, cast

import pytest

from api.cli import commands
from api.cli.terminal import say, shown, shown_json
from api.client import MoodlineClient

ESCAPES = "\x1b[2J\x1b]0;title\x07\x9b31m"
TURNED = "\u202eabc\u202c\u2066d\u2069\u200f"


def test_commands_to_the_terminal_and_turns_of_direction_go_and_all_else_stays() -> None:
    assert shown(f"a{ESCAPES}b{TURNED}c\r\x00\x7f") == "a[2J]0;title31mbabcdc"
    assert shown("tab\tline\n👩‍💻 é عربي \u200c") == "tab\tline\n👩‍💻 é عربي \u200c"


def test_json_is_printed_with_such_characters_escaped_and_means_the_same() -> None:
    value = {"text": f"{ESCAPES} é {TURNED} \\u202e \ud800"}

    printed = shown_json(json.dumps(value, ensure_ascii=False))

    assert printed == shown(printed)
    assert json.loads(printed) == value


def test_text_is_said_on_the_file_that_is_given() -> None:
    out = io.StringIO()

    say(f"a{ESCAPES}", end="", file=out)

    assert out.getvalue() == "a[2J]0;title31m"


class Answers:
    """An API in which everything that people wrote has such characters."""

    def import_posts(self, *_: Any, **__: Any) -> dict[str, Any]:
        post = {
            "created_at": "2024-01-02T10:00:00Z",
            "ownership": "own",
            "text": f"x{ESCAPES}{TURNED}",
        }
        return {
            "imported": 1, "updated": 0, "unchanged": 0, "skipped": 1, "own": 1, "shared": 0,
            "liked": 0, "dialect": {"title": "Plain"}, "date_order": None, "duplicates": 0,
            "edits": 0, "unused_columns": [ESCAPES], "notes": [TURNED], "first_posts": [post],
            "skipped_reasons": [{"where": f"row 1 of {ESCAPES}", "reason": TURNED}],
        }  # fmt: skip


@pytest.mark.parametrize("as_json", [False, True])
def test_an_import_prints_no_character_that_commands_the_terminal(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    options = Namespace(
        user="ana", file=Path(f"{ESCAPES}.csv"), dry_run=True, date_order=None, json=as_json
    )

    commands.import_posts(cast(MoodlineClient, Answers()), options)

    printed = capsys.readouterr().out
    assert "x" in printed
    assert printed == shown(printed)
