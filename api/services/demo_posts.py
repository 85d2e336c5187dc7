"""Use case: the invented people's posts as CSV, to try the service with."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.domain.posts import ENGAGEMENT, Post
from api.errors import NotFoundError
from api.ports.post_files import PostFiles


@dataclass(frozen=True, slots=True)
class DemoPosts:
    """The posts in the files of some people, by user name; each file is read once."""

    post_files: PostFiles
    files: Mapping[str, Path]
    read: dict[str, bytes] = field(default_factory=dict)

    def csv(self, user_name: str) -> bytes:
        """Return the posts of a person as CSV that can be imported. Raises NotFoundError."""
        file = self.files.get(user_name)
        if file is None:
            raise NotFoundError("No invented person has that name: GET /v1/demo lists them.")
        if user_name not in self.read:
            self.read[user_name] = self._csv(file)
        return self.read[user_name]

    def _csv(self, file: Path) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("id", "text", "created_at", "ownership", *ENGAGEMENT))
        with file.open("rb") as opened:
            for post in self.post_files.open(opened, file.name, None, None).posts():
                if isinstance(post, Post):
                    counts = (getattr(post.engagement, name) for name in ENGAGEMENT)
                    at = post.created_at.isoformat()
                    writer.writerow((post.post_id, post.text, at, post.ownership, *counts))
        return text.getvalue().encode()
