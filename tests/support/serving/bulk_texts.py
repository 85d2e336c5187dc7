"""Invented short texts for bulk runs, no two of them alike:
`python -m tests.support.serving.bulk_texts ROWS > texts.csv`.
"""

import csv
import sys
from collections.abc import Iterator
from typing import TextIO

_WHO = """my sister|the neighbour|our teacher|a stranger|my boss|the baker|grandma|
the new guy"""
_DID = "sang for|forgot|thanked|shouted at|waited for|laughed with|wrote to|ignored"
_WHOM = "me|us|the whole team|her dog|everyone here|the kids|nobody|his best friend"
_WHEN = "today|again|at noon|this morning|on the train|in the rain|all night|before work"
_FEEL = """so happy 😊|i could cry|what a day!|love it ❤️|furious right now|scared to ask|
fine, i guess|didn't see that coming|oh great, just great|miss them|no words|proud of that"""
_PARTS = [part.replace("\n", "").split("|") for part in (_FEEL, _WHEN, _WHOM, _DID, _WHO)]


def text(number: int) -> str:
    """Return the text of a number: its digits choose the words, and the rest is named."""
    words: list[str] = []
    for choices in _PARTS:
        number, choice = divmod(number, len(choices))
        words.append(choices[choice])
    feel, when, whom, did, who = words
    tail = f" #{number}" if number else ""
    return f"{who} {did} {whom} {when}, {feel}{tail}"


def texts(rows: int) -> Iterator[str]:
    """Yield so many texts; neighbours share no words, because the numbers jump."""
    for row in range(rows):
        yield text(row * 7_919 % 10_000_019)


def write_csv(stream: TextIO, rows: int) -> None:
    """Write so many texts with the columns id and text."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["id", "text"])
    writer.writerows([row, one] for row, one in enumerate(texts(rows)))


if __name__ == "__main__":
    write_csv(sys.stdout, int(sys.argv[1]))
