"""Posts are fetched from a source by an analysis, for those whose posts they are."""

from __future__ import annotations

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
from tests.integration.api.conftest import House, problem
from tests.integration.api.town import KEY, REDIRECT, Town
from tests.support.servers import Reply
from tests.support.servers.bluesky import a_feed_item
from tests.support.servers.mastodon import a_status
from tests.support.servers.x import BEARER, CLIENT_SECRET, Account, a_tweet

pytestmark = pytest.mark.integration


@pytest.fixture
def town(store: Store, tmp_path: Path) -> Iterator[Town]:
    town = Town(store, tmp_path)
    yield town
    town.stop()


@pytest.fixture
def signing_in_only(store: Store, tmp_path: Path) -> Iterator[Town]:
    town = Town(store, tmp_path, X_BEARER_TOKEN="", X_OWN_ACCOUNTS="")
    yield town
    town.stop()


def test_an_analysis_fetches_from_x_and_shows_what_it_cost(town: Town) -> None:
    town.x.accounts["ana"].tweets = [a_tweet(n, "joy all over") for n in (3, 2, 1)]

    analysis = town.analysed("Ana", "x")

    assert (analysis["state"], analysis["result"]["mood"]) == ("succeeded", "Cheerful")
    assert analysis["progress"]["fetched"] == 3
    assert analysis["progress"]["source_cost"] == {
        "posts_read": 3, "users_read": 1, "skipped": 0, "estimate": 0.025, "currency": "USD",
    }  # fmt: skip


def test_calls_of_sources_and_their_cost_are_counted(town: Town) -> None:
    town.x.accounts["ana"].tweets = [a_tweet(2), a_tweet(1)]
    town.x.faults = [None, Reply(402)]
    town.analysed("ana", "x")
    town.analysed("ana", "x")

    counted = town.house.client.get("/metrics").text

    calls = 'moodline_source_calls_total{outcome="%s",source="x"} %s'
    assert calls % ("succeeded", "3.0") in counted
    assert calls % ("SourcePaymentRequiredError", "1.0") in counted
    assert 'moodline_source_reads_total{kind="posts",source="x"} 2.0' in counted
    assert 'moodline_source_cost_total{source="x"} 0.03' in counted


def test_the_next_analysis_reads_only_what_is_new(town: Town) -> None:
    ana = town.x.accounts["ana"]
    ana.tweets = [a_tweet(n) for n in range(300, 0, -1)]
    town.analysed("ana", "x")
    ana.tweets = [a_tweet(n) for n in range(320, 0, -1)]

    analysis = town.analysed("ana", "x")

    assert analysis["progress"]["source_cost"]["posts_read"] == 20
    assert analysis["progress"]["total"] == 320
    assert analysis["progress"]["classified"] == 20


def test_bluesky_and_mastodon_are_read_by_the_name_that_one_has_there(town: Town) -> None:
    town.bluesky.feeds["ana.bsky.social"] = [a_feed_item(2), a_feed_item(1)]
    town.mastodon.accounts["ana_elsewhere"] = [a_status(1)]

    first = town.analysed("ana", "bluesky", source_user="@Ana.bsky.social")
    second = town.analysed("ana", "mastodon", source_user=f"ana_elsewhere@{town.mastodon.host}")

    assert (first["source_user"], second["source_user"]) == ("ana.bsky.social", "ana_elsewhere")
    assert (first["progress"]["total"], second["progress"]["total"]) == (2, 3)
    assert first["progress"]["source_cost"]["estimate"] == 0


def test_all_sources_are_listed_with_what_they_need(house: House, town: Town) -> None:
    bare = house.client.get("/v1/sources").get_json()["sources"]
    full = town.house.client.get("/v1/sources").get_json()["sources"]

    assert [(each["name"], each["configured"]) for each in bare] == [
        ("imported", True), ("bluesky", False), ("mastodon", False), ("x", False),
    ]  # fmt: skip
    assert "X_BEARER_TOKEN" in bare[3]["to_configure"]
    assert all(each["configured"] and not each["to_configure"] for each in full)
    assert [each["sign_in"] for each in full] == [None, None, None, "/v1/sign-in/x"]


@pytest.mark.parametrize("source", ["x", "bluesky", "mastodon"])
def test_a_source_that_is_not_set_up_says_what_to_set(house: House, source: str) -> None:
    answer = house.start("ana", source=source)

    document = problem(answer, 409, "source-not-configured")
    assert re.search(r"[A-Z]+_OWN_ACCOUNTS", document["detail"])


