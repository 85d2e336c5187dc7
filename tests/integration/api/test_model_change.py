"""After a change of the model old moods say so, and a re-analysis renews each of them once."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.domain.posts import Post
from api.ports.emotions import ModelIdentity
from api.services.reanalysis import Reanalysed, Reanalysis
from api.settings import read_settings
from tests.support.fakes import MemoryStore
from tests.support.wired_service import NOW, WiredService, wire_service

OLD, NEW = ModelIdentity("fake", "1"), ModelIdentity("fake", "2")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[WiredService]:
    settings = read_settings({"DATA_DIR": str(tmp_path)})
    with wire_service(MemoryStore(), settings) as wired:
        yield wired


def fill(service: WiredService, users: list[str], posts_each: int) -> None:
    for user_id in users:
        service.store.ensure_user(user_id, user_id, NOW)
        service.store.save_posts(
            user_id,
            (
                Post(str(n), f"{user_id} wrote {n} of joy", NOW - timedelta(hours=n))
                for n in range(posts_each)
            ),
            NOW,
        )
        service.start(user_id)
    service.work()


def reanalysis(service: WiredService, pause: Callable[[float], object]) -> Iterator[Reanalysed]:
    return Reanalysis(
        service.store,
        service.emotions,
        lambda: NOW,
        lambda _analysis_id: None,
        lambda: uuid.uuid4().hex,
        pause,
    ).run(per_minute=1_000, most_waiting=5)


def results(service: WiredService, users: list[str]) -> list[dict[str, Any]]:
    return [service.client.get(f"/v1/users/{one}").get_json()["result"] for one in users]


@pytest.mark.parametrize(
    ("people", "posts_each"), [(8, 5), pytest.param(50, 200, marks=pytest.mark.long)]
)
def test_old_moods_say_so_and_reanalysis_renews_each_once_even_if_it_is_killed(
    service: WiredService, people: int, posts_each: int
) -> None:
    users = [f"user{number:02d}" for number in range(people)]
    fill(service, users, posts_each)
    assert len(service.emotions.texts) == people * posts_each
    service.emotions.identity = NEW

    old = results(service, users)

    assert {each["model"] for each in old} == {OLD.key}
    assert all("fake 1; now fake 2" in each["model_note"] for each in old)

    killed = reanalysis(service, lambda _seconds: service.service.runner.run())
    for _ in range(people // 2):
        next(killed)
    killed.close()
    *_, last = reanalysis(service, lambda _seconds: service.service.runner.run())
    service.work()

    assert last.users == people
    assert last.queued + last.renewed + last.under_way == people
    renewed = results(service, users)
    assert {each["model"] for each in renewed} == {NEW.key}
    assert {each["model_note"] for each in renewed} == {None}
    assert [each["posts"]["total"] for each in renewed] == [posts_each] * people
    assert len(service.emotions.texts) == 2 * people * posts_each
    histories = [service.client.get(f"/v1/users/{one}/analyses").get_json() for one in users]
    assert [len(each["analyses"]) for each in histories] == [2] * people
    *_, again = reanalysis(service, lambda _seconds: None)
    assert again == Reanalysed(users=people, renewed=people)
