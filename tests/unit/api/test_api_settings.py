"""Settings are read once, checked, and documented in .env.example."""

from pathlib import Path

import pytest

from api.environment import COMPOSE_VARIABLES, SERVING_VARIABLES, unread_names
from api.settings import Settings, SettingsError, read_settings, secrets, variables
from serving.errors import SettingsError as ServingSettingsError
from serving.settings import Settings as ServingSettings
from serving.settings import unknown_variables

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
        ("ALLOWED_HOSTS", "https://mood.example.org"),
        ("ALLOWED_HOSTS", "mood.example.org:8443"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "localhost,*.example.org"),
        ("ALLOWED_HOSTS", '"mood.example.org"'),
        ("ALLOWED_HOSTS", "mood.example.org another.example.org"),
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

    assert set(example()) == set(variables()) | of_serving | COMPOSE_VARIABLES


def test_every_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    values = {
        "API_KEY_PEPPER": "a pepper of a file",
        "API_KEY_PEPPER_OLD": "a pepper of old",
        "INFERENCE_KEY": "open-sesame-1234",
        "MOODLINE_API_KEY": "open-sesame-1234",
        "QUEUE_URL": "redis://:sesame@queue/0",
        "REDIS_URL": "redis://:sesame@queue/1",
        "SIGN_IN_KEY": "A" * 43 + "=",
        "STORE_URL": "mongodb://user:sesame@db/moodline",
        "X_BEARER_TOKEN": "token",
        "X_CLIENT_SECRET": "secret",
    }
    assert set(values) == set(secrets())

    for name, value in values.items():
        file.write_text(f"{value}\n", encoding="utf-8")

        # The old pepper is of use only beside the new one.
        with_it = {"API_KEY_PEPPER": "x" * 16} if name == "API_KEY_PEPPER_OLD" else {}
        of_file = read_settings({**with_it, f"{name}_FILE": str(file)})
        assert of_file == read_settings({**with_it, name: value})


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"\xff\xfe", "UTF-8"), (b" \n", "empty"), (b"s3cr3t", "16")],
)
def test_a_secret_file_that_cannot_be_used_is_named_without_its_text(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "pepper"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=said) as refused:
        read_settings({"API_KEY_PEPPER_FILE": str(file)})

    assert "API_KEY_PEPPER" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_a_secret_and_its_file_are_not_both_taken(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="both"):
        read_settings({"INFERENCE_KEY": "x", "INFERENCE_KEY_FILE": str(tmp_path / "none")})


def test_bearer_keys_of_the_inference_server_may_have_a_file_with_a_line_each(
    tmp_path: Path,
) -> None:
    file = tmp_path / "keys"
    file.write_text("ana:0123456789abcdef\nben:fedcba9876543210\n", encoding="utf-8")

    read = ServingSettings.from_environment({"SERVING_KEYS_FILE": str(file)})

    assert read.keys == {"ana": "0123456789abcdef", "ben": "fedcba9876543210"}
    with pytest.raises(ServingSettingsError, match="SERVING_KEYS_FILE"):
        ServingSettings.from_environment({"SERVING_KEYS_FILE": str(tmp_path / "none")})
    with pytest.raises(ServingSettingsError, match="both"):
        ServingSettings.from_environment(
            {"SERVING_KEYS_FILE": str(file), "SERVING_KEYS": "a:0123456789abcdef"}
        )


@pytest.mark.parametrize("text", ["", " \n", ",\n"])
def test_an_empty_file_of_bearer_keys_does_not_open_the_inference_server_to_all(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "keys"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ServingSettingsError, match="SERVING_KEYS"):
        ServingSettings.from_environment({"SERVING_KEYS_FILE": str(file)})


def test_a_variable_of_the_inference_server_that_it_does_not_know_is_named() -> None:
    lines = unknown_variables(
        {"SERVING_QUEUE_TEXT": "1", "SERVING_PORT": "1", "SERVING_KEYS_FILE": "k", "PORT": "2"}
    )

    assert lines == [
        "SERVING_QUEUE_TEXT is no setting and has no effect; is SERVING_QUEUE_TEXTS meant?"
    ]


@pytest.mark.parametrize(
    "name", ["FOO", "MOODLINE_PORT", "OTEL_EXPORTER_OTLP_ENDPONT", "api_port", "SERVING_THREDS"]
)
def test_a_name_of_the_env_file_that_is_no_setting_is_named(name: str) -> None:
    (line,) = unread_names({name: "1"}, {name: "1"}, variables(), secrets())

    assert line.startswith(f"{name} is no setting")


@pytest.mark.parametrize(
    "name", ["SERVING_PORT", "OTEL_SERVICE_NAME", "TZ", "STORE_URL_FILE", "DEPLOY_PORT"]
)
def test_a_name_that_something_else_reads_is_not_named(name: str) -> None:
    assert list(unread_names({name: "1"}, {name: "1"}, variables(), secrets())) == []


def test_the_settings_of_the_inference_server_are_known_by_their_names() -> None:
    names = {f"SERVING_{name.upper()}" for name in ServingSettings.model_fields}

    assert names | {"SERVING_KEYS_FILE"} == SERVING_VARIABLES


def test_a_copied_example_has_nothing_to_say() -> None:
    assert list(unread_names(example(), {}, variables(), secrets())) == []


def test_an_old_pepper_alone_is_refused() -> None:
    with pytest.raises(SettingsError, match="API_KEY_PEPPER is not"):
        read_settings({"API_KEY_PEPPER_OLD": "a pepper of old"})