def test_a_source_that_nobody_knows_is_refused_with_those_there_are(house: House) -> None:
    document = problem(house.start("ana", source="myspace"), 400, "invalid-request")

    assert document["errors"][0]["where"] == "/source"
    assert '"mastodon"' in document["errors"][0]["reason"]


def test_consent_is_needed_before_anything_is_asked_of_a_source(town: Town) -> None:
    problem(town.house.start("ana", source="x", consent=False), 403, "consent-required")

    assert town.x.asked == []


@pytest.mark.parametrize(
    ("source", "account"), [("x", None), ("x", "celebrity"), ("bluesky", "celebrity.example.com")]
)
def test_posts_of_others_are_not_read(town: Town, source: str, account: str | None) -> None:
    answer = town.house.start("bob", source=source, source_user=account)

    problem(answer, 403, "not-own-account")
    assert town.house.store.user("bob") is None


def test_what_is_no_account_at_the_source_is_refused_by_its_field(town: Town) -> None:
    answer = town.house.start("ana", source="bluesky", source_user="ana")

    document = problem(answer, 400, "invalid-request")
    assert document["errors"][0]["where"] == "/source_user"


def test_an_account_goes_with_no_imported_posts(house: House) -> None:
    document = problem(house.start("ana", source_user="ana"), 400, "invalid-request")

    assert document["errors"][0]["where"] == "/source_user"


def test_a_refusal_of_the_source_ends_the_analysis_with_words_on_what_to_do(town: Town) -> None:
    town.x.accounts["ana"].suspended = True

    analysis = town.analysed("ana", "x")

    assert analysis["state"] == "failed"
    assert analysis["problem"]["type"] == "/problems/source-account-suspended"
    assert "ask the source" in analysis["problem"]["detail"]


def test_x_is_asked_for_a_sign_in_by_the_rules_of_pkce(town: Town) -> None:
    first, second = town.go_to_x(), town.go_to_x()

    assert first["redirect_uri"] == REDIRECT
    assert first["code_challenge_method"] == "S256"
    assert set(first["scope"].split()) == {
        "tweet.read", "users.read", "like.read", "offline.access",
    }  # fmt: skip
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_who_signs_in_has_their_own_posts_and_likes_read(signing_in_only: Town) -> None:
    town = signing_in_only
    ana = town.x.accounts["ana"]
    ana.protected, ana.tweets = True, [a_tweet(1)]
    ana.likes = [a_tweet(9, author_id="7")]
    problem(town.house.start("ana", source="x"), 403, "not-own-account")

    back = town.come_back(town.go_to_x())

    assert (back.status_code, back.headers["Location"]) == (303, "/?user=ana&source=x")
    assert town.analysed("ana", "x")["progress"]["fetched"] == 2


def test_liked_posts_can_be_left_out(store: Store, tmp_path: Path) -> None:
    town = Town(store, tmp_path, X_LIKED_POSTS="0")
    town.come_back(town.go_to_x())

    town.analysed("ana", "x")

    town.stop()
    assert not [asked for asked in town.x.asked if "liked" in asked.path]


def test_a_sign_in_opens_nobody_elses_account(signing_in_only: Town) -> None:
    town = signing_in_only
    town.x.accounts["bob"] = Account("43", "bob")
    town.come_back(town.go_to_x())

    problem(town.house.start("bob", source="x"), 403, "not-own-account")
    problem(town.house.start("ana", source="x", source_user="bob"), 403, "not-own-account")


def test_a_token_that_ends_is_refreshed_and_the_new_one_kept(signing_in_only: Town) -> None:
    town = signing_in_only
    town.x.accounts["ana"].tweets = [a_tweet(1)]
    town.come_back(town.go_to_x())
    used = []
    for hours in (3, 3):
        town.clock.now += timedelta(hours=hours)
        assert town.analysed("ana", "x")["state"] == "succeeded"
        used.append(town.x.asked[-1].headers["authorization"])

    assert len(set(used)) == 2


def test_a_sign_in_that_was_taken_back_is_forgotten_and_asked_for_again(
    signing_in_only: Town,
) -> None:
    town = signing_in_only
    town.come_back(town.go_to_x())
    town.x.refresh_tokens.clear()
    town.clock.now += timedelta(hours=3)

    analysis = town.analysed("ana", "x")

    assert analysis["problem"]["type"] == "/problems/source-unauthorised"
    assert "sign in again" in analysis["problem"]["detail"]
    problem(town.house.start("ana", source="x"), 403, "not-own-account")


