"""The checker of histories: what was promised against what there is, without any process."""

from pathlib import Path
from typing import Any

from tests.support.faults.checker import (
    Findings,
    Snapshot,
    StoredAnalysis,
    StoredUser,
    check,
    markers_and_erased,
)
from tests.support.faults.history import Event, History, What

POSTS = {"p1": "mark1 one", "p2": "mark1 two"}
DONE = StoredAnalysis("ana", "succeeded", ("k1",), moods=1)


class Log:
    """A history in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(self, what: What, answers: int | None = None, **about: Any) -> int:
        self.events.append(Event(len(self.events), what, "ana", answers, about))
        return len(self.events) - 1

    def imported(self, posts: dict[str, str] = POSTS, marker: str = "mark1") -> None:
        self.note("imported", self.note("import sent", marker=marker, posts=posts))

    def started(self, one: str = "a1", key: str = "k1", **request: Any) -> None:
        self.note("started", self.note("start sent", key=key, request=request), id=one)

    def erased(self) -> None:
        self.note("erased", self.note("erase sent"))


def a_day() -> Log:
    log = Log()
    log.imported()
    log.started()
    return log


def shot(**changed: Any) -> Snapshot:
    sound: dict[str, Any] = {
        "users": {"ana": StoredUser(POSTS)},
        "analyses": {"a1": DONE},
        "states": {"a1": "succeeded"},
    }
    return Snapshot(**{**sound, **changed})


def wrong(log: Log, snapshot: Snapshot) -> list[str]:
    return check(log.events, snapshot).wrong()


def test_what_is_as_promised_has_no_findings() -> None:
    found = check(a_day().events, shot())

    assert found == Findings(accepted=1)


def test_an_acknowledged_post_that_is_missing_or_has_another_text_is_lost() -> None:
    missing = wrong(a_day(), shot(users={"ana": StoredUser({"p1": POSTS["p1"]})}))
    changed = wrong(a_day(), shot(users={"ana": StoredUser({**POSTS, "p2": "mark1 2"})}))

    assert missing == changed == ["LOST: 1 posts of ana, such as p2"]


def test_a_post_that_was_sent_and_never_acknowledged_may_be_there_or_not() -> None:
    log = Log()
    log.note("import sent", marker="mark1", posts=POSTS)

    assert wrong(log, Snapshot()) == []
    assert wrong(log, Snapshot(users={"ana": StoredUser(POSTS)})) == []


def test_one_text_under_two_ids_is_doubled() -> None:
    twice = {**POSTS, "p3": POSTS["p1"]}

    assert wrong(a_day(), shot(users={"ana": StoredUser(twice)})) == [
        "DOUBLED: 1 posts of ana, such as 'mark1 one'"
    ]


def test_a_consent_that_is_gone_is_lost() -> None:
    found = wrong(a_day(), shot(users={"ana": StoredUser(POSTS, consented=False)}))

    assert found == ["LOST: the consent of ana"]


def test_an_accepted_analysis_must_be_there_ended_and_as_the_api_says() -> None:
    running = shot(
        analyses={"a1": StoredAnalysis("ana", "running", ("k1",))}, states={"a1": "running"}
    )
    other = shot(states={"a1": "failed"})

    assert wrong(a_day(), shot(analyses={})) == ["LOST: the analysis a1 of ana"]
    assert wrong(a_day(), running) == ["NOT TERMINAL: the analysis a1 of ana is running"]
    assert wrong(a_day(), other) == ["CONTRADICTION: a1 is succeeded, and the API says failed"]


def test_an_analysis_that_failed_is_told_apart() -> None:
    failed = {"a1": StoredAnalysis("ana", "failed", ("k1",))}

    found = check(a_day().events, shot(analyses=failed, states={"a1": "failed"}))

    assert (found.wrong(), found.failed) == ([], ["a1"])


def test_an_analysis_has_one_mood_if_it_succeeded_and_none_otherwise() -> None:
    twice = shot(analyses={"a1": StoredAnalysis("ana", "succeeded", ("k1",), moods=2)})
    never = shot(analyses={"a1": StoredAnalysis("ana", "succeeded", ("k1",), moods=0)})

    assert wrong(a_day(), twice) == ["DOUBLED: 2 moods of a1, which is succeeded"]
    assert wrong(a_day(), never) == ["LOST: the mood of a1, which is succeeded"]


def test_posts_that_the_last_analysis_did_not_read_are_lost_unless_they_came_later() -> None:
    unread = shot(users={"ana": StoredUser(POSTS, unread=1)})
    later = a_day()
    later.imported()

    assert wrong(a_day(), unread) == ["LOST: 1 posts of ana that the last analysis did not read"]
    assert wrong(later, unread) == []


def test_one_key_makes_one_analysis_and_stands_for_one_request() -> None:
    two = a_day()
    two.started("a2")
    both = {"a1": DONE, "a2": StoredAnalysis("ana", "succeeded", (), moods=1)}
    other = a_day()
    other.started("a1", max_posts=3)

    assert wrong(two, shot(analyses=both)) == ["DOUBLED: ana's key k1 made 2 analyses"]
    assert wrong(other, shot()) == ["CONTRADICTION: ana's key k1 was accepted for two requests"]


def test_two_stored_analyses_of_one_key_or_one_that_nobody_knows_are_doubled() -> None:
    stray = shot(analyses={"a1": DONE, "a9": DONE})

    assert wrong(a_day(), stray) == [
        "DOUBLED: 2 analyses of ana with the key k1",
        "DOUBLED: the analysis a9 of ana, which no client was told of",
    ]


def test_what_was_erased_must_be_gone_with_its_texts_and_leave_a_tombstone() -> None:
    log = a_day()
    log.erased()
    gone = Snapshot(tombstones=frozenset({"ana"}))
    back = Snapshot(
        users={"ana": StoredUser(POSTS)}, analyses={"a1": DONE}, left_texts=frozenset({"mark1"})
    )

    assert markers_and_erased(log.events) == ({"mark1"}, {"ana"})
    assert wrong(log, gone) == []
    assert wrong(log, back) == [
        "ERASED BACK: the analysis a1 of ana",
        "ERASED BACK: texts of ana (mark1)",
        "ERASED BACK: ana, whom a backup brings back: no tombstone",
    ]


def test_what_comes_after_an_erasure_is_owed_anew() -> None:
    log = a_day()
    log.erased()
    log.imported({"p1": "mark2 one"}, "mark2")
    there = Snapshot(users={"ana": StoredUser({"p1": "mark2 one"})}, tombstones=frozenset({"ana"}))

    assert wrong(log, there) == []
    assert wrong(log, Snapshot(tombstones=frozenset({"ana"}))) == [
        "LOST: 1 posts of ana, such as p1"
    ]


def test_an_import_that_overlaps_an_erasure_may_be_there_or_not() -> None:
    log = Log()
    sent = log.note("import sent", marker="mark1", posts=POSTS)
    erasing = log.note("erase sent")
    log.note("imported", sent)
    log.note("erased", erasing)
    tombstone = frozenset({"ana"})

    assert wrong(log, Snapshot(tombstones=tombstone)) == []
    assert wrong(log, Snapshot(users={"ana": StoredUser(POSTS)}, tombstones=tombstone)) == []


def test_an_erasure_without_an_answer_leaves_all_open() -> None:
    log = a_day()
    log.note("erase sent")

    assert wrong(log, Snapshot()) == []
    assert wrong(log, shot()) == []


def test_a_cancelled_analysis_stays_cancelled_and_a_500_is_named() -> None:
    log = a_day()
    log.note("cancelled", id="a1")
    log.note("answered 500", path="/v1/analyses")

    assert wrong(log, shot()) == [
        "CONTRADICTION: a1 was cancelled, is succeeded",
        "ANSWERED 500: {'path': '/v1/analyses'}",
    ]


def test_a_history_is_on_the_disk_line_by_line(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    sent = history.note("import sent", "ana", marker="mark1", posts=POSTS)
    history.note("imported", "ana", sent)
    lines = (tmp_path / "history.jsonl").read_text(encoding="utf-8").splitlines()
    history.close()

    assert len(lines) == len(history.events()) == 2
    assert '"what": "imported", "user": "ana", "answers": 0' in lines[1]
