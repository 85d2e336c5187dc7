"""Contract of every store: moods, interests, the catalogue, friend candidates and feedback."""

from datetime import timedelta

import pytest

from api.domain.recommendations import CatalogueItem, FriendCandidate
from api.errors import NotFoundError
from api.ports.store import Feedback, MoodRecord, Store
from tests.contract.stores.store_examples import ALICE, LATER, SOON, finished, known


def candidate_ids(store: Store, hashtags: list[str], *, limit: int = 9) -> list[str]:
    found = store.friend_candidates(ALICE, "Cheerful", hashtags, limit=limit)
    return [candidate.user_id for candidate in found]


def with_friend(
    store: Store, user_id: str, *hashtags: str, minutes: int = 0, mood: str = "Cheerful"
) -> None:
    known(store, user_id)
    store.set_matchable(user_id, True)
    finished(
        store,
        f"of-{user_id}-{minutes}",
        user_id,
        mood=mood,
        at=SOON + timedelta(minutes=minutes),
        hashtags=hashtags,
    )


@pytest.mark.parametrize("mood", ["Cheerful", None])
def test_the_latest_mood_is_that_of_the_last_analysis(store: Store, mood: str | None) -> None:
    finished(store, "first", mood="Stressed", at=SOON)
    finished(store, "second", mood=mood, at=LATER)

    latest = store.latest_mood(ALICE)

    assert latest == MoodRecord(ALICE, "second", mood, LATER, {"mood": mood, "by": "second"})


def test_a_user_never_analysed_has_no_mood(store: Store) -> None:
    known(store)

    assert store.latest_mood(ALICE) is None
    assert store.latest_mood("nobody") is None


def test_interests_are_the_hashtags_of_the_latest_analysis_in_their_order(store: Store) -> None:
    finished(store, "first", hashtags=("old",), at=SOON)
    finished(store, "second", hashtags=("music", "art"), at=LATER)

    assert store.interests(ALICE) == ["music", "art"]
    assert store.interests("nobody") == []


def test_a_replaced_catalogue_keeps_its_order_and_nothing_of_the_old(store: Store) -> None:
    store.replace_catalogue([CatalogueItem("Satisfied", "account", "old", "")])
    items = [
        CatalogueItem(mood, kind, name, f"about {name}")
        for mood, kind, name in [
            ("Stressed", "hashtag", "z"),
            ("Cheerful", "account", "b"),
            ("Stressed", "account", "a"),
            ("Stressed", "hashtag", "m"),
        ]
    ]

    store.replace_catalogue(items)

    assert store.catalogue("Stressed") == [items[0], items[2], items[3]]
    assert store.catalogue("Satisfied") == []


def test_candidates_who_share_more_hashtags_come_first_then_the_freshest(store: Store) -> None:
    with_friend(store, "none_fresh", "sport", minutes=50)
    with_friend(store, "none_stale", minutes=1)
    with_friend(store, "one_fresh", "music", minutes=40)
    with_friend(store, "one_stale", "art", minutes=2)
    with_friend(store, "two", "art", "music", "sport", minutes=3)

    found = candidate_ids(store, ["music", "art", "music"])

    assert found == ["two", "one_fresh", "one_stale", "none_fresh", "none_stale"]


def test_candidates_are_at_most_as_many_as_asked_for(store: Store) -> None:
    for number in range(5):
        with_friend(store, f"u{number}", *(["music"] if number < 2 else []), minutes=number)

    assert candidate_ids(store, ["music"], limit=3) == ["u1", "u0", "u4"]
    assert candidate_ids(store, ["music"], limit=1) == ["u1"]
    assert candidate_ids(store, ["music"], limit=0) == []


def test_the_user_is_never_their_own_candidate(store: Store) -> None:
    with_friend(store, ALICE, "music")
    with_friend(store, "bob", minutes=1)

    assert candidate_ids(store, ["music"]) == ["bob"]
    assert candidate_ids(store, ["music"], limit=1) == ["bob"]
    assert candidate_ids(store, []) == ["bob"]


def test_users_whose_latest_mood_is_another_are_no_candidates(store: Store) -> None:
    with_friend(store, "carol", "music", mood="Stressed")
    with_friend(store, "bob", "music", minutes=0)
    with_friend(store, "bob", "art", minutes=1, mood="Depressed")

    assert candidate_ids(store, ["music", "art"]) == []


@pytest.mark.parametrize("hashtags", [["music"], []], ids=["sharing", "not sharing"])
def test_a_candidate_carries_the_latest_mood_and_hashtags(
    store: Store, hashtags: list[str]
) -> None:
    with_friend(store, "bob", "music", "old", minutes=-1)
    with_friend(store, "bob", "music", "été", "art")

    (candidate,) = store.friend_candidates(ALICE, "Cheerful", hashtags, limit=9)

    assert candidate == FriendCandidate("bob", "Bob", "Cheerful", SOON, ("music", "été", "art"))


@pytest.mark.parametrize("hashtags", [["music"], []], ids=["sharing", "not sharing"])
def test_agreeing_and_withdrawing_count_at_once(store: Store, hashtags: list[str]) -> None:
    finished(store, "of-bob", "bob", hashtags=("music",))

    before = candidate_ids(store, hashtags)
    store.set_matchable("bob", True)
    agreed = candidate_ids(store, hashtags)
    store.set_matchable("bob", False)
    withdrawn = candidate_ids(store, hashtags)

    assert (before, agreed, withdrawn) == ([], ["bob"], [])


def test_feedback_is_stored_with_its_time_and_replaces_earlier_feedback(store: Store) -> None:
    finished(store)

    for mood, label, at in (("Depressed", "Heavy", SOON), ("Satisfied", "Balanced", LATER)):
        store.add_feedback("a1", mood, at)

        assert store.feedback_on("a1") == mood
        assert store.export_user(ALICE)["feedback"] == [
            {"analysis_id": "a1", "mood": mood, "label": label, "created_at": at.isoformat()}
        ]


def test_an_analysis_has_no_feedback_but_its_own(store: Store) -> None:
    finished(store)
    finished(store, "a2")
    store.add_feedback("a2", "Stressed", SOON)

    assert (store.feedback_on("a1"), store.feedback_on("nothing")) == (None, None)


def test_feedback_on_an_unknown_analysis_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.add_feedback("nothing", "Cheerful", SOON)


def test_feedback_is_read_of_users_who_agreed_to_training(store: Store) -> None:
    for analysis_id, user in (("a1", ALICE), ("b1", "bob"), ("c1", "carol"), ("d1", "dan")):
        finished(store, analysis_id, user)
        store.add_feedback(analysis_id, "Satisfied", SOON)
    for user in (ALICE, "bob", "carol"):
        store.set_consent(user, SOON, training=True)
    store.set_consent("dan", SOON)
    finished(store, "a2", ALICE)
    store.add_feedback("a2", "Stressed", LATER)
    store.set_consent("bob", None)
    store.erase_user("carol", LATER)

    assert store.feedback() == [
        Feedback(ALICE, "a1", "Satisfied"),
        Feedback(ALICE, "a2", "Stressed"),
    ]
