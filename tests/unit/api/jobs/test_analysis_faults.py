"""An analysis survives outages, ends silently if it loses its lease, and repeats no work."""

import threading
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest

from api.domain.analyses import AnalysisState
from api.errors import (
    InferenceRejectedError,
    InferenceUnavailableError,
    SourceRateLimitedError,
)
from api.ports.emotions import ModelIdentity
from api.ports.sources import SourcePage
from tests.support.fakes.runs import LIMITS, Setting, fetching, on_call
from tests.support.fakes.sources import FakeSource
from tests.support.posts import posts


def test_an_outage_within_the_budget_is_waited_out() -> None:
    setting = Setting()
    setting.emotions_down(at_call=2)

    def recover_after_three() -> None:
        setting.emotions.down = len(setting.clock.pauses) < 3

    setting.clock.on_pause = recover_after_three

    setting.run()

    assert setting.analysis().state is AnalysisState.SUCCEEDED
    assert sorted(setting.emotions.texts) == sorted(post.text for post in posts(20))


def test_an_outage_is_retried_at_growing_pauses_within_the_budget_then_fails_with_advice() -> None:
    setting = Setting()
    setting.emotions.down = True
    tried_at: list[float] = []

    def refuse(check: object) -> None:
        tried_at.append(sum(setting.clock.pauses))
        raise InferenceUnavailableError("The fake is down.")

    setting.emotions.model = refuse  # type: ignore[method-assign, assignment]

    setting.run()

    assert tried_at == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 25.5]
    assert sum(setting.clock.pauses) <= LIMITS.retry_seconds
    assert setting.analysis().state is AnalysisState.FAILED
    assert setting.problem().type == "inference-unavailable"
    assert "Start the analysis again" in setting.problem().detail


def test_the_seconds_of_each_stage_are_told_also_of_an_analysis_that_failed() -> None:
    setting = Setting()
    setting.clock.pause(7.0)
    setting.emotions_down(at_call=2)

    setting.run()

    seconds = setting.analysis().progress.seconds
    assert setting.analysis().state is AnalysisState.FAILED
    assert seconds.queue == 7.0
    assert seconds.classify == sum(setting.clock.pauses) - 7.0 > 10
    assert (seconds.fetch, seconds.decide) == (0.0, 0.0)


def test_a_deferred_analysis_keeps_the_seconds_of_its_first_run() -> None:
    setting, _ = fetching()

    class SlowSource(FakeSource):
        def page(self, account: str, **asked: Any) -> SourcePage:
            setting.clock.pause(3.0)
            raise SourceRateLimitedError("later", setting.clock() + timedelta(minutes=10))

    setting.sources["x"] = SlowSource()
    setting.run()

    deferred = setting.analysis("a2")
    assert deferred.state is AnalysisState.QUEUED
    assert (deferred.progress.seconds.queue, deferred.progress.seconds.fetch) == (0.0, 3.0)


def test_an_analysis_that_is_cancelled_during_an_outage_does_not_keep_its_thread() -> None:
    setting = Setting()
    setting.emotions.down = True

    def cancel_in_the_longest_pause() -> None:
        if sum(setting.clock.pauses) > 8:
            setting.store.cancel("a1", setting.clock())

    setting.clock.on_pause = cancel_in_the_longest_pause

    setting.run()

    assert sum(setting.clock.pauses) < 10  # that pause would have been until 15.5
    assert setting.analysis().state is AnalysisState.CANCELLED


def test_after_a_failure_the_next_analysis_goes_on_where_it_stopped() -> None:
    setting = Setting()
    setting.emotions_down(at_call=2)
    setting.run()
    kept = setting.analysis().progress.classified
    setting.emotions.down = False
    setting.queue("a2")

    setting.run()

    assert 0 < kept < 20
    assert setting.analysis("a2").progress.reused == kept
    assert sorted(setting.emotions.texts) == sorted(post.text for post in posts(20))


def test_what_was_answered_after_the_failing_chunk_is_kept_too() -> None:
    setting = Setting(count=8)
    newest = posts(8)[7].text
    classify = setting.emotions.classify
    second_answered = threading.Event()

    def fail_first_chunk(texts: list[str], *, check: object) -> object:
        if newest in texts:
            assert second_answered.wait(5)
            raise InferenceRejectedError("The fake refuses this chunk.")
        answer = classify(texts)
        second_answered.set()
        return answer

    setting.emotions.classify = fail_first_chunk  # type: ignore[method-assign, assignment]

    setting.run()

    assert setting.problem().type == "inference-rejected"
    assert setting.unclassified() == 4


