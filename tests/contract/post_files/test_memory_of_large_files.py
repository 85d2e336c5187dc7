"""A file of 50 MB of any kind is read in less than 200 MB of memory, program included."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.post_file_cases import bluesky_repository

pytestmark = [
    pytest.mark.long,
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc"
    ),
]

BYTES = 50 * 1024 * 1024
MOST_BYTES = 200 * 1024 * 1024
WORDS = "the tide came in and took our chairs, so we sat on the wall and laughed about it"

READ = """
import re, sys
from datetime import UTC, datetime
from pathlib import Path
from api.domain.posts import Post
from api.post_files.opening import DialectPostFiles

path = Path(sys.argv[1])
files = DialectPostFiles(lambda: datetime(2026, 3, 1, tzinfo=UTC))
with path.open("rb") as file:
    opened = files.open(file, path.name, None, None)
    posts = sum(isinstance(each, Post) for each in opened.posts())
# Of this program alone: getrusage counts what its parent held as well.
peak = re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
print(opened.dialect.name, posts, int(peak[1]) * 1024)
"""


def _posts() -> Iterator[dict[str, Any]]:
    number = 1_700_000_000_000_000_000
    while True:
        number += 4_194_304_000
        yield {
            "id_str": str(number),
            "created_at": "Wed Mar 13 09:00:00 +0000 2024",
            "full_text": f"{number}: {WORDS}. {WORDS} é",
            "entities": {"hashtags": [], "urls": [], "user_mentions": []},
            "favorite_count": "3",
            "retweet_count": "1",
            "lang": "en",
        }


def _write(path: Path, start: str, rows: Iterator[str], between: str, end: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        written = file.write(start)
        first = True
        for row in rows:
            written += file.write(("" if first else between) + row)
            first = False
            if written > BYTES:
                break
        file.write(end)


def write_csv(path: Path) -> None:
    rows = (f'{each["id_str"]},"{each["full_text"]}",2024-03-13 09:00,3' for each in _posts())
    _write(path, "id,text,created_at,likes\n", rows, "\n", "\n")


def write_json_lines(path: Path) -> None:
    _write(path, "", map(json.dumps, _posts()), "\n", "\n")


def write_json_list(path: Path) -> None:
    _write(path, "[", map(json.dumps, _posts()), ",\n", "]")


def write_wrapped(path: Path) -> None:
    """One line of 50 MB: a page whose reposts refer to posts after them."""
    _write(path, '{"meta": {}, "data": [', map(json.dumps, _posts()), ", ", "]}")


def write_archive(path: Path) -> None:
    script = path.with_suffix(".js")
    items = (json.dumps({"tweet": each}) for each in _posts())
    _write(script, "window.YTD.tweets.part0 = [", items, ",\n", "]")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(script, "data/tweets.js")
    script.unlink()


def write_repository(path: Path) -> None:
    records = {}
    for number in range(BYTES // 380):
        records[f"app.bsky.feed.post/3k{number:011d}".replace("0", "z").replace("1", "y")] = {
            "$type": "app.bsky.feed.post",
            "text": f"{number}: {WORDS}. {WORDS}",
            "langs": ["en"],
            "createdAt": "2024-05-31T18:20:00.123Z",
        }
    path.write_bytes(bluesky_repository(records))


KINDS: dict[str, Callable[[Path], None]] = {
    "posts.csv": write_csv,
    "posts.jsonl": write_json_lines,
    "posts.json": write_json_list,
    "page.json": write_wrapped,
    "archive.zip": write_archive,
    "repo.car": write_repository,
}


IN_EACH_RUN = ("archive.zip",)  # the readers that hold most; the others are long


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in IN_EACH_RUN else pytest.mark.long) for name in KINDS],
)
def test_a_large_file_is_read_in_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    KINDS[name](path)

    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )

    dialect, posts, peak = done.stdout.split()
    print(name, dialect, posts, f"{int(peak) / 2**20:.0f} MiB")  # noqa: T201  shown with -s
    assert int(posts) > 50_000
    assert int(peak) < MOST_BYTES
