"""Settings are read once, checked, and documented in .env.example."""

from pathlib import Path

import pytest

from api.settings import Settings, SettingsError, read_settings, variables
from serving.settings import Settings as ServingSettings

EXAMPLE = Path(__file__).parents[3] / ".env.example"


def example() -> dict[str, str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_every_variable_with_its_default() -> None:
    documented = example()

    assert {name: documented.get(name) for name in variables()} == variables()


def test_the_example_can_be_used_as_it_is() -> None:
    assert read_settings(example()) == Settings()


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()


def test_a_variable_changes_its_setting() -> None:
    settings = read_settings({"API_PORT": "8123", "SCORING": "classic", "DATA_DIR": "/d"})

    assert (settings.api_port, settings.scoring) == (8123, "classic")
    assert settings.store_path == Path("/d/moodline.db")


def test_an_empty_variable_counts_as_missing() -> None:
    assert read_settings(dict.fromkeys(variables(), " ")) == Settings()


def test_a_store_url_names_the_file_of_the_store() -> None:
    settings = read_settings({"STORE_URL": "sqlite:////var/lib/m.db"})

    assert settings.store_path == Path("/var/lib/m.db")


@pytest.mark.parametrize("form", ["mongodb", "mongodb+srv"])
def test_a_store_url_may_name_a_mongodb(form: str) -> None:
    settings = read_settings({"STORE_URL": f"{form}://user:secret@db/moodline"})

    assert settings.store_is_mongo
    assert "secret" not in repr(settings)


def test_a_bad_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"STORE_URL": "postgres://user:secret@db"})

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("API_PORT", "99999"),
        ("API_PORT", "eight"),
        ("API_PORT", "²"),
        ("API_HOST", "0.0.0.0"),  # noqa: S104  that it is refused is the point
        ("API_KEY_PEPPER", "short"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "app.example.org"),
        ("CORS_ORIGINS", "https://app.example.org/path"),
        ("RATE_LIMIT", "often"),
        ("RATE_LIMIT", "0/minute"),
        ("WORK_RATE_LIMIT", "5/fortnight"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("COUNTRY", "Ireland"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ("API_HOST", "192.168.1.2"),
        ("API_HOST", "example.org"),
        ("INFERENCE_URL", "127.0.0.1:3000"),
        ("INFERENCE_URL", "http://[::1"),
        ("INFERENCE_URL", "ftp://127.0.0.1"),
        ("STORE_URL", "mysql://db"),
        ("STORE_URL", "sqlite:///"),
        ("STORE_URL", "mongodb://"),
        ("POSTS_RETENTION_DAYS", "0"),
        ("QUEUE_URL", "amqp://127.0.0.1"),
        ("QUEUE_URL", "redis:"),
        ("MOODLINE_API_URL", "here"),
        ("LEASE_SECONDS", "nan"),
        ("LEASE_SECONDS", "-1"),
        ("CHUNK_POSTS", "257"),
        ("SCORING", "newest"),
        ("LOG_LEVEL", "loud"),
        ("ALLOWED_HOSTS", " , "),
        ("X_OWN_ACCOUNTS", "*"),
        ("X_OWN_ACCOUNTS", "ana, not a name"),
        ("X_API_URL", "api.x.com"),
        ("X_REDIRECT_URI", "/v1/sign-in/x/callback"),
        ("X_POST_PRICE", "-0.1"),
        ("X_USER_PRICE", "free"),
        ("SIGN_IN_KEY", "too short"),
        ("MASTODON_URL", "mastodon.social"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_its_variable(
    variable: str, value: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({variable: value})

    assert str(refused.value).startswith(variable)
    assert "\n" not in str(refused.value)


def test_each_bad_variable_has_a_line_of_its_own() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"API_PORT": "eight", "LEASE_SECONDS": "0"})

    assert str(refused.value).splitlines() == [
        "API_PORT is 'eight' but must be a whole number from 1 to 65535.",
        "LEASE_SECONDS is '0' but must be a number from 1 to 3600.",
    ]


def test_a_variable_is_read_in_capitals_only() -> None:
    assert read_settings({"api_port": "8123"}) == Settings()


def test_long_calls_must_leave_threads_for_short_ones() -> None:
    with pytest.raises(SettingsError, match="API_THREADS"):
        read_settings({"LONG_CALLS": "24"})


def test_a_secret_has_no_default_and_is_never_shown() -> None:
    settings = read_settings(
        {
            "INFERENCE_KEY": "open-sesame-1234",
            "MOODLINE_API_KEY": "open-sesame-1234",
            "QUEUE_URL": "redis://:open-sesame-1234@127.0.0.1/0",
        }
    )

    assert Settings().inference_key is None
    assert settings.inference_key == "open-sesame-1234"
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize("variable", ["SIGN_IN_KEY", "X_BEARER_TOKEN", "X_CLIENT_SECRET"])
def test_a_secret_that_is_refused_is_not_shown(variable: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({variable: "open sesame\n1234"})

    assert "sesame" not in str(refused.value)


def test_accounts_are_named_with_commas_between() -> None:
    assert read_settings({"X_OWN_ACCOUNTS": "Ana, ben,"}).x_own_accounts == ("ana", "ben")


@pytest.mark.parametrize("missing", ["X_CLIENT_ID", "X_REDIRECT_URI", "SIGN_IN_KEY"])
def test_signing_in_needs_all_of_its_settings(missing: str) -> None:
    whole = {
        "X_CLIENT_ID": "c",
        "X_REDIRECT_URI": "https://moodline.example/v1/sign-in/x/callback",
        "SIGN_IN_KEY": "A" * 43 + "=",
    }

    assert read_settings(whole).x_sign_in_set
    assert not read_settings({**whole, missing: ""}).x_sign_in_set


@pytest.mark.parametrize("variable", ["API_KEY_PEPPER", "REDIS_URL", "QUEUE_URL"])
def test_a_bad_secret_is_not_repeated(variable: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({variable: "s3cr3t"})

    assert "s3cr3t" not in str(refused.value)


def test_an_open_address_needs_a_pepper_and_says_how_to_make_a_key() -> None:
    open_to_all = {"API_HOST": "0.0.0.0"}  # noqa: S104  meant

    with pytest.raises(SettingsError, match=r"API_KEY_PEPPER .*python -m api\.keys create"):
        read_settings(open_to_all)

    assert not read_settings({**open_to_all, "API_KEY_PEPPER": "x" * 16}).loopback


def test_origins_are_a_list() -> None:
    settings = read_settings({"CORS_ORIGINS": "https://App.example.org/, http://127.0.0.1:5173"})

    assert settings.cors_origins == ("https://app.example.org", "http://127.0.0.1:5173")


def test_off_is_no_rate_limit() -> None:
    assert read_settings({"RATE_LIMIT": "off"}).rate_limit is None


def test_localhost_becomes_one_address() -> None:
    assert read_settings({"API_HOST": "localhost"}).api_host == "127.0.0.1"


def test_the_example_suits_the_inference_server_too() -> None:
    from_example = ServingSettings.from_environment(example())

    assert from_example == ServingSettings.from_environment({})


def test_the_example_names_nothing_that_is_not_read() -> None:
    of_serving = {f"SERVING_{name.upper()}" for name in ServingSettings.model_fields}

    assert set(example()) == set(variables()) | of_serving
