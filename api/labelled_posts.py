"""Command that writes corrected posts to train on: `python -m api.labelled_posts OUT.jsonl`.

One line per correction, `{"text": ..., "label": ...}`, of own posts of users whose consent to
training is on record now; nothing says whose they are. The file appears complete or not at all.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from api.bootstrap.adapters import adapters, need_store
from api.errors import MoodlineError
from api.ports.store import LabelledPost
from api.settings import SettingsError, read_settings


def main(arguments: list[str] | None = None) -> int:
    """Write the file; return the exit code, with a message if it fails."""
    parser = argparse.ArgumentParser(prog="python -m api.labelled_posts", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT.jsonl", help="the file to write")
    out: Path = parser.parse_args(arguments).out
    try:
        settings = read_settings(os.environ)
        need_store(settings)
        ports = adapters(settings)
        try:
            labelled = ports.store.labelled_posts()
        finally:
            ports.close()
        write_labelled(out, labelled.posts)
    except (SettingsError, MoodlineError) as error:
        print(f"moodline: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"moodline: {out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"{_counted(len(labelled.posts))} of users who agreed to training: {out}")
    if labelled.of_others:
        others = _counted(labelled.of_others)
        print(f"Left out: {others} that the user shared or liked, as somebody else wrote them.")
    return 0


def _counted(posts: int) -> str:
    return "1 corrected post" if posts == 1 else f"{posts:,} corrected posts"


def write_labelled(out: Path, labelled: Sequence[LabelledPost]) -> None:
    """Replace a file, readable by its owner only, in one step. Raises OSError."""
    written = tempfile.NamedTemporaryFile(  # noqa: SIM115  closed before it is moved
        "w", encoding="utf-8", dir=out.parent, prefix=f".{out.name}.", delete=False
    )
    try:
        with written as file:
            for one in labelled:
                line = json.dumps({"text": one.text, "label": one.label}, ensure_ascii=False)
                file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())
        Path(written.name).replace(out)
    except BaseException:
        Path(written.name).unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    sys.exit(main())
