"""Read posts out of JSON lines: one object a line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from api.domain.posts import Post, RejectedPost
from api.errors import UnreadableFileError
from api.intake.post_fields import PostIntake
from api.ports.clock import Clock
from api.post_files.encodings import OverlongLine, form_of, lines_of
from api.post_files.json_reader import MAX_ITEM_CHARACTERS, decode, fields_of

_CHUNK_BYTES = 64 * 1024

logger = logging.getLogger(__name__)


class JsonLinesReader:
    """Read objects with a text and a time, under the names that PostIntake knows.

    A line that is no such object is rejected and the next one read. Lines are counted from 1 as
    an editor shows them; blank ones are passed over. The text may be in any form that CsvReader
    takes, though JSON is UTF-8 by its standard (RFC 8259).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, file: BinaryIO) -> Iterator[Post | RejectedPost]:
        """Yield the posts of the file, as PostFileReader has it.

        UnreadableFileError comes last, where not one line of the file was a JSON object.
        """
        file.seek(0)
        form = form_of(iter(partial(file.read, _CHUNK_BYTES), b""))
        logger.info("reading JSON lines as %s", form)
        file.seek(0)
        chunks = iter(partial(file.read, _CHUNK_BYTES), b"")
        intake = PostIntake(self._clock())
        filled = objects = 0
        for number, line in enumerate(lines_of(chunks, form, MAX_ITEM_CHARACTERS), start=1):
            where = f"line {number}"
            if isinstance(line, OverlongLine):
                filled += 1
                yield RejectedPost(
                    where, f"the line is longer than {MAX_ITEM_CHARACTERS:,} characters"
                )
                continue
            text = line.strip()
            if not text:
                continue
            filled += 1
            try:
                fields = fields_of(decode(text))
            except ValueError:
                yield RejectedPost(where, "the line is not JSON: it breaks off or is damaged")
                continue
            if fields is None:
                yield RejectedPost(
                    where, "the line is JSON, but not an object with a post's fields"
                )
                continue
            objects += 1
            yield intake.take(fields, where)
        if not filled:
            raise UnreadableFileError("The file is empty: no line in it holds anything.")
        if not objects:
            raise UnreadableFileError(
                "No line of the file is a JSON object. JSON lines hold one post a line, for"
                ' example {"text": "...", "created_at": "2024-05-31T18:20:00Z"}.'
            )
