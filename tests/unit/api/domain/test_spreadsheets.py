"""Cells that a spreadsheet would run are defused, and every text comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.spreadsheets import defused, undefused


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("https://evil.example","see")',
        "+1 for this",
        "-2+3+cmd|' /C calc'!A0",
        "@ana thanks",
        "@SUM(1)",
        "\t=1+1",
        "\tindented",
        "\r=1+1",
        "\n=1+1",
        "  =1+1",
        "\u00a0=1+1",
        "＝1+1",
        "＠ana",
        "'=1+1",
        "''=1+1",
        "'\t",
    ],
)
def test_a_text_that_a_spreadsheet_would_run_has_one_apostrophe_more(text: str) -> None:
    assert defused(text) == f"'{text}"
    assert undefused(defused(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a day",
        "'twas the night",
        "''",
        "1=1",
        "#tag = joy",
        "so - so",
        "5 - 3",
        " well",
        "e-mail me @ home",
        "“=1”",
        "|x|",
        "%5",
    ],
)
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert defused(text) == undefused(text) == text


@given(st.text(alphabet=st.sampled_from("'=+-@＝\t\r\n \u00a0a1"), max_size=8) | st.text())
def test_every_text_comes_back_and_no_two_become_one_cell(text: str) -> None:
    cell = defused(text)

    assert undefused(cell) == text
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
