"""The store for several machines: a MongoDB database.

No write needs a transaction over several documents. An atomic change is either one document, or is
decided by one write on one document and then carried out. If a process dies in between, the next
reader, claim or retention sweep completes the change in the same way:

- An import is staged as chunks; one write on the user decides it (`post_imports.py`).
- A finished analysis decides the mood; the user is updated afterwards (`analyses.py`).
- An erasure is decided by a mark on the user, who is unknown from then on (`users.py`).

A user's documents have a random key, new each time the user is created: a write begun for an
erased user can reach nobody, and what it left behind is deleted by its writer or by the sweep.
"""

from api.stores.mongo.store import MongoStore

__all__ = ["MongoStore"]
