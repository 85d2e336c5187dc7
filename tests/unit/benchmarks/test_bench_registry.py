import inspect
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.peers.adapters import CommandPeer, read_tensors
from benchmarks.peers.contract import Answer, Setup, read_items
from benchmarks.peers.registry import ENTRIES, OURS, OURS_BENTOML, Entry


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_every_peer_is_started_and_asked_in_the_same_way(entry: Entry) -> None:
    assert list(inspect.signature(entry.peer.start).parameters) == ["setup"]
    assert list(inspect.signature(entry.peer.call).parameters) == ["setup", "texts"]


def test_both_schedulers_of_moodline_are_compared(tmp_path: Path) -> None:
    setup = Setup(Path("python"), 4711, tmp_path, tmp_path)
    schedulers = {}
    for name in (OURS, OURS_BENTOML):
        peer = ENTRIES[name].peer
        assert isinstance(peer, CommandPeer)
        schedulers[name] = peer.environment(setup)["SERVING_SCHEDULER"]

    assert schedulers == {"moodline": "continuous", "moodline_bentoml": "bentoml"}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_every_package_of_a_peer_is_pinned(entry: Entry) -> None:
    if entry.requirements is None:
        return

    lines = entry.requirements.read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]

    assert packages
    assert all("==" in line for line in packages)


def test_tensors_are_read_as_the_same_answers_that_items_are() -> None:
    emotions = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
    scores = [0.0, 0.0, 0.75, 0.25, 0.0, 0.0, 0.0]
    tensors = {"label": ["joy"], "scores": scores, "irony": [0.5]}
    outputs = [{"name": name, "data": data} for name, data in tensors.items()]
    item = {"label": "joy", "scores": dict(zip(emotions, scores, strict=True)), "irony": 0.5}

    from_tensors = read_tensors(json.dumps({"outputs": outputs}).encode())
    from_items = read_items(json.dumps([item]).encode())

    assert from_tensors == from_items == [Answer("joy", item["scores"], 0.5)]


@pytest.mark.parametrize(
    ("read", "body"),
    [
        *((read_tensors, body) for body in (b'{"outputs": []}', b"[]", b"{}", b"nothing")),
        *(
            (read_items, body)
            for body in (b'{"detail": "busy"}', b"[1]", b'[{"label": "joy"}]', b"")
        ),
    ],
)
def test_a_body_of_another_shape_is_no_answer(
    read: Callable[[bytes], list[Answer]], body: bytes
) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(body)
