"""Re-analysis asks again for whoever has an old mood, bit by bit and once each."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from api.domain.analyses import Analysis, AnalysisRequest, AnalysisState, Problem, Progress
from api.domain.posts import Post
from api.ports.store import Retention
from api.services.reanalysis import Reanalysed, Reanalysis
from tests.support.fakes import FakeEmotionClient, MemoryStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=1)


class Case:
    """A store, a model that changed, and what the re-analysis did."""

    def __init__(self) -> None:
        self.store = MemoryStore(Retention(posts=timedelta(days=30), moods=timedelta(days=365)))
        self.emotions = FakeEmotionClient()
        self.woken: list[str] = []
        self.pauses: list[float] = []

    def with_mood(self, user_id: str, model: str = "fake@0", **asked: object) -> None:
        self.store.ensure_user(user_id, user_id, NOW)
        self.store.set_consent(user_id, NOW)
        self.store.save_posts(user_id, [Post("1", "a day of joy", NOW)], NOW)
        request = AnalysisRequest(user_id, **asked)  # type: ignore[arg-type]  of a test
        self.store.create_analysis(Analysis(f"of {user_id}", request, NOW), idempotency_key=None)
        self.end(f"of {user_id}", model)

    def end(self, analysis_id: str | None, model: str) -> None:
        claimed = self.store.claim(analysis_id, owner="w", now=NOW, until=UNTIL)
        assert claimed is not None
        self.store.finish(
            claimed[1], at=NOW, progress=Progress(), mood=None, result={"model": model}, hashtags=[]
        )

    def fail(self) -> None:
        claimed = self.store.claim(None, owner="w", now=NOW, until=UNTIL)
        assert claimed is not None
        problem = Problem("a", "b", "c")
        self.store.fail(claimed[1], at=NOW, progress=Progress(), problem=problem)

    def run(self, per_minute: float = 60, most_waiting: int = 99) -> Reanalysed:
        def pause(seconds: float) -> None:
            self.pauses.append(seconds)
            if seconds == 1.0 and self.store.waiting().analyses >= most_waiting:
                self.end(None, "fake@1")

        *_, last = Reanalysis(
            self.store,
            self.emotions,
            lambda: NOW,
            self.woken.append,
            lambda: uuid.uuid4().hex,
            pause,
        ).run(per_minute=per_minute, most_waiting=most_waiting)
        return last


@pytest.fixture
def case() -> Case:
    return Case()


def test_only_moods_of_another_model_are_renewed_and_a_worker_is_told(case: Case) -> None:
    case.with_mood("ana")
    case.with_mood("ben", model="fake@1")

    done = case.run()

    assert done == Reanalysed(users=2, queued=1, renewed=1)
    (analysis_id,) = case.woken
    queued = case.store.analysis(analysis_id)
    assert queued is not None
    assert queued.request.user_id == "ana"


def test_it_is_asked_as_the_user_asked_but_nothing_is_fetched(case: Case) -> None:
    case.with_mood("ana", source="x", source_user="ana2", max_posts=7, as_of="newest")

    case.run()

    queued = case.store.analysis(case.woken[0])
    assert queued is not None
    assert queued.request == AnalysisRequest("ana", max_posts=7, as_of="newest")


def test_it_keeps_its_rate_and_leaves_room_in_the_queue(case: Case) -> None:
    for user_id in ("ana", "ben", "cleo"):
        case.with_mood(user_id)

    done = case.run(per_minute=120, most_waiting=2)

    assert done.queued == 3
    assert case.pauses == [0.5, 0.5, 1.0, 0.5]
    assert case.store.waiting().analyses == 2


def test_a_second_run_queues_nothing_twice_also_if_analyses_ended_meanwhile(case: Case) -> None:
    case.with_mood("ana")
    case.with_mood("ben")
    case.run()
    case.end(None, "fake@1")

    assert case.run() == Reanalysed(users=2, renewed=1, under_way=1)
    assert len(case.woken) == 2


def test_whose_analysis_failed_is_asked_for_again(case: Case) -> None:
    case.with_mood("ana")
    for _ in range(3):
        assert case.run().queued == 1
        case.fail()

    assert len(case.woken) == 3


def test_an_analysis_that_ends_between_two_looks_is_not_asked_for_again(case: Case) -> None:
    case.with_mood("ana")
    old = case.store.latest_mood("ana")
    case.run()
    case.end(None, "fake@1")
    case.store.latest_mood = lambda _user_id: old  # type: ignore[method-assign]  read before

    assert case.run() == Reanalysed(users=1, renewed=1)


def test_without_posts_the_mood_stays(case: Case) -> None:
    case.with_mood("ana")
    case.store.sweep(NOW + timedelta(days=31))

    assert case.run() == Reanalysed(users=1, without_posts=1)
    latest = case.store.latest_mood("ana")
    assert latest is not None
    assert latest.result == {"model": "fake@0"}


def test_nobody_is_analysed_without_consent_or_beside_an_analysis_of_their_own(case: Case) -> None:
    case.with_mood("ana")
    case.store.set_consent("ana", None)
    case.with_mood("ben")
    asked = Analysis("own", AnalysisRequest("ben", max_posts=3), NOW)
    case.store.create_analysis(asked, idempotency_key=None)

    assert case.run() == Reanalysed(users=2, under_way=1)
    own = case.store.analysis("own")
    assert own is not None
    assert own.state is AnalysisState.QUEUED
