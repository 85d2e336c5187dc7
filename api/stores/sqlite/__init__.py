"""Keep users, posts, analyses and moods in one SQLite file: the embedded default store.

`connections` opens the file and runs transactions, `schema` creates and migrates it, `faults` says
in plain words why it failed, `rows` turns rows into domain objects. The store is made of parts: one
a room of the data (`users`, `posts`, `analyses`, `sources`, `moods`, `keys`) and `retention`;
`store` puts them together.
"""

from api.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
