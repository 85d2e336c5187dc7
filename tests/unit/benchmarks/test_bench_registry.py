from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

from benchmarks.peers.adapters.mlserver import read_tensors
from benchmarks.peers.adapters.wire import read_items
from benchmarks.peers.contract import Answer, Place
from benchmarks.peers.registry import ENTRIES, load_peer


@pytest.mark.parametrize("name", ENTRIES)
def test_every_peer_has_the_same_three_functions(name: str) -> None:
    peer = load_peer(name)

    assert list(inspect.signature(peer.start).parameters) == ["place"]
    assert list(inspect.signature(peer.call).parameters) == ["place", "texts"]
    assert list(inspect.signature(peer.stop).parameters) == ["server"]


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry.name)
def test_every_package_of_a_peer_is_pinned(entry) -> None:  # type: ignore[no-untyped-def] # a parameter
    if entry.requirements is None:
        return

    lines = entry.requirements.read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]

    assert packages
    assert all("==" in line for line in packages)


def test_a_place_survives_the_way_to_a_client_process(tmp_path: Path) -> None:
    place = Place(Path("/a/python"), 4711, tmp_path, Path("model"), None)

    assert Place.from_job(json.loads(json.dumps(place.to_job()))) == place


def test_tensors_are_read_as_the_same_answers_that_items_are() -> None:
    emotions = ("anger", "fear", "joy", "love", "sadness", "surprise", "neutral")
    scores = [0.0, 0.0, 0.75, 0.25, 0.0, 0.0, 0.0]
    tensors = {"label": ["joy"], "scores": scores, "irony": [0.5]}
    outputs = [{"name": name, "data": data} for name, data in tensors.items()]
    item = {"label": "joy", "scores": dict(zip(emotions, scores, strict=True)), "irony": 0.5}

    from_tensors = read_tensors(json.dumps({"outputs": outputs}).encode())
    from_items = read_items(json.dumps([item]).encode())

    assert from_tensors == from_items == [Answer("joy", item["scores"], 0.5)]


@pytest.mark.parametrize("body", [b'{"outputs": []}', b"[]", b"{}", b"nothing"])
def test_a_body_without_tensors_is_no_answer(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_tensors(body)


@pytest.mark.parametrize("body", [b'{"detail": "busy"}', b"[1]", b'[{"label": "joy"}]', b""])
def test_a_body_without_items_is_no_answer(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_items(body)