def test_an_unexpected_error_fails_the_analysis_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    setting = Setting()
    setting.emotions.error = ZeroDivisionError("secret inside")

    setting.run()

    assert setting.problem().type == "unexpected"
    assert "secret inside" not in setting.problem().detail
    assert "ZeroDivisionError" in caplog.text


def test_a_run_whose_user_was_erased_ends_silently_and_brings_nothing_back() -> None:
    setting = Setting()
    setting.emotions.before_answer = on_call(
        2, lambda: setting.store.erase_user("alice", setting.clock())
    )

    assert setting.run() is True

    assert setting.store.user("alice") is None
    assert setting.store.analysis("a1") is None


def taken_over(setting: Setting) -> None:
    taken, now = None, setting.clock()
    while taken is None:  # the run may renew its lease meanwhile
        (hold,) = setting.store.holds()
        until = now + timedelta(hours=1)
        taken = setting.store.take_over(hold, owner="other", now=now, until=until)


def test_a_run_that_lost_its_lease_changes_nothing() -> None:
    setting = Setting()
    setting.emotions.before_answer = on_call(1, lambda: taken_over(setting))

    setting.run()

    assert setting.analysis().state is AnalysisState.RUNNING
    assert setting.analysis().result is None


def test_a_run_that_is_cancelled_ends_at_its_next_write_and_keeps_what_it_had() -> None:
    setting = Setting()
    setting.emotions.before_answer = on_call(
        3, lambda: setting.store.cancel("a1", setting.clock()) and None
    )

    assert setting.run() is True

    assert setting.analysis().state is AnalysisState.CANCELLED
    assert setting.analysis().result is None
    assert 0 < setting.unclassified() < 20
    assert len(setting.emotions.calls) <= 5


def test_at_shutdown_the_analysis_goes_back_to_the_queue_with_its_work() -> None:
    setting = Setting()
    setting.emotions.before_answer = on_call(2, setting.stopping.set)

    setting.run()

    assert setting.analysis().state is AnalysisState.QUEUED
    assert len(setting.emotions.texts) == 20 - setting.unclassified()


def test_a_new_model_that_comes_back_after_an_outage_hands_the_analysis_back() -> None:
    setting = Setting()
    setting.emotions_down(at_call=2)

    def return_as_another() -> None:
        setting.emotions.down = False
        setting.emotions.identity = ModelIdentity("fake", "2")

    setting.clock.on_pause = return_as_another

    setting.run()

    assert setting.analysis().state is AnalysisState.QUEUED


def test_an_analysis_whose_lease_ended_is_taken_up_again() -> None:
    setting = Setting()
    dead = setting.clock()
    setting.store.claim("a1", owner="dead", now=dead, until=dead)

    assert setting.run_after_lease()

    assert setting.analysis().state is AnalysisState.SUCCEEDED
    assert setting.analysis().attempt == 2


def test_an_analysis_that_never_ends_is_given_up() -> None:
    setting = Setting()
    setting.store.claim("a1", owner="dead", now=setting.clock(), until=setting.clock())
    for _ in range(19):
        taken_over(setting)

    setting.run_after_lease()

    assert setting.analysis().state is AnalysisState.FAILED
    assert setting.emotions.calls == []


def test_a_store_that_goes_away_leaves_the_analysis_to_its_lease() -> None:
    setting = Setting()
    setting.emotions.before_answer = on_call(1, lambda: setattr(setting.store, "down", True))

    assert setting.run() is True

    setting.store.down = False
    assert setting.analysis().state is AnalysisState.RUNNING


def test_an_answer_that_comes_just_as_a_wait_for_it_ends_is_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting = Setting()
    result = Future.result

    def late(self: Future[Any], timeout: float | None = None) -> Any:
        answer = result(self)
        if timeout is not None:
            raise TimeoutError  # as if the answer had come a moment later
        return answer

    monkeypatch.setattr(Future, "result", late)

    setting.run()

    assert setting.analysis().state is AnalysisState.SUCCEEDED
