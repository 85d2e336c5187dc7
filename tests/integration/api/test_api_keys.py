"""With keys, each call needs one that allows it and reaches the user that it is about."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from werkzeug.test import TestResponse

from api.domain.api_keys import ApiKey, Scope
from api.errors import InvalidRequestError
from api.ports.api_keys import KeyStore
from api.services.access import Access
from api.settings import Settings
from tests.support.fakes import MemoryStore
from tests.support.wired_service import NOW, WiredService, problem, wire_service

PEPPER = "a pepper for tests only"
ALL = (Scope.ANALYSE, Scope.READ, Scope.ERASE)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def wired(settings: Settings, store: MemoryStore) -> Iterator[WiredService]:
    """A wired service that asks for keys, in which Alice and Bob were analysed."""
    with wire_service(store, settings.model_copy(update={"api_key_pepper": PEPPER})) as opened:
        opened.ids = {}  # type: ignore[attr-defined]
        for name in ("alice", "bob"):
            analyse(opened, name)
        yield opened


def make(store: KeyStore, *scopes: Scope, users: tuple[str, ...] = ("Alice",)) -> str:
    return Access(store, lambda: NOW, PEPPER).create("tests", scopes, users)


def analyse(wired: WiredService, name: str) -> None:
    wired.client.environ_base["HTTP_X_API_KEY"] = make(wired.store, Scope.ADMIN)
    wired.ids[name] = wired.analysed(name)  # type: ignore[attr-defined]
    del wired.client.environ_base["HTTP_X_API_KEY"]


def call(wired: WiredService, key: str | None, method: str, path: str, **more: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return wired.client.open(path, method=method, headers=headers, **more)


class Call(NamedTuple):
    """A call about Alice, or about her analysis {id}, and the scope that it needs."""

    scope: Scope
    method: str
    path: str
    more: dict[str, Any] = {}  # noqa: RUF012  never changed


CALLS = [
    Call(Scope.ANALYSE, "POST", "/v1/analyses", {"json": {"user_name": "alice", "consent": True}}),
    Call(Scope.READ, "GET", "/v1/analyses/{id}"),
    Call(Scope.READ, "GET", "/v1/analyses/{id}/events"),
    Call(Scope.READ, "GET", "/v1/analyses/{id}/feedback"),
    Call(Scope.ANALYSE, "POST", "/v1/analyses/{id}/feedback", {"json": {"mood": "Cheerful"}}),
    Call(Scope.ANALYSE, "POST", "/v1/users/alice/posts", {"data": b"id,text,created_at\n"}),
    Call(Scope.READ, "GET", "/v1/users/alice"),
    Call(Scope.READ, "GET", "/v1/users/alice/timeline"),
    Call(Scope.READ, "GET", "/v1/users/alice/summary.png"),
    Call(Scope.READ, "GET", "/v1/users/alice/recommendations"),
    Call(Scope.ANALYSE, "PUT", "/v1/users/alice/consent"),
    Call(Scope.READ, "GET", "/v1/users/alice/export"),
    Call(
        Scope.ANALYSE,
        "PUT",
        "/v1/users/alice/corrections",
        {"json": {"post_id": "1", "emotion": "joy"}},
    ),
    Call(Scope.ANALYSE, "DELETE", "/v1/users/alice/corrections?post_id=1"),
    Call(Scope.READ, "GET", "/recommend_friends/alice"),
    Call(Scope.READ, "GET", "/recomend_friends/alice"),
    Call(Scope.ANALYSE, "GET", "/start_analysis/alice?consent=perhaps"),
    Call(Scope.ERASE, "DELETE", "/v1/users/alice/consent"),
    Call(Scope.ERASE, "DELETE", "/v1/users/alice"),
]
ABOUT_NOBODY = [Call(Scope.READ, "GET", "/v1/moods")]


def _named(each: Call) -> str:
    return f"{each.method} {each.path}"


each_call = pytest.mark.parametrize("each", CALLS + ABOUT_NOBODY, ids=_named)
each_call_about_a_user = pytest.mark.parametrize("each", CALLS, ids=_named)


def make_call(wired: WiredService, key: str, each: Call, name: str = "alice") -> TestResponse:
    ids: dict[str, str] = wired.ids  # type: ignore[attr-defined]
    path = each.path.replace("{id}", ids[name]).replace("alice", name)
    more = dict(each.more)
    if "user_name" in more.get("json", ()):
        more["json"] = {**more["json"], "user_name": name}
    return call(wired, key, each.method, path, **more)


@each_call
def test_a_key_without_the_scope_is_refused_and_told_which(
    wired: WiredService, store: MemoryStore, each: Call
) -> None:
    key = make(store, *(other for other in ALL if other is not each.scope))

    answer = make_call(wired, key, each)

    problem(answer, 403, "not-allowed")
    assert f'scope="{each.scope}"' in answer.headers["WWW-Authenticate"]


@each_call
def test_a_key_with_just_the_scope_is_let_through(
    wired: WiredService, store: MemoryStore, each: Call
) -> None:
    analyse(wired, "carol")

    answer = make_call(wired, make(store, each.scope, users=("Carol",)), each, "carol")

    assert answer.status_code not in (401, 403)


@each_call_about_a_user
def test_a_key_reaches_no_other_user(wired: WiredService, store: MemoryStore, each: Call) -> None:
    answer = make_call(wired, make(store, *ALL), each, "bob")

    # The id of an analysis tells nothing of whether it exists.
    assert answer.status_code == (404 if "{id}" in each.path else 403)
    admin = make(store, Scope.ADMIN)
    assert call(wired, admin, "GET", "/v1/users/bob").get_json()["posts"] == 5


@each_call
def test_a_key_for_an_application_reaches_everybody_and_needs_no_names(
    wired: WiredService, store: MemoryStore, each: Call
) -> None:
    key = make(store, Scope.APPLICATION, users=())
    for name in ("dora", "emil"):
        analyse(wired, name)

        assert make_call(wired, key, each, name).status_code not in (401, 403, 404)


def test_a_key_for_an_application_administers_nothing() -> None:
    key = ApiKey("p", "app", b"", frozenset({Scope.APPLICATION}), frozenset(), NOW)

    assert [scope for scope in Scope if not key.allows(scope)] == [Scope.ADMIN]


def test_a_key_that_reaches_nobody_is_not_made(store: MemoryStore) -> None:
    with pytest.raises(InvalidRequestError, match="nobody"):
        make(store, Scope.READ, users=())


def test_every_call_but_those_about_the_service_needs_a_key(wired: WiredService) -> None:
    served = {
        (method, rule.rule)
        for rule in wired.service.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("service.", "static"))
    }

    unguarded = set()
    for method, rule in served:
        answer = call(wired, None, method, rule.replace("<", "").replace(">", ""))
        if answer.status_code != 401:
            unguarded.add((method, rule))
            continue
        assert "API key" in problem(answer, 401, "key-required")["detail"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    assert len(served) >= len(CALLS)
    # A browser is sent there, which can show no key: X and a sealed ticket tell who it is.
    # What is told of invented people, and the words of a consent, are for everybody.
    assert unguarded == {
        ("GET", "/v1/sign-in/x"),
        ("GET", "/v1/sign-in/x/callback"),
        ("GET", "/v1/consent-words"),
        ("GET", "/v1/demo"),
        ("GET", "/v1/demo/<user_name>.csv"),
    }


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/", "/docs"])
def test_what_is_about_the_service_needs_no_key(wired: WiredService, path: str) -> None:
    assert call(wired, None, "GET", path).status_code == 200


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
    wired: WiredService, store: MemoryStore, spoil: Callable[[str], str]
) -> None:
    answer = call(wired, spoil(make(store, Scope.ADMIN)), "GET", "/v1/users/alice")

    problem(answer, 401, "key-required")


def test_a_revoked_key_is_refused_at_once(wired: WiredService, store: MemoryStore) -> None:
    key = make(store, Scope.READ)
    wired.service.services.access.revoke(key.partition(".")[0])

    problem(call(wired, key, "GET", "/v1/users/alice"), 401, "key-required")


def test_a_key_is_taken_from_either_header_and_its_use_is_noted(
    wired: WiredService, store: MemoryStore
) -> None:
    key = make(store, Scope.READ)

    answer = wired.client.get("/v1/users/alice", headers={"X-API-Key": key})

    kept = store.key(key.partition(".")[0])
    assert answer.status_code == 200
    assert kept is not None
    assert kept.last_used_at == NOW


def test_no_secret_is_kept(store: MemoryStore) -> None:
    secret = make(store, Scope.READ).partition(".")[2]

    assert secret not in str([(key, key.digest) for key in store.all_keys()])


def test_another_pepper_makes_all_keys_useless(wired: WiredService, store: MemoryStore) -> None:
    key = Access(store, lambda: NOW, "another pepper").create("tests", [Scope.ADMIN], [])

    problem(call(wired, key, "GET", "/v1/users/alice"), 401, "key-required")
