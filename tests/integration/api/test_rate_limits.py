"""Who calls too often is told when to come back; others are not kept waiting for it."""

from collections.abc import Iterator

import pytest

from api.domain.api_keys import Scope
from api.services.access import Access
from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.wired_service import NOW, WiredService, problem, wire_service

PEPPER = "a pepper for tests only"


@pytest.fixture
def limited(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limit": "3/hour", "work_rate_limit": "1/hour"})


@pytest.fixture
def wired(limited: Settings) -> Iterator[WiredService]:
    with wire_service(MemoryStore(), limited) as opened:
        yield opened


def test_past_the_limit_a_call_is_told_when_to_come_back(wired: WiredService) -> None:
    for _ in range(3):
        assert wired.client.get("/v1/users/alice").status_code == 404

    answer = wired.client.get("/v1/users/alice")

    problem(answer, 429, "busy")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_work_is_limited_on_its_own(wired: WiredService) -> None:
    wired.import_posts("alice", 1)

    answer = wired.start("alice")

    problem(answer, 429, "busy")
    assert wired.client.get("/v1/users/alice").status_code == 200


def test_health_and_pages_are_never_refused(wired: WiredService) -> None:
    for _ in range(5):
        assert wired.client.get("/livez").status_code == 200
        assert wired.client.get("/web/dashboard.js").status_code == 200


def test_another_address_has_a_limit_of_its_own(wired: WiredService) -> None:
    for _ in range(4):
        wired.client.get("/v1/users/alice")

    answer = wired.client.get("/v1/users/alice", environ_base={"REMOTE_ADDR": "127.0.0.2"})

    assert answer.status_code == 404


def test_each_key_has_a_limit_of_its_own(limited: Settings) -> None:
    store = MemoryStore()
    access = Access(store, lambda: NOW, PEPPER)
    one, other = (access.create(name, [Scope.ADMIN], []) for name in ("one", "other"))
    with wire_service(store, limited.model_copy(update={"api_key_pepper": PEPPER})) as wired:
        for _ in range(4):
            spent = wired.client.get("/v1/users/alice", headers={"X-API-Key": one})

        fresh = wired.client.get("/v1/users/alice", headers={"X-API-Key": other})

    assert (spent.status_code, fresh.status_code) == (429, 404)


def test_keys_cannot_be_tried_without_limit(limited: Settings) -> None:
    keyed = limited.model_copy(update={"api_key_pepper": PEPPER})
    with wire_service(MemoryStore(), keyed) as wired:
        tried = [
            wired.client.get("/v1/users/alice", headers={"X-API-Key": f"k{n}.x"}).status_code
            for n in range(4)
        ]

    assert tried == [401, 401, 401, 429]


def test_without_its_redis_each_process_counts_by_itself(limited: Settings) -> None:
    # Nothing listens on port 9 (discard) of a usual machine.
    away = limited.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})
    with wire_service(MemoryStore(), away) as wired:
        answers = [wired.client.get("/v1/users/alice").status_code for _ in range(4)]

    assert answers == [404, 404, 404, 429]


def test_off_means_no_limit(settings: Settings) -> None:
    free = settings.model_copy(update={"rate_limit": None, "work_rate_limit": None})
    with wire_service(MemoryStore(), free) as wired:
        assert {wired.client.get("/v1/users/alice").status_code for _ in range(9)} == {404}
