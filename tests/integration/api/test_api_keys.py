"""With keys, each call needs one that allows it and reaches the user that it is about."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.domain.api_keys import Scope
from api.services.access import Access
from api.settings import Settings
from tests.support.fakes import FailingStore
from tests.support.wired_service import NOW, WiredService, problem, wire_service

PEPPER = "a pepper for tests only"
ALL = (Scope.ANALYSE, Scope.READ, Scope.ERASE)


@pytest.fixture
def wired(settings: Settings, store: FailingStore) -> Iterator[WiredService]:
    """A wired service that asks for keys, in which Alice and Bob were analysed."""
    with wire_service(store, settings.model_copy(update={"api_key_pepper": PEPPER})) as opened:
        opened.client.environ_base["HTTP_X_API_KEY"] = make(store, Scope.ADMIN)
        opened.ids = {name: opened.analysed(name) for name in ("alice", "bob")}  # type: ignore[attr-defined]
        del opened.client.environ_base["HTTP_X_API_KEY"]
        yield opened


def make(store: FailingStore, *scopes: Scope, users: tuple[str, ...] = ("Alice",)) -> str:
    return Access(store, lambda: NOW, PEPPER).create("tests", scopes, users)


def call(wired: WiredService, key: str | None, method: str, path: str, **more: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return wired.client.open(path, method=method, headers=headers, **more)


CALLS: list[tuple[Scope, str, str, dict[str, Any]]] = [
    (Scope.ANALYSE, "POST", "/v1/analyses", {"json": {"user_name": "alice", "consent": True}}),
    (Scope.READ, "GET", "/v1/analyses/{id}", {}),
    (Scope.READ, "GET", "/v1/analyses/{id}/events", {}),
    (Scope.ANALYSE, "POST", "/v1/analyses/{id}/feedback", {"json": {"mood": "Cheerful"}}),
    (Scope.ANALYSE, "POST", "/v1/users/alice/posts", {"data": b"id,text,created_at\n"}),
    (Scope.READ, "GET", "/v1/users/alice", {}),
    (Scope.READ, "GET", "/v1/users/alice/timeline", {}),
    (Scope.READ, "GET", "/v1/users/alice/recommendations", {}),
    (Scope.ANALYSE, "PUT", "/v1/users/alice/consent", {}),
    (Scope.READ, "GET", "/v1/users/alice/export", {}),
    (Scope.READ, "GET", "/recommend_friends/alice", {}),
    (Scope.READ, "GET", "/recomend_friends/alice", {}),
    (Scope.ANALYSE, "GET", "/start_analysis/alice?consent=perhaps", {}),
    (Scope.ERASE, "DELETE", "/v1/users/alice/consent", {}),
    (Scope.ERASE, "DELETE", "/v1/users/alice", {}),
]
each_call = pytest.mark.parametrize(
    ("scope", "method", "path", "more"), CALLS, ids=lambda value: str(value)[:40]
)


def path_of(wired: WiredService, path: str, name: str = "alice") -> str:
    ids: dict[str, str] = wired.ids  # type: ignore[attr-defined]
    return path.replace("{id}", ids[name]).replace("alice", name)


@each_call
def test_without_a_key_nothing_is_answered(
    wired: WiredService, scope: Scope, method: str, path: str, more: dict[str, Any]
) -> None:
    answer = call(wired, None, method, path_of(wired, path), **more)

    assert "API key" in problem(answer, 401, "key-required")["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@each_call
def test_a_key_without_the_scope_is_refused_and_told_which(
    wired: WiredService,
    store: FailingStore,
    scope: Scope,
    method: str,
    path: str,
    more: dict[str, Any],
) -> None:
    key = make(store, *(other for other in ALL if other is not scope))

    answer = call(wired, key, method, path_of(wired, path), **more)

    problem(answer, 403, "not-allowed")
    assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]


@each_call
def test_a_key_with_just_the_scope_is_let_through(
    wired: WiredService,
    store: FailingStore,
    scope: Scope,
    method: str,
    path: str,
    more: dict[str, Any],
) -> None:
    answer = call(wired, make(store, scope), method, path_of(wired, path), **more)

    assert answer.status_code not in (401, 403)


@each_call
def test_a_key_reaches_no_other_user(
    wired: WiredService,
    store: FailingStore,
    scope: Scope,
    method: str,
    path: str,
    more: dict[str, Any],
) -> None:
    key = make(store, *ALL)
    about_bob = {"json": {**more["json"], "user_name": "Bob"}} if "consent" in str(more) else more

    answer = call(wired, key, method, path_of(wired, path, "bob"), **about_bob)

    # The id of an analysis tells nothing of whether it exists.
    assert answer.status_code == (404 if "{id}" in path else 403)
    admin = make(store, Scope.ADMIN)
    assert call(wired, admin, "GET", "/v1/users/bob").get_json()["posts"] == 5


def test_every_call_but_those_about_the_service_needs_a_key(wired: WiredService) -> None:
    served = {
        (method, rule.rule)
        for rule in wired.service.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("service.", "static"))
    }

    unguarded = {
        (method, rule)
        for method, rule in served
        if wired.client.open(rule.replace("<", "").replace(">", ""), method=method).status_code
        != 401
    }

    assert len(served) >= len(CALLS)
    # A browser is sent there, which can show no key: X and a sealed ticket tell who it is.
    assert unguarded == {("GET", "/v1/sign-in/x"), ("GET", "/v1/sign-in/x/callback")}


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/", "/docs"])
def test_what_is_about_the_service_needs_no_key(wired: WiredService, path: str) -> None:
    assert call(wired, None, "GET", path).status_code == 200


def test_a_key_is_taken_from_either_header(wired: WiredService, store: FailingStore) -> None:
    key = make(store, Scope.READ)

    answer = wired.client.get("/v1/users/alice", headers={"X-API-Key": key})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1],
        lambda key: key + "x",
        lambda key: key.partition(".")[0],
        lambda key: key.partition(".")[0] + ".",
        lambda key: "x" + key,
        lambda key: key.upper(),
        lambda _key: ".",
        lambda _key: "é.ü",
        lambda _key: "[$ne].x",
    ],
)
def test_a_key_that_is_not_quite_right_is_refused(
    wired: WiredService, store: FailingStore, spoil: Callable[[str], str]
) -> None:
    answer = call(wired, spoil(make(store, Scope.ADMIN)), "GET", "/v1/users/alice")

    problem(answer, 401, "key-required")


def test_a_revoked_key_is_refused_at_once(wired: WiredService, store: FailingStore) -> None:
    key = make(store, Scope.READ)
    wired.service.services.access.revoke(key.partition(".")[0])

    problem(call(wired, key, "GET", "/v1/users/alice"), 401, "key-required")


def test_the_use_of_a_key_is_noted(wired: WiredService, store: FailingStore) -> None:
    key = make(store, Scope.READ)

    call(wired, key, "GET", "/v1/users/alice")

    kept = store.key(key.partition(".")[0])
    assert kept is not None
    assert kept.last_used_at == NOW


def test_no_secret_is_kept(store: FailingStore) -> None:
    secret = make(store, Scope.READ).partition(".")[2]

    assert secret not in str([(key, key.digest) for key in store.all_keys()])


def test_another_pepper_makes_all_keys_useless(wired: WiredService, store: FailingStore) -> None:
    key = Access(store, lambda: NOW, "another pepper").create("tests", [Scope.ADMIN], [])

    problem(call(wired, key, "GET", "/v1/users/alice"), 401, "key-required")
