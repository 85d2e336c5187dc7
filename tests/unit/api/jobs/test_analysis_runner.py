"""An analysis classifies what is new in chunks, and scores."""

import threading

from api.domain.analyses import AnalysisState
from api.logs import trace_id
from api.ports.emotions import ModelIdentity
from tests.support.fakes.runs import Setting
from tests.support.posts import posts


def test_an_analysis_ends_with_a_mood_and_full_progress() -> None:
    setting = Setting()

    setting.run()

    analysis = setting.analysis()
    assert analysis.state is AnalysisState.SUCCEEDED
    assert analysis.result is not None
    assert analysis.result["mood"] == "Cheerful"
    assert analysis.progress.classified == analysis.progress.total == 20


def test_every_post_is_classified_once_in_chunks_of_the_set_size() -> None:
    setting = Setting(count=11)

    setting.run()

    assert sorted(setting.emotions.texts) == sorted(post.text for post in posts(11))
    assert sorted(len(call) for call in setting.emotions.calls) == [3, 4, 4]


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    setting = Setting(count=40)
    now, most, lock = [0], [0], threading.Lock()
    classify = setting.emotions.classify
    both = threading.Barrier(2, timeout=5)

    def counted(texts: list[str], *, check: object) -> object:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait()
        try:
            return classify(texts)
        finally:
            with lock:
                now[0] -= 1

    setting.emotions.classify = counted  # type: ignore[method-assign, assignment]

    setting.run()

    assert most[0] == 2
    assert setting.analysis().state is AnalysisState.SUCCEEDED


def test_a_second_analysis_classifies_only_new_posts() -> None:
    setting = Setting(count=10)
    setting.run()
    setting.store.save_posts("alice", posts(3, start=100), setting.clock())

    setting.run_again()

    assert len(setting.emotions.texts) == 3
    assert setting.analysis("a2").progress.reused == 10
    assert setting.analysis("a2").progress.total == 13


def test_another_model_version_classifies_everything_again() -> None:
    setting = Setting(count=10)
    setting.run()
    setting.emotions.identity = ModelIdentity("fake", "2")

    setting.run_again()

    assert len(setting.emotions.texts) == 10


def test_only_the_newest_posts_are_read_where_a_number_is_asked_for() -> None:
    setting = Setting(count=10)
    setting.run()
    setting.emotions.identity = ModelIdentity("fake", "2")

    setting.run_again(max_posts=3)

    assert sorted(setting.emotions.texts) == [post.text for post in posts(10)[7:]]
    assert setting.analysis("a2").progress.total == 3


def test_a_user_without_posts_gets_no_mood_and_a_reason() -> None:
    setting = Setting(count=0)

    setting.run()

    result = setting.analysis().result or {}
    assert result["mood"] is None
    assert result["reason"]


def test_an_empty_queue_is_reported() -> None:
    setting = Setting()
    setting.run()

    assert setting.run() is False


def test_each_call_of_the_inference_server_bears_the_id_of_the_analysis() -> None:
    setting = Setting(count=10)
    ids: list[str | None] = []
    setting.emotions.before_answer = lambda _calls: ids.append(trace_id())

    setting.run()

    assert ids == ["a1"] * 3
    assert trace_id() is None
