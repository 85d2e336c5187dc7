"""Keep users, posts, analyses and moods in MongoDB: the store of several machines.

No write here needs a transaction over several documents. What must change as a whole is either one
document, or is decided by one write on one document and then carried forward; whoever meets what a
process that died left half done (a reader, a claim, the sweep) carries it forward the same way:

- An import is staged as chunks in `imports`; one write on the user decides it (`imports.py`).
- A finished analysis decides the mood; the user is told of it afterwards (`analyses.py`).
- An erasure is decided by a mark on the user, who is gone from then on (`erasure.py`).

A user's rows are kept under a random key, new each time the user comes (back): what was begun for
an erased user can reach no one, and what such a write left behind is deleted by its writer, or
again by the sweep.

`schema` declares collections, validators and indexes, `connections` opens one client a process,
`queries` builds filters out of values alone, `documents` turns documents into domain objects.
"""

from api.stores.mongo.store import MongoStore

__all__ = ["MongoStore"]
