"""One run through every method of a store, to record the queries that it sends."""

from datetime import datetime, timedelta
from itertools import product

from api.domain.analyses import Problem
from api.domain.api_keys import ApiKey
from api.domain.posts import Ownership
from api.domain.recommendations import CatalogueItem
from api.ports.browsing import AnalysisPlace, PostFilter, PostPlace
from api.ports.store import SweepRecord
from api.stores.mongo import MongoStore
from api.stores.sqlite import SqliteStore
from tests.contract.stores.store_examples import (
    ALICE,
    LATER,
    MODEL,
    NOW,
    PROGRESS,
    a_classification,
    a_post,
    an_analysis,
    taken,
)


def use_everything(store: SqliteStore | MongoStore, sweep_at: datetime) -> None:
    """Call every method, with each shape of its queries."""
    store.ensure_user(ALICE, "Alice", NOW)
    store.set_consent(ALICE, NOW, training=True)
    store.set_matchable(ALICE, True)
    for text in ("first", "edited"):
        store.save_posts(ALICE, [a_post(1, text=text), a_post(2)], NOW)
    for dry_run in (True, False):
        for changes in ({}, {"post_id": "a" * 32}, {"post_id": "4", "earlier_ids": ("5",)}):
            store.save_posts(ALICE, [a_post(3, **changes), a_post(5)], NOW, dry_run=dry_run)
    for post_id in ("b" * 32, "6"):
        store.save_posts(ALICE, [a_post(6, post_id=post_id)], NOW)
    for name in ("failed", "finished"):
        for key in (name, name, f"{name} again"):  # made, found by its key, given another one
            store.create_analysis(an_analysis(name), idempotency_key=key)
        store.release(taken(store, name))
        lease = store.renew(taken(store, None), until=LATER, progress=PROGRESS)
        assert len(store.holds()) == 1
        store.waiting()
        assert len(store.running()) == 1
        store.save_classifications(lease, MODEL, [("1", a_classification())])
        store.set_source_mark(lease, "x", "alice", "1")
        store.set_source_mark(lease, "x", "other", None)
        store.defer(lease, NOW - timedelta(days=1))
        lease = taken(store, name)
        if name == "failed":
            store.fail(lease, at=NOW, progress=PROGRESS, problem=Problem("a", "b", "c"))
    store.finish(lease, at=NOW, progress=PROGRESS, mood="Cheerful", result={}, hashtags=["a"])
    store.failures(since=NOW, limit=9)
    for max_posts in (None, 1):
        store.unclassified_posts(ALICE, MODEL, max_posts=max_posts, limit=9)
        store.count_unclassified(ALICE, MODEL, max_posts=max_posts)
        store.classified_posts(ALICE, MODEL, max_posts=max_posts)
    store.latest_classified_posts(ALICE)
    store.correct_post(ALICE, "1", "joy")
    store.labelled_posts()
    store.correct_post(ALICE, "1", None)
    store.count_posts(ALICE)
    browse(store)
    store.source_mark(ALICE, "x", "alice")
    store.set_sign_in(ALICE, "x", "sealed before")
    store.reseal_sign_ins(lambda _sealed: "sealed again")
    for sealed in ("sealed", None):
        store.set_sign_in(ALICE, "x", sealed)
    store.sign_in(ALICE, "x")
    store.create_analysis(an_analysis("cancelled"), idempotency_key=None)
    store.cancel("cancelled", NOW)
    store.add_key(ApiKey("p", "name", b"", frozenset(), frozenset(), NOW))
    store.key("p")
    store.all_keys()
    store.note_use("p", NOW)
    store.replace_digest("p", b"other")
    store.remove_key("p")
    store.latest_mood(ALICE)
    store.interests(ALICE)
    store.replace_catalogue([CatalogueItem("Stressed", "account", "a", "")])
    store.catalogue("Stressed")
    store.friend_candidates("bob", "Cheerful", ["music"], limit=3)
    store.add_feedback("finished", "Stressed", NOW)
    store.feedback_on("finished")
    store.feedback()
    store.export_user(ALICE)
    store.analysis("finished")
    store.past_retention(sweep_at)
    store.sweep(sweep_at)
    store.set_sweep_record(SweepRecord(NOW, 0.25))
    store.sweep_record()
    store.ping()
    store.users_with_mood(after=None, limit=9)
    store.erase_user(ALICE, LATER)
    store.replay_erasures(store.erasures())
    store.erasure_pending(ALICE)
    store.finish_erasures()


def browse(store: SqliteStore | MongoStore) -> None:
    """Look for posts with each mixture of what is asked for, and read the history."""
    place = PostPlace(NOW, "1")
    emotions, owners = (None, "joy"), (None, Ownership.OWN)
    ranges = ({}, {"start": NOW, "end": LATER}, {"oldest": place})
    for emotion, ownership, among, text in product(emotions, owners, ranges, (None, "post")):
        wanted = PostFilter(emotion, ownership, **among, text=text)
        for after in (None, place):
            store.found_posts(ALICE, wanted, after=after, limit=9)
        store.count_found_posts(ALICE, wanted)
        store.found_place(ALICE, wanted, 1)
    for after_analysis in (None, AnalysisPlace(LATER, "a")):
        store.succeeded_analyses(ALICE, after=after_analysis, limit=9)
