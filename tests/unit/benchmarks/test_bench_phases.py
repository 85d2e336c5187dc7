import json
from collections.abc import Sequence

import pytest

from benchmarks.peers.client.phases import Done, Moment, Phase, Window, prepare, summarise
from benchmarks.peers.contract import Answer, Call, classify_call
from benchmarks.peers.processes import Memory

TEXTS = ["a", "b", "c", "d", "e"]
REFERENCE = [Answer("joy", {"joy": 1.0}, index / 10) for index in range(len(TEXTS))]
WINDOW = Window(
    first=Moment(clock=10.0, server_cpu=100.0, client_cpu=5.0),
    last=Moment(clock=14.0, server_cpu=106.0, client_cpu=6.0),
    memory=Memory(rss_mib=300.0, pss_mib=250.0),
)
PHASE = Phase("batches", 2, 2, seconds=4.0)


def call(texts: Sequence[str]) -> Call:
    return classify_call("/classify", texts)


def body(*indices: int) -> bytes:
    return json.dumps(
        [{"label": "joy", "scores": {"joy": 1.0}, "irony": index / 10} for index in indices]
    ).encode()


def done(ended: float, status: str = "200", answer: bytes | None = None) -> Done:
    request = prepare(TEXTS, call, 2, 0)[0]
    return Done(request, ended - 0.2, ended - 0.1, ended, status, answer)


def test_requests_hold_every_text_once_from_the_offset_on() -> None:
    requests = prepare(TEXTS, call, 2, 3)

    assert [request.indices for request in requests] == [(3, 4), (0, 1)]
    assert json.loads(requests[0].call.body) == {"texts": ["d", "e"]}


def test_only_what_ended_in_the_window_is_counted() -> None:
    ends = [done(9.9), done(10.5), done(11.0), done(13.9), done(14.1)]

    result = summarise(PHASE, ends, REFERENCE, WINDOW)

    assert result.requests == 3
    assert result.texts_per_second == pytest.approx(6 / 4)
    assert result.cpu_per_1000 == pytest.approx(1000 * 6.0 / 6)
    assert result.client_cores == pytest.approx(0.25)
    assert result.p50_ms == pytest.approx(100.0)
    assert (result.rss_mib, result.pss_mib) == (300.0, 250.0)


def test_rejections_are_offered_but_not_answered_work() -> None:
    ends = [done(11.0), done(12.0, "429"), done(12.5, "429"), done(13.0, "ServerDisconnectedError")]

    result = summarise(PHASE, ends, REFERENCE, WINDOW)

    assert result.statuses == {"200": 1, "429": 2, "ServerDisconnectedError": 1}
    assert result.texts_per_second == pytest.approx(2 / 4)
    assert result.offered_per_second == pytest.approx(8 / 4)
    assert result.rejected_p99_ms == pytest.approx(100.0)
    assert result.late_p99_ms == pytest.approx(100.0)


def test_a_server_that_answers_nothing_has_no_latency_and_no_agreement() -> None:
    result = summarise(PHASE, [], REFERENCE, WINDOW)

    assert (result.texts_per_second, result.p50_ms, result.agreement) == (0.0, None, None)


def test_sampled_answers_are_compared_with_those_of_their_own_texts() -> None:
    right = summarise(PHASE, [done(11.0, answer=body(0, 1))], REFERENCE, WINDOW)
    swapped = summarise(PHASE, [done(11.0, answer=body(1, 0))], REFERENCE, WINDOW)

    assert right.agreement is not None
    assert swapped.agreement is not None
    assert right.agreement.worst == pytest.approx(0.0)
    assert swapped.agreement.worst == pytest.approx(0.1)


def test_an_answer_that_is_too_short_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 answers to 2 texts"):
        summarise(PHASE, [done(11.0, answer=body(0))], REFERENCE, WINDOW)
