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


@pytest.mark.parametrize(
    "environment",
    [example(), {}, dict.fromkeys(variables(), " "), {"api_port": "8123"}],
    ids=["the example", "empty", "blank variables", "not in capitals"],
)
def test_an_environment_that_sets_nothing_gives_the_defaults(environment: dict[str, str]) -> None:
    assert read_settings(environment) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("API_PORT", "8123", "api_port", 8123),
        ("API_HOST", "localhost", "api_host", "127.0.0.1"),
        ("SCORING", "Classic", "scoring", "classic"),
        ("SCORING", "Ours/Fitted.json", "scoring", "Ours/Fitted.json"),
        ("RATE_LIMIT", "off", "rate_limit", None),
        ("DATA_DIR", "/d", "store_path", Path("/d/moodline.db")),
        ("STORE_URL", "sqlite:////var/lib/m.db", "store_path", Path("/var/lib/m.db")),
        ("STORE_URL", "mongodb://db/moodline", "store_is_mongo", True),
        ("STORE_URL", "mongodb+srv://db/moodline", "store_is_mongo", True),
        ("X_OWN_ACCOUNTS", "Ana, ben,", "x_own_accounts", ("ana", "ben")),
        (
            "CORS_ORIGINS",
            "https://App.example.org/, http://127.0.0.1:5173",
            "cors_origins",
            ("https://app.example.org", "http://127.0.0.1:5173"),
        ),
    ],
)
def test_a_variable_changes_its_setting(
    variable: str, text: str, setting: str, value: object
) -> None:
    assert getattr(read_settings({variable: text}), setting) == value


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


def test_long_calls_must_leave_threads_for_short_ones() -> None:
    with pytest.raises(SettingsError, match="API_THREADS"):
        read_settings({"LONG_CALLS": "24"})


def test_one_import_of_the_largest_size_has_room() -> None:
    with pytest.raises(SettingsError, match="MAX_IMPORT_BYTES"):
        read_settings({"MAX_SPOOL_BYTES": "1024"})


def test_a_secret_has_no_default_and_is_never_shown() -> None:
    settings = read_settings(
        {
            "INFERENCE_KEY": "open-sesame-1234",
            "MOODLINE_API_KEY": "open-sesame-1234",
            "QUEUE_URL": "redis://:open-sesame-1234@127.0.0.1/0",
            "STORE_URL": "mongodb://user:open-sesame-1234@db/moodline",
        }
    )

    assert Settings().inference_key is None
    assert settings.inference_key == "open-sesame-1234"
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize("missing", ["X_CLIENT_ID", "X_REDIRECT_URI", "SIGN_IN_KEY"])
def test_signing_in_needs_all_of_its_settings(missing: str) -> None:
    whole = {
        "X_CLIENT_ID": "c",
        "X_REDIRECT_URI": "https://moodline.example/v1/sign-in/x/callback",
        "SIGN_IN_KEY": "A" * 43 + "=",
    }

    assert read_settings(whole).x_sign_in_set
    assert not read_settings({**whole, missing: ""}).x_sign_in_set


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STORE_URL", "postgres://user:s3cr3t@db"),
        ("API_KEY_PEPPER", "s3cr3t"),
        ("REDIS_URL", "s3cr3t"),
        ("QUEUE_URL", "s3cr3t"),
        ("SIGN_IN_KEY", "open s3cr3t\n1234"),
        ("X_BEARER_TOKEN", "open s3cr3t\n1234"),
        ("X_CLIENT_SECRET", "open s3cr3t\n1234"),
    ],
)
def test_a_bad_secret_is_not_repeated(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({variable: value})

    assert "s3cr3t" not in str(refused.value)


def test_an_open_address_needs_a_pepper_and_says_how_to_make_a_key() -> None:
    open_to_all = {"API_HOST": "0.0.0.0"}  # noqa: S104  meant

    with pytest.raises(SettingsError, match=r"API_KEY_PEPPER .*python -m api\.keys create"):
        read_settings(open_to_all)

    assert not read_settings({**open_to_all, "API_KEY_PEPPER": "x" * 16}).loopback


def test_the_example_suits_the_inference_server_too() -> None:
    from_example = ServingSettings.from_environment(example())

    assert from_example == ServingSettings.from_environment({})


def test_the_example_names_nothing_that_is_not_read() -> None:
    of_serving = {f"SERVING_{name.upper()}" for name in ServingSettings.model_fields}

    assert set(example()) == set(variables()) | of_serving
