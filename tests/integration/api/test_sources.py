"""Posts are fetched from a source by an analysis, for those whose posts they are."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from api.ports.store import Store
from api.settings import Settings, read_settings
from tests.support.servers import Reply
from tests.support.servers.bluesky import a_feed_item
from tests.support.servers.mastodon import a_status
from tests.support.servers.x import BEARER, CLIENT_SECRET, Account, a_tweet
from tests.support.wired_service import KEY, REDIRECT, ServiceWithSources, WiredService, problem

pytestmark = pytest.mark.integration


@pytest.fixture
def signing_in_only(store: Store, tmp_path: Path) -> Iterator[ServiceWithSources]:
    service = ServiceWithSources(store, tmp_path, X_BEARER_TOKEN="", X_OWN_ACCOUNTS="")
    yield service
    service.stop()


def test_an_analysis_fetches_from_x_and_shows_what_it_cost(service: ServiceWithSources) -> None:
    service.x.accounts["ana"].tweets = [a_tweet(n, "joy all over") for n in (3, 2, 1)]

    analysis = service.analysed("Ana", "x")

    assert (analysis["state"], analysis["result"]["mood"]) == ("succeeded", "Cheerful")
    assert analysis["progress"]["fetched"] == 3
    assert analysis["progress"]["source_cost"] == {
        "posts_read": 3, "users_read": 1, "skipped": 0, "estimate": 0.025, "currency": "USD",
    }  # fmt: skip


def test_calls_of_sources_and_their_cost_are_counted(service: ServiceWithSources) -> None:
    service.x.accounts["ana"].tweets = [a_tweet(2), a_tweet(1)]
    service.x.faults = [None, Reply(402)]
    service.analysed("ana", "x")
    service.analysed("ana", "x")

    counted = service.wired.client.get("/metrics").text

    calls = 'moodline_source_calls_total{outcome="%s",source="x"} %s'
    assert calls % ("succeeded", "3.0") in counted
    assert calls % ("SourcePaymentRequiredError", "1.0") in counted
    assert 'moodline_source_reads_total{kind="posts",source="x"} 2.0' in counted
    assert 'moodline_source_cost_total{source="x"} 0.03' in counted


def test_bluesky_and_mastodon_are_read_by_the_name_that_one_has_there(
    service: ServiceWithSources,
) -> None:
    service.bluesky.feeds["ana.bsky.social"] = [a_feed_item(2), a_feed_item(1)]
    service.mastodon.accounts["ana_elsewhere"] = [a_status(1)]

    first = service.analysed("ana", "bluesky", source_user="@Ana.bsky.social")
    second = service.analysed(
        "ana", "mastodon", source_user=f"ana_elsewhere@{service.mastodon.host}"
    )

    assert (first["source_user"], second["source_user"]) == ("ana.bsky.social", "ana_elsewhere")
    assert (first["progress"]["total"], second["progress"]["total"]) == (2, 3)
    assert first["progress"]["source_cost"]["estimate"] == 0


def test_all_sources_are_listed_with_what_they_need(
    shared: WiredService, service: ServiceWithSources
) -> None:
    bare = shared.client.get("/v1/sources").get_json()["sources"]
    full = service.wired.client.get("/v1/sources").get_json()["sources"]

    assert [(each["name"], each["configured"]) for each in bare] == [
        ("imported", True), ("bluesky", False), ("mastodon", False), ("x", False),
    ]  # fmt: skip
    assert "X_BEARER_TOKEN" in bare[3]["to_configure"]
    assert all(each["configured"] and not each["to_configure"] for each in full)
    assert [each["sign_in"] for each in full] == [None, None, None, "/v1/sign-in/x"]


@pytest.mark.parametrize("source", ["x", "bluesky", "mastodon"])
def test_a_source_that_is_not_set_up_says_what_to_set(shared: WiredService, source: str) -> None:
    answer = shared.start("ana", source=source)

    document = problem(answer, 409, "source-not-configured")
    assert re.search(r"[A-Z]+_OWN_ACCOUNTS", document["detail"])


def test_a_source_that_nobody_knows_is_refused_with_those_there_are(shared: WiredService) -> None:
    document = problem(shared.start("ana", source="myspace"), 400, "invalid-request")

    assert document["errors"][0]["where"] == "/source"
    assert '"imported", "bluesky", "mastodon", "x"' in document["errors"][0]["reason"]


def test_consent_is_needed_before_anything_is_asked_of_a_source(
    service: ServiceWithSources,
) -> None:
    problem(service.wired.start("ana", source="x", consent=False), 403, "consent-required")

    assert service.x.asked == []


@pytest.mark.parametrize(
    ("source", "account"), [("x", None), ("x", "celebrity"), ("bluesky", "celebrity.example.com")]
)
def test_posts_of_others_are_not_read(
    service: ServiceWithSources, source: str, account: str | None
) -> None:
    answer = service.wired.start("bob", source=source, source_user=account)

    problem(answer, 403, "not-own-account")
    assert service.wired.store.user("bob") is None


def test_a_refusal_of_the_source_ends_the_analysis_with_words_on_what_to_do(
    service: ServiceWithSources,
) -> None:
    service.x.accounts["ana"].suspended = True

    analysis = service.analysed("ana", "x")

    assert analysis["state"] == "failed"
    assert analysis["problem"]["type"] == "/problems/source-account-suspended"
    assert "ask the source" in analysis["problem"]["detail"]


def test_x_is_asked_for_a_sign_in_by_the_rules_of_pkce(service: ServiceWithSources) -> None:
    first, second = service.go_to_x(), service.go_to_x()

    assert first["redirect_uri"] == REDIRECT
    assert first["code_challenge_method"] == "S256"
    assert set(first["scope"].split()) == {
        "tweet.read", "users.read", "like.read", "offline.access",
    }  # fmt: skip
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_who_signs_in_has_their_own_posts_and_likes_read(
    signing_in_only: ServiceWithSources,
) -> None:
    service = signing_in_only
    ana = service.x.accounts["ana"]
    ana.protected, ana.tweets = True, [a_tweet(1)]
    ana.likes = [a_tweet(9, author_id="7")]
    problem(service.wired.start("ana", source="x"), 403, "not-own-account")

    back = service.come_back(service.go_to_x())

    assert (back.status_code, back.headers["Location"]) == (303, "/?user=ana&source=x")
    assert service.analysed("ana", "x")["progress"]["fetched"] == 2


def test_liked_posts_can_be_left_out(store: Store, tmp_path: Path) -> None:
    service = ServiceWithSources(store, tmp_path, X_LIKED_POSTS="0")
    service.come_back(service.go_to_x())

    service.analysed("ana", "x")

    service.stop()
    assert not [asked for asked in service.x.asked if "liked" in asked.path]


def test_a_sign_in_opens_nobody_elses_account(signing_in_only: ServiceWithSources) -> None:
    service = signing_in_only
    service.x.accounts["bob"] = Account("43", "bob")
    service.come_back(service.go_to_x())

    problem(service.wired.start("bob", source="x"), 403, "not-own-account")
    problem(service.wired.start("ana", source="x", source_user="bob"), 403, "not-own-account")


def test_a_token_that_ends_is_refreshed_and_the_new_one_kept(
    signing_in_only: ServiceWithSources,
) -> None:
    service = signing_in_only
    service.x.accounts["ana"].tweets = [a_tweet(1)]
    service.come_back(service.go_to_x())
    used = []
    for hours in (3, 3):
        service.clock.now += timedelta(hours=hours)
        assert service.analysed("ana", "x")["state"] == "succeeded"
        used.append(service.x.asked[-1].headers["authorization"])

    assert len(set(used)) == 2


def test_a_sign_in_that_was_taken_back_is_forgotten_and_asked_for_again(
    signing_in_only: ServiceWithSources,
) -> None:
    service = signing_in_only
    service.come_back(service.go_to_x())
    service.x.refresh_tokens.clear()
    service.clock.now += timedelta(hours=3)

    analysis = service.analysed("ana", "x")

    assert analysis["problem"]["type"] == "/problems/source-unauthorised"
    assert "sign in again" in analysis["problem"]["detail"]
    problem(service.wired.start("ana", source="x"), 403, "not-own-account")


def test_tokens_lie_sealed_in_the_store_and_in_no_answer(
    signing_in_only: ServiceWithSources,
) -> None:
    service = signing_in_only
    service.come_back(service.go_to_x())

    sealed = service.wired.store.sign_in("ana", "x")
    export = service.wired.client.get("/v1/users/ana/export")

    assert sealed is not None
    assert "access-token" not in sealed
    assert "user-access-token-1" in Fernet(KEY).decrypt(sealed).decode()
    assert "access-token" not in export.text
    assert sealed not in export.text


def test_no_log_holds_a_token_a_code_or_a_secret_of_a_sign_in(
    signing_in_only: ServiceWithSources, caplog: pytest.LogCaptureFixture
) -> None:
    service = signing_in_only
    service.x.accounts["ana"].tweets = [a_tweet(1)]
    for name in ("", *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)

    service.come_back(service.go_to_x())
    service.analysed("ana", "x")
    service.clock.now += timedelta(hours=3)
    service.analysed("ana", "x")
    service.x.refresh_tokens.clear()
    service.clock.now += timedelta(hours=3)
    service.analysed("ana", "x")

    said = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert "httpcore" in said
    for secret in ("access-token", "refresh-token", "code-1", CLIENT_SECRET, KEY, "Basic "):
        assert secret not in said


def test_erasing_a_user_forgets_the_sign_in(signing_in_only: ServiceWithSources) -> None:
    service = signing_in_only
    service.come_back(service.go_to_x())

    service.wired.client.delete("/v1/users/ana")

    assert service.wired.store.sign_in("ana", "x") is None


@pytest.mark.parametrize(
    "change", [{"state": "another"}, {"state": ""}, {"code": ""}, {"code": "stolen"}]
)
def test_a_return_that_is_not_sound_signs_nobody_in(
    signing_in_only: ServiceWithSources, change: dict[str, str]
) -> None:
    service = signing_in_only

    answer = service.come_back(service.go_to_x(), **change)

    assert answer.status_code in (400, 502)
    assert service.wired.store.user("ana") is None


def test_another_browser_cannot_finish_what_one_began(signing_in_only: ServiceWithSources) -> None:
    service = signing_in_only
    asked = service.go_to_x()
    service.wired.client.delete_cookie("moodline_sign_in", path="/v1/sign-in/x")

    document = problem(service.come_back(asked), 400, "invalid-request")

    assert "in this browser" in document["detail"]
    assert not [each for each in service.x.asked if "token" in each.path]


def test_the_ticket_is_kept_from_scripts_and_other_sites(service: ServiceWithSources) -> None:
    cookie = service.wired.client.get("/v1/sign-in/x").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=600" in cookie
    assert "Path=/v1/sign-in/x" in cookie


def test_a_service_behind_tls_sends_the_ticket_by_tls_only(store: Store, tmp_path: Path) -> None:
    service = ServiceWithSources(
        store, tmp_path, X_REDIRECT_URI="https://moodline.example/v1/sign-in/x/callback"
    )

    cookie = service.wired.client.get("/v1/sign-in/x").headers["Set-Cookie"]

    service.stop()
    assert "Secure" in cookie


def test_signing_in_says_what_to_set_where_it_is_not_set_up(shared: WiredService) -> None:
    for path in ("/v1/sign-in/x", "/v1/sign-in/x/callback?state=a&code=b"):
        document = problem(shared.client.get(path), 409, "source-not-configured")
        assert "SIGN_IN_KEY" in document["detail"]


def test_the_secrets_of_the_settings_are_shown_nowhere(
    service: ServiceWithSources, settings: Settings
) -> None:
    shown = repr(
        read_settings(
            {"X_BEARER_TOKEN": BEARER, "X_CLIENT_SECRET": CLIENT_SECRET, "SIGN_IN_KEY": KEY}
        )
    )
    listed = json.dumps(service.wired.client.get("/v1/sources").get_json())

    for secret in (BEARER, CLIENT_SECRET, KEY):
        assert secret not in shown + listed


def test_a_browser_signs_in_without_a_key_where_calls_need_one(
    store: Store, tmp_path: Path
) -> None:
    service = ServiceWithSources(store, tmp_path, API_KEY_PEPPER="pepper of the tests")

    answer = service.come_back(service.go_to_x())

    assert answer.headers["Location"] == "/?user=ana&source=x"
    problem(service.wired.client.get("/v1/sources"), 401, "key-required")
    problem(service.wired.start("ana", source="x"), 401, "key-required")
    service.stop()


def test_what_x_adds_to_the_return_address_is_let_be(signing_in_only: ServiceWithSources) -> None:
    service = signing_in_only

    answer = service.come_back(service.go_to_x(), iss="https://x.example")

    assert answer.status_code == 303