def test_tokens_lie_sealed_in_the_store_and_in_no_answer(signing_in_only: Town) -> None:
    town = signing_in_only
    town.come_back(town.go_to_x())

    sealed = town.house.store.sign_in("ana", "x")
    export = town.house.client.get("/v1/users/ana/export")

    assert sealed is not None
    assert "access-token" not in sealed
    assert "user-access-token-1" in Fernet(KEY).decrypt(sealed).decode()
    assert "access-token" not in export.text
    assert sealed not in export.text


def test_no_log_holds_a_token_a_code_or_a_secret_of_a_sign_in(
    signing_in_only: Town, caplog: pytest.LogCaptureFixture
) -> None:
    town = signing_in_only
    town.x.accounts["ana"].tweets = [a_tweet(1)]
    for name in ("", *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)

    town.come_back(town.go_to_x())
    town.analysed("ana", "x")
    town.clock.now += timedelta(hours=3)
    town.analysed("ana", "x")
    town.x.refresh_tokens.clear()
    town.clock.now += timedelta(hours=3)
    town.analysed("ana", "x")

    said = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert "httpcore" in said
    for secret in ("access-token", "refresh-token", "code-1", CLIENT_SECRET, KEY, "Basic "):
        assert secret not in said


def test_erasing_a_user_forgets_the_sign_in(signing_in_only: Town) -> None:
    town = signing_in_only
    town.come_back(town.go_to_x())

    town.house.client.delete("/v1/users/ana")

    assert town.house.store.sign_in("ana", "x") is None


@pytest.mark.parametrize(
    "change", [{"state": "another"}, {"state": ""}, {"code": ""}, {"code": "stolen"}]
)
def test_a_return_that_is_not_sound_signs_nobody_in(
    signing_in_only: Town, change: dict[str, str]
) -> None:
    town = signing_in_only

    answer = town.come_back(town.go_to_x(), **change)

    assert answer.status_code in (400, 502)
    assert town.house.store.user("ana") is None


def test_another_browser_cannot_finish_what_one_began(signing_in_only: Town) -> None:
    town = signing_in_only
    asked = town.go_to_x()
    town.house.client.delete_cookie("moodline_sign_in", path="/v1/sign-in/x")

    document = problem(town.come_back(asked), 400, "invalid-request")

    assert "in this browser" in document["detail"]
    assert not [each for each in town.x.asked if "token" in each.path]


def test_the_ticket_is_kept_from_scripts_and_other_sites(town: Town) -> None:
    cookie = town.house.client.get("/v1/sign-in/x").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=600" in cookie
    assert "Path=/v1/sign-in/x" in cookie


def test_a_service_behind_tls_sends_the_ticket_by_tls_only(store: Store, tmp_path: Path) -> None:
    town = Town(store, tmp_path, X_REDIRECT_URI="https://moodline.example/v1/sign-in/x/callback")

    cookie = town.house.client.get("/v1/sign-in/x").headers["Set-Cookie"]

    town.stop()
    assert "Secure" in cookie


def test_signing_in_says_what_to_set_where_it_is_not_set_up(house: House) -> None:
    for path in ("/v1/sign-in/x", "/v1/sign-in/x/callback?state=a&code=b"):
        document = problem(house.client.get(path), 409, "source-not-configured")
        assert "SIGN_IN_KEY" in document["detail"]


def test_the_secrets_of_the_settings_are_shown_nowhere(town: Town, settings: Settings) -> None:
    shown = repr(
        read_settings(
            {"X_BEARER_TOKEN": BEARER, "X_CLIENT_SECRET": CLIENT_SECRET, "SIGN_IN_KEY": KEY}
        )
    )
    listed = json.dumps(town.house.client.get("/v1/sources").get_json())

    for secret in (BEARER, CLIENT_SECRET, KEY):
        assert secret not in shown + listed


def test_a_browser_signs_in_without_a_key_where_calls_need_one(
    store: Store, tmp_path: Path
) -> None:
    town = Town(store, tmp_path, API_KEY_PEPPER="pepper of the tests")

    answer = town.come_back(town.go_to_x())

    assert answer.headers["Location"] == "/?user=ana&source=x"
    problem(town.house.client.get("/v1/sources"), 401, "key-required")
    problem(town.house.start("ana", source="x"), 401, "key-required")
    town.stop()


def test_what_x_adds_to_the_return_address_is_let_be(signing_in_only: Town) -> None:
    town = signing_in_only

    answer = town.come_back(town.go_to_x(), iss="https://x.example")

    assert answer.status_code == 303
