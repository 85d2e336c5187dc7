"""Who calls too often is told when to come back; others are not kept waiting for it."""

import time
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


def statuses(wired: WiredService, *, calls: int = 4, key: str = "") -> list[int]:
    headers = {"X-API-Key": key} if key else {}
    paths = ["/v1/users/alice"] * calls
    return [wired.client.get(path, headers=headers).status_code for path in paths]


def test_past_the_limit_a_call_is_told_when_to_come_back(wired: WiredService) -> None:
    assert statuses(wired, calls=3) == [404, 404, 404]

    answer = wired.client.get("/v1/users/alice")

    problem(answer, 429, "busy")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    elsewhere = {"REMOTE_ADDR": "127.0.0.2"}  # which has a limit of its own
    assert wired.client.get("/v1/users/alice", environ_base=elsewhere).status_code == 404


@pytest.mark.parametrize("hours", [-1, 24 * 366], ids=["back", "ahead"])
def test_a_clock_that_jumps_neither_ends_the_wait_nor_makes_it_longer(
    wired: WiredService, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    statuses(wired, calls=3)
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + hours * 3600)

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


def test_each_key_has_a_limit_of_its_own(limited: Settings) -> None:
    store = MemoryStore()
    access = Access(store, lambda: NOW, PEPPER)
    one, other = (access.create(name, [Scope.ADMIN], []) for name in ("one", "other"))
    with wire_service(store, limited.model_copy(update={"api_key_pepper": PEPPER})) as wired:
        assert statuses(wired, key=one)[-1] == 429
        assert statuses(wired, key=other)[0] == 404


@pytest.mark.parametrize(
    ("changed", "key", "expected"),
    [
        ({"api_key_pepper": PEPPER}, "guessed.x", [401, 401, 401, 429]),
        # Nothing listens on port 9 (discard) of a usual machine.
        ({"redis_url": "redis://127.0.0.1:9/0"}, "", [404, 404, 404, 429]),
        ({"rate_limit": None, "work_rate_limit": None}, "", [404, 404, 404, 404]),
    ],
    ids=["keys that are tried", "Redis is away, so each process counts", "no limit"],
)
def test_calls_are_counted_under_any_settings(
    limited: Settings, changed: dict[str, object], key: str, expected: list[int]
) -> None:
    with wire_service(MemoryStore(), limited.model_copy(update=changed)) as wired:
        assert statuses(wired, key=key) == expected
