"""A write to MongoDB that a dead process left unfinished is invisible or completed."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from api.ports.store import SavedPosts, Store
from api.stores.mongo import MongoStore, post_imports
from api.stores.mongo.post_comparison import Comparison
from api.stores.mongo.schema import OF_A_USER
from tests.contract.stores.mongo_shapes import Documents
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    SOON,
    a_post,
    classified_as,
    finished,
    known,
    queued,
    with_posts,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def store(mongo_store: MongoStore) -> MongoStore:
    return mongo_store


def texts(store: Store) -> list[str]:
    return [post.text for post in store.unclassified_posts(ALICE, MODEL, max_posts=None, limit=99)]


def alice_of(database: Documents) -> dict[str, Any]:
    (user,) = database.users.find({"_id": ALICE})
    return user


def decided(database: Documents, *chunks: list[str]) -> list[dict[str, Any]]:
    """Leave an import that was decided and not applied; a chunk is its texts."""
    user = alice_of(database)
    numbers = count(1)
    for chunk, told in enumerate(chunks):
        given = [a_post(next(numbers), text=text) for text in told]
        (posts,) = post_imports.chunks_of(given)
        post_imports.stage_chunk(database, user["key"], "left", chunk, posts, NOW)
    post_imports.decide_import(database, user, "left")
    return list(database.imports.find({"import_id": "left"}).sort("chunk", 1))


READS: dict[str, Callable[[MongoStore], object]] = {
    "unclassified": lambda store: texts(store) == ["new", "new", "new"],
    "count": lambda store: store.count_posts(ALICE) == 3,
    "export": lambda store: len(store.export_user(ALICE)["posts"]) == 3,
    "sweep": lambda store: store.sweep(NOW) == 0 and store.count_posts(ALICE) == 3,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("applied", [0, 1])
def test_a_decided_import_is_visible_to_the_next_reader(
    store: MongoStore,
    database: Documents,
    read: Callable[[MongoStore], object],
    applied: int,
) -> None:
    with_posts(store, 1, 2)
    chunks = decided(database, ["new", "new"], ["new"])
    for staged in chunks[:applied]:  # and then the process died
        post_imports.apply_chunk(database, staged, 2)

    assert read(store)
    assert database.imports.count_documents({}) == 0


def test_an_undecided_import_is_invisible(store: MongoStore, database: Documents) -> None:
    with_posts(store, 1)
    user = alice_of(database)
    (chunk,) = post_imports.chunks_of([a_post(1, text="never decided"), a_post(2)])

    post_imports.stage_chunk(database, user["key"], "left", 0, chunk, NOW)

    assert texts(store) == ["post 1"]


def test_a_late_writer_cannot_restore_what_a_later_import_replaced(
    store: MongoStore, database: Documents
) -> None:
    known(store)
    (chunk,) = decided(database, ["older"])
    store.save_posts(ALICE, [a_post(1, text="newer")], LATER)

    post_imports.apply_chunk(database, chunk, 1)

    assert texts(store) == ["newer"]
    assert store.count_posts(ALICE) == 1


def decided_same_posts(store: MongoStore, database: Documents) -> list[dict[str, Any]]:
    """Leave a decided import in which a stored post is edited, one replaced and one not saved."""
    known(store)
    first = [a_post(1), a_post(2, post_id="2" * 32), a_post(3)]
    store.save_posts(ALICE, first, NOW)
    classified_as(store, {"2" * 32: "love"})
    given = [a_post(4, earlier_ids=("1",)), a_post(2), a_post(3, post_id="3" * 32)]
    user = alice_of(database)
    (posts,) = post_imports.chunks_of(given)
    post_imports.stage_chunk(database, user["key"], "left", 0, posts, LATER)
    saved = post_imports.decide_import(database, user, "left")
    assert saved == SavedPosts(created=1, updated=1, duplicates=1, edits=1)
    return list(database.imports.find({"import_id": "left"}).sort("chunk", 1))


@pytest.mark.parametrize("applied", [0, 1, 2])
def test_what_gives_way_in_a_decided_import_does_so_for_the_next_reader(
    store: MongoStore, database: Documents, applied: int
) -> None:
    chunks = decided_same_posts(store, database)
    assert len(chunks) == 2
    for staged in chunks[:applied]:  # and then the process died
        post_imports.apply_chunk(database, staged, 2)

    assert texts(store) == ["post 4", "post 3"]
    (kept,) = store.latest_classified_posts(ALICE)
    assert (kept.post, kept.classification.label) == (a_post(2), "love")
    assert store.count_posts(ALICE) == 3
    assert database.imports.count_documents({}) == 0


def test_a_process_that_applies_an_import_late_brings_back_nothing_that_a_later_one_removed(
    store: MongoStore, database: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_posts(store, 1)
    decided(database, ["post 1", "post 2"])
    apply_chunk = post_imports.apply_chunk

    def overtaken(*args: Any) -> list[str]:
        monkeypatch.setattr(post_imports, "apply_chunk", apply_chunk)
        store.save_posts(ALICE, [a_post(3, earlier_ids=("1", "2"))], LATER)
        return apply_chunk(*args)

    monkeypatch.setattr(post_imports, "apply_chunk", overtaken)
    post_imports.user_after_import(database, ALICE)

    assert texts(store) == ["post 3"]
    assert store.count_posts(ALICE) == 1


def test_an_import_that_was_overtaken_is_compared_again(
    store: MongoStore, database: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_posts(store, 1)
    compare = post_imports.compare

    def overtaken(*args: Any) -> Comparison:
        compared = compare(*args)
        monkeypatch.setattr(post_imports, "compare", compare)
        # Now no post is left that the first comparison would have left out or removed for.
        store.save_posts(ALICE, [a_post(9, earlier_ids=("1",))], LATER)
        return compared

    monkeypatch.setattr(post_imports, "compare", overtaken)
    saved = store.save_posts(ALICE, [a_post(1, post_id="1" * 32)], LATER)

    assert saved == SavedPosts(created=1)
    assert texts(store) == ["post 9", "post 1"]
    assert database.imports.count_documents({}) == 0


def test_posts_of_an_older_version_are_read_and_compared(
    store: MongoStore, database: Documents
) -> None:
    known(store)
    store.save_posts(ALICE, [a_post(1, post_id="1" * 32), a_post(2)], NOW)
    database.users.update_many({}, {"$unset": {"content_ids": ""}})
    database.posts.update_many({}, {"$unset": {"own_word": ""}})

    saved = store.save_posts(ALICE, [a_post(1), a_post(2)], LATER)

    assert saved == SavedPosts(updated=1, unchanged=1)
    assert texts(store) == ["post 2", "post 1"]


def test_a_dry_run_leaves_nothing_staged(store: MongoStore, database: Documents) -> None:
    with_posts(store, 1)

    store.save_posts(ALICE, [a_post(2, earlier_ids=("1",))], LATER, dry_run=True)

    assert database.imports.count_documents({}) == 0
    assert texts(store) == ["post 1"]


def test_a_mood_whose_run_died_before_the_user_was_updated_is_copied_by_the_next_claim(
    store: MongoStore, database: Documents
) -> None:
    leave_mood_uncopied(store, database)

    claim = store.claim(None, owner="other", now=NOW, until=LATER)

    assert claim is None
    assert store.interests(ALICE) == ["music"]
    assert [one.user_id for one in candidates(store)] == [ALICE]
    assert database.analyses.count_documents({"untold": {"$eq": True}}) == 0


def leave_mood_uncopied(store: MongoStore, database: Documents) -> None:
    """Leave a finished analysis whose mood was not copied to the user."""
    finished(store)
    store.set_matchable(ALICE, True)
    database.users.update_one({"_id": ALICE}, {"$unset": {"mood": "", "mood_at": ""}})
    database.analyses.update_one({"_id": "a1"}, {"$set": {"untold": True, "hashtags": ["music"]}})
    assert candidates(store) == []
    assert store.latest_mood(ALICE) is not None


def candidates(store: MongoStore) -> list[Any]:
    return store.friend_candidates("bob", "Cheerful", ["music"], limit=9)


def test_an_older_mood_copied_late_does_not_replace_a_newer(
    store: MongoStore, database: Documents
) -> None:
    finished(store, "first", at=SOON, hashtags=("old",))
    finished(store, "second", at=LATER, hashtags=("new",))
    database.analyses.update_one({"_id": "first"}, {"$set": {"untold": True, "hashtags": ["old"]}})

    store.sweep(NOW)

    assert store.interests(ALICE) == ["new"]


def marked(store: MongoStore, database: Documents) -> None:
    """Leave an erasure that was decided and not carried out."""
    with_posts(store, 1, 2)
    finished(store, "done", hashtags=("music",))
    store.add_feedback("done", "Satisfied", LATER)
    queued(store, "queued")
    database.users.update_one({"_id": ALICE}, {"$set": {"erased_at": 1, "matchable": False}})


FINISHED_BY: dict[str, Callable[[MongoStore], object]] = {
    "the sweep": lambda store: store.sweep(NOW),
    "what is called every few seconds": lambda store: store.finish_erasures(),
    "the same call again": lambda store: store.erase_user(ALICE, LATER),
    "the user coming back": lambda store: known(store),
}


@pytest.mark.parametrize("finish", FINISHED_BY.values(), ids=FINISHED_BY)
def test_an_erasure_whose_process_died_is_hidden_at_once_and_carried_out(
    store: MongoStore, database: Documents, finish: Callable[[MongoStore], object]
) -> None:
    marked(store, database)

    hidden = (store.user(ALICE), store.count_posts(ALICE), store.latest_mood(ALICE))
    claim = store.claim(None, owner="worker", now=LATER, until=LATER)
    finish(store)

    assert (hidden, claim) == ((None, 0, None), None)
    assert [database[name].count_documents({}) for name in OF_A_USER] == [0] * len(OF_A_USER)
    assert database.tombstones.count_documents({}) == 1


def test_what_a_late_write_left_of_someone_erased_is_purged_by_the_sweep(
    store: MongoStore, database: Documents
) -> None:
    known(store)
    user = alice_of(database)
    store.erase_user(ALICE, NOW)
    (chunk,) = post_imports.chunks_of([a_post(1)])
    late = {"user_key": user["key"], "chunk": 0, "posts": chunk, "saved_at": NOW}
    post_imports.apply_chunk(database, late, 1)

    store.sweep(NOW + timedelta(minutes=30))
    soon = database.posts.count_documents({})
    store.sweep(NOW + timedelta(hours=2))

    assert (soon, database.posts.count_documents({})) == (1, 0)
    (tombstone,) = database.tombstones.find()
    assert ALICE not in str(tombstone)
    assert tombstone == {"_id": tombstone["_id"], "erased_at": NOW.timestamp() * 1e6}


def test_a_post_in_two_chunks_of_one_import_is_one_post_in_its_last_version(
    store: MongoStore, database: Documents
) -> None:
    known(store)
    user = alice_of(database)
    for number, text in enumerate(("first", "last")):
        (chunk,) = post_imports.chunks_of([a_post(1, text=text)])
        post_imports.stage_chunk(database, user["key"], "twice", number, chunk, NOW)

    saved = post_imports.decide_import(database, user, "twice")

    assert saved == SavedPosts(created=1)
    assert texts(store) == ["last"]


def test_chunks_fit_into_a_document_and_lose_no_post() -> None:
    many = [a_post(number) for number in range(1_001)]
    long = [a_post(number, text="x" * 25_000) for number in range(200)]

    chunks = list(post_imports.chunks_of([*many, *long]))

    assert [post["text"] for chunk in chunks for post in chunk] == [p.text for p in (*many, *long)]
    assert all(len(chunk) <= 500 for chunk in chunks)
    assert all(sum(len(post["text"]) for post in chunk) <= 2_025_000 for chunk in chunks)
