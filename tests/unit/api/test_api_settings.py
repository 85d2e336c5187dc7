"""Settings are read once, checked, and documented in .env.example."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("API_PORT", "99999"),
        ("API_PORT", "eight"),
        ("API_PORT", "²"),
        ("API_HOST", "0.0.0.0"),  # noqa: S104  that it is refused is the point
        ("API_HOST", "192.168.1.2"),
        ("API_HOST", "example.org"),
        ("INFERENCE_URL", "127.0.0.1:3000"),
        ("INFERENCE_URL", "http://[::1"),
        ("INFERENCE_URL", "ftp://127.0.0.1"),
        ("STORE_URL", "mysql://db"),
        ("STORE_URL", "sqlite:///"),
        ("QUEUE_URL", "amqp://127.0.0.1"),
        ("QUEUE_URL", "redis:"),
        ("MOODLINE_API_URL", "here"),
        ("LEASE_SECONDS", "nan"),
        ("LEASE_SECONDS", "-1"),
        ("CHUNK_POSTS", "257"),
        ("SCORING", "newest"),
        ("LOG_LEVEL", "loud"),
        ("ALLOWED_HOSTS", " , "),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_its_variable(
    variable: str, value: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({variable: value})

    assert str(refused.value).startswith(variable)
    assert "\n" not in str(refused.value)


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


def test_localhost_becomes_one_address() -> None:
    assert read_settings({"API_HOST": "localhost"}).api_host == "127.0.0.1"


def test_the_example_suits_the_inference_server_too() -> None:
    from_example = ServingSettings.from_environment(example())

    assert from_example == ServingSettings.from_environment({})


def test_the_example_names_nothing_that_is_not_read() -> None:
    documented = set(re.findall(r"SERVING_[A-Z_]+", str(ServingSettings.from_environment.__doc__)))

    assert set(example()) == set(variables()) | documented
