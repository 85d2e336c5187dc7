from pathlib import Path

import pytest

from serving.errors import SettingsError
from serving.schemas import Limits
from serving.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({"SERVING_PORT": " ", "HOME": "/"})

    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.limits == Limits(texts=256, text_chars=25_000, body_bytes=2 * 1024 * 1024)


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "SERVING_HOST": "0.0.0.0",  # noqa: S104 -- read, not bound
            "SERVING_PORT": "3100",
            "SERVING_GRPC_PORT": "3101",
            "SERVING_MODEL_DIR": "some/where",
            "SERVING_WORKERS": "2",
            "SERVING_THREADS": "3",
            "SERVING_LONE_THREADS": "2",
            "SERVING_TOKEN_BUDGET": "1024",
            "SERVING_QUEUE_TEXTS": "512",
            "SERVING_QUEUE_SHARE": "0.25",
            "SERVING_DEADLINE_SECONDS": "2.5",
            "SERVING_CONNECTIONS": "50",
            "SERVING_RECEIVE_SECONDS": "4",
            "SERVING_MAX_TEXTS": "16",
            "SERVING_MAX_TEXT_CHARS": "500",
            "SERVING_MAX_BODY_BYTES": "4096",
            "SERVING_KEYS": "api:0123456789abcdef, team-b:fedcba9876543210",
            "SERVING_CACHE_TEXTS": "0",
            "SERVING_SCHEDULER": "bentoml",
            "SERVING_PROVIDERS": "OpenVINO, cpu",
            "SERVING_GPU_MODEL_DIR": "for/cards",
            "SERVING_CUDA_GRAPHS": "on",
            "SERVING_TENSORRT_CACHE": "engines",
            "SERVING_CORS_ORIGINS": "https://Example.org, http://127.0.0.1:8080",
            "SERVING_DOCS": "off",
            "SERVING_LOG_FORMAT": "json",
            "SERVING_METRICS": "key",
        }
    )

    assert settings == Settings(
        host="0.0.0.0",  # noqa: S104 -- the same
        port=3100,
        grpc_port=3101,
        model_dir=Path("some/where"),
        workers=2,
        threads=3,
        lone_threads=2,
        token_budget=1024,
        queue_texts=512,
        queue_share=0.25,
        deadline_seconds=2.5,
        connections=50,
        receive_seconds=4,
        max_texts=16,
        max_text_chars=500,
        max_body_bytes=4096,
        keys={"api": "0123456789abcdef", "team-b": "fedcba9876543210"},
        cache_texts=0,
        scheduler="bentoml",
        providers=("openvino", "cpu"),
        gpu_model_dir=Path("for/cards"),
        cuda_graphs=True,
        tensorrt_cache=Path("engines"),
        cors_origins=("https://example.org", "http://127.0.0.1:8080"),
        docs=False,
        log_format="json",
        metrics="key",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVING_HOST", "example.org"),
        ("SERVING_CORS_ORIGINS", "example.org"),
        ("SERVING_CORS_ORIGINS", "https://example.org/path"),
        ("SERVING_CORS_ORIGINS", "*, https://example.org"),
        ("SERVING_PORT", "0"),
        ("SERVING_PORT", "65536"),
        ("SERVING_PORT", "http"),
        ("SERVING_PORT", "-1"),
        ("SERVING_PORT", "9" * 5000),
        ("SERVING_WORKERS", "0"),
        ("SERVING_THREADS", "two"),
        ("SERVING_LONE_THREADS", "0"),
        ("SERVING_QUEUE_TEXTS", "255"),
        ("SERVING_MAX_TEXTS", "257"),
        ("SERVING_DEADLINE_SECONDS", "nan"),
        ("SERVING_DEADLINE_SECONDS", "0"),
        ("SERVING_DEADLINE_SECONDS", "60"),
        ("SERVING_CACHE_TEXTS", "-1"),
        ("SERVING_PROVIDERS", "cpu,npu"),
        ("SERVING_DOCS", "yes"),
        ("SERVING_LOG_FORMAT", "xml"),
        ("SERVING_METRICS", "public"),
        ("SERVING_SCHEDULER", "ray"),
        ("SERVING_KEYS", "nameonly"),
        ("SERVING_KEYS", "name:short"),
        ("SERVING_KEYS", "a:0123456789abcdef,a:fedcba9876543210"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})


def test_a_secret_is_in_no_message_and_no_representation() -> None:
    secret = "0123456789abcdef"

    settings = Settings.from_environment({"SERVING_KEYS": f"api:{secret}"})
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"SERVING_KEYS": f"api {secret}"})

    assert secret not in repr(settings)
    assert secret not in str(caught.value)


def test_localhost_is_understood() -> None:
    assert Settings.from_environment({"SERVING_HOST": "localhost"}).host == "127.0.0.1"


def test_a_unix_socket_is_named_by_its_path() -> None:
    assert (
        Settings.from_environment({"SERVING_HOST": "unix:/run/a.sock"}).host == "unix:/run/a.sock"
    )


@pytest.mark.parametrize("path", ["relative", "", "/" + "a" * 107])
def test_a_path_that_cannot_be_a_socket_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match="SERVING_HOST"):
        Settings.from_environment({"SERVING_HOST": f"unix:{path}"})
