"""Starts the service with one of its guarantees broken, to see that the checker notices.

    MOODLINE_MUTATION="fence ignored" python -m tests.support.faults.mutated api

The switch is here and not in the service, which cannot be told to break a promise.
"""

import os
import runpy
import sys
from collections.abc import Callable
from typing import Any

from api.stores.sqlite import analyses, connections, posts, sources
from api.stores.sqlite.store import SqliteStore

VARIABLE = "MOODLINE_MUTATION"
LEASED = (analyses, posts, sources)


def drop_a_post() -> None:
    """The last post of an import is acknowledged and not saved."""
    original = SqliteStore.save_posts

    def save_posts(self: Any, user_id: str, items: Any, *rest: Any, **more: Any) -> Any:
        return original(self, user_id, list(items)[:-1], *rest, **more)

    SqliteStore.save_posts = save_posts  # type: ignore[method-assign]


def drop_an_analysis() -> None:
    """An analysis is accepted and not queued."""

    def create_analysis(self: Any, analysis: Any, *, idempotency_key: Any) -> Any:
        return analysis, True

    SqliteStore.create_analysis = create_analysis  # type: ignore[method-assign]


def drop_a_mood() -> None:
    """The final write leaves out the mood."""
    original = SqliteStore.finish

    def finish(self: Any, *rest: Any, **more: Any) -> None:
        original(self, *rest, **more)
        _execute(self, "DELETE FROM moods")

    SqliteStore.finish = finish  # type: ignore[method-assign]


def ignore_the_fence() -> None:
    """A run that lost its lease may write all the same."""

    def leased_keys(connection: Any, lease: Any) -> tuple[int, int]:
        by_id = "SELECT analysis_key, user_key FROM analyses WHERE analysis_id = ?"
        row = connection.execute(by_id, (lease.analysis_id,)).fetchone()
        return row["analysis_key"], row["user_key"]

    for module in LEASED:
        assert module.leased_keys is not leased_keys  # type: ignore[attr-defined]
        module.leased_keys = leased_keys  # type: ignore[attr-defined]


def forget_keys() -> None:
    """An Idempotency-Key is not kept."""
    original = SqliteStore.create_analysis

    def create_analysis(self: Any, analysis: Any, *, idempotency_key: Any) -> Any:
        return original(self, analysis, idempotency_key=None)

    SqliteStore.create_analysis = create_analysis  # type: ignore[method-assign]


def skip_the_tombstone() -> None:
    """An erasure leaves no tombstone."""
    original = SqliteStore.erase_user

    def erase_user(self: Any, *rest: Any) -> None:
        original(self, *rest)
        _execute(self, "DELETE FROM tombstones")

    SqliteStore.erase_user = erase_user  # type: ignore[method-assign]


def keep_erased_texts() -> None:
    """Erased texts stay in the free pages of the store's file."""
    assert any("secure_delete = ON" in each for each in connections._SETTINGS)
    connections._SETTINGS = tuple(
        each.replace("secure_delete = ON", "secure_delete = OFF") for each in connections._SETTINGS
    )


def ignore_an_erasure() -> None:
    """An erasure is acknowledged, and nothing is erased."""

    def erase_user(self: Any, *rest: Any) -> None:
        return

    SqliteStore.erase_user = erase_user  # type: ignore[method-assign]


MUTATIONS: dict[str, Callable[[], None]] = {
    "post dropped": drop_a_post,
    "analysis dropped": drop_an_analysis,
    "mood dropped": drop_a_mood,
    "fence ignored": ignore_the_fence,
    "key forgotten": forget_keys,
    "tombstone skipped": skip_the_tombstone,
    "erased text kept": keep_erased_texts,
    "erasure ignored": ignore_an_erasure,
}


def _execute(store: Any, statement: str) -> None:
    with store._connections.writing() as connection:
        connection.execute(statement)


if __name__ == "__main__":
    MUTATIONS[os.environ[VARIABLE]]()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
