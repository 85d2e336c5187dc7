"""docker-compose.yml: what it resolves to, what reaches the services, and how they are held."""

import os
import re
import shutil
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.environment import COMPOSE_VARIABLES
from api.settings import read_settings, secrets, variables
from serving import bootstrap
from serving.errors import ModelCorrupt
from serving.settings import Settings as ServingSettings
from tests.support.compose import PROFILES, SECRETS, Project, words
from tests.support.serving.started import ROOT

pytestmark = pytest.mark.integration

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVING_VARIABLES = {f"SERVING_{name.upper()}" for name in ServingSettings.model_fields}
# What the file decides, because the containers have their own network and folders.
DECIDED = {"API_HOST", "DATA_DIR", "INFERENCE_URL", "LOG_FORMAT"}
DECIDED_FOR_SERVING = {"SERVING_HOST", "SERVING_PORT", "SERVING_LOG_FORMAT"}
DECIDED_FOR = {
    "api": DECIDED | {"API_PORT", "TRUSTED_PROXY"},
    "worker": DECIDED | {"WORKER_METRICS_PORT"},
    "inference": DECIDED_FOR_SERVING | {"SERVING_GPU_MODEL_DIR"},
    "inference-gpu": DECIDED_FOR_SERVING | {"SERVING_GPU_MODEL_DIR"},
}


def sets_of_profiles() -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(PROFILES, n) for n in range(len(PROFILES) + 1))


def bytes_of(size: str | int) -> int:
    number, unit = re.fullmatch(r"(\d+)([bkmg]?)", str(size)).groups()  # type: ignore[union-attr]
    return int(number) * 1024 ** "bkmg".index(unit or "b")


def given_secrets(service: dict[str, Any]) -> set[str]:
    return {one if isinstance(one, str) else one["source"] for one in service.get("secrets", ())}


@pytest.mark.parametrize("profiles", list(sets_of_profiles()), ids=str)
def test_the_file_resolves_with_every_profile(project: Project, profiles: tuple[str, ...]) -> None:
    assert {"proxy", "api", "worker", "inference", "mongo", "redis"} <= set(
        project.services(*profiles)
    )


def test_the_file_is_as_the_compose_specification_says() -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            "docker-compose.yml",
        ],
        cwd=ROOT,
        check=True,
    )


def test_the_secrets_are_made_once_and_are_not_readable_from_outside_their_folder(
    own_project: Project,
) -> None:
    own_project.make_secrets()
    before = {file.name: file.read_bytes() for file in own_project.secrets.iterdir()}
    (own_project.secrets / "mongo_password").chmod(0o600)
    (own_project.secrets / "mongo_password").write_text("mine", encoding="utf-8")
    (own_project.secrets / "grafana_password").unlink()
    own_project.env_file.write_text("COUNTRY=IE\n", encoding="utf-8")

    own_project.make_secrets()

    after = {file.name: file.read_bytes() for file in own_project.secrets.iterdir()}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"mongo_password", "grafana_password"}
    assert after["mongo_password"] == b"mine"
    assert stat.S_IMODE(own_project.secrets.stat().st_mode) == 0o700
    assert own_project.env_file.read_text(encoding="utf-8") == "COUNTRY=IE\n"


def test_without_openssl_no_empty_secret_is_made_that_would_stay(own_project: Project) -> None:
    programs = own_project.folder / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")
    for name in ("cat", "chmod", "cp", "dirname", "grep", "mkdir", "mv", "sed", "tr"):
        (programs / name).symlink_to(shutil.which(name) or name)

    made = own_project.run_make_secrets(PATH=str(programs))

    assert made.returncode != 0
    assert "needs openssl" in made.stderr
    assert not own_project.secrets.exists()

    (programs / "openssl").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (programs / "openssl").chmod(0o755)
    made = own_project.run_make_secrets(PATH=str(programs))

    assert made.returncode != 0
    assert "api_key_pepper could not be made" in made.stderr
    assert list(own_project.secrets.iterdir()) == []


@pytest.fixture
def failing_openssl(own_project: Project) -> Callable[[str, str], str]:
    """Return a PATH whose openssl runs a shell command for one of its subcommands."""

    def path(subcommand: str, command: str) -> str:
        programs = own_project.folder / "programs"
        programs.mkdir()
        stand_in = (
            f'[ "$1" != {subcommand} ] || {{ {command}; }}\nexec {shutil.which("openssl")} "$@"'
        )
        (programs / "openssl").write_text(f"#!/bin/sh\n{stand_in}\n", encoding="utf-8")
        (programs / "openssl").chmod(0o755)
        return f"{programs}{os.pathsep}{os.environ['PATH']}"

    return path


@pytest.mark.parametrize(
    "command",
    [
        "exit 1",
        "echo 0123456789; exit 0",
        "echo 0123456789012345678901234567890123456789; exit 1",
    ],
)
@pytest.mark.parametrize("missing", ["mongo_keyfile", "redis_conf", "sign_in_key"])
def test_an_openssl_that_fails_half_way_leaves_no_secret_that_could_be_guessed(
    own_project: Project,
    failing_openssl: Callable[[str, str], str],
    missing: str,
    command: str,
) -> None:
    own_project.make_secrets()
    (own_project.secrets / missing).unlink()

    made = own_project.run_make_secrets(PATH=failing_openssl("rand", command))

    assert made.returncode != 0
    assert f"{missing} could not be made" in made.stderr
    assert not (own_project.secrets / missing).exists()


@pytest.mark.parametrize("key", ["a-key-of-16-chars", "short"])
def test_an_inference_key_of_ones_own_is_used_whatever_its_length(
    own_project: Project, key: str
) -> None:
    own_project.secrets.mkdir(parents=True)
    (own_project.secrets / "inference_key").write_text(key, encoding="utf-8")

    own_project.make_secrets()

    assert (own_project.secrets / "serving_keys").read_text(encoding="utf-8") == f"api:{key}\n"


def test_a_certificate_that_openssl_fails_to_make_can_be_made_by_the_next_run(
    own_project: Project, failing_openssl: Callable[[str, str], str]
) -> None:
    keyout = 'while [ "$1" != -keyout ]; do shift; done; echo half > "$2"'

    made = own_project.run_make_secrets(
        PATH=failing_openssl("req", f"{keyout}; echo no entropy >&2; exit 1")
    )

    assert made.returncode != 0
    assert "tls_key and tls_certificate could not be made" in made.stderr
    assert "no entropy" in made.stderr
    assert not {file.name for file in own_project.secrets.iterdir()} & {".new", "tls_key"}
    own_project.make_secrets()
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
        own_project.secrets / "tls_certificate", own_project.secrets / "tls_key"
    )


@pytest.mark.parametrize("missing", ["tls_key", "tls_certificate"])
def test_a_certificate_or_key_without_the_other_is_named_and_kept(
    own_project: Project, missing: str
) -> None:
    own_project.make_secrets()
    (own_project.secrets / missing).unlink()
    before = {file.name: file.read_bytes() for file in own_project.secrets.iterdir()}

    made = own_project.run_make_secrets()

    assert made.returncode != 0
    assert f"{missing} is missing" in made.stderr
    assert {file.name: file.read_bytes() for file in own_project.secrets.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mongo_admin_password", "\n", "mongo_admin_password is empty"),
        ("redis_conf", "requirepass \n", "redis_conf has no password"),
    ],
)
def test_a_secret_that_is_empty_is_named(
    own_project: Project, name: str, content: str, said: str
) -> None:
    own_project.secrets.mkdir(parents=True)
    (own_project.secrets / name).write_text(content, encoding="utf-8")

    made = own_project.run_make_secrets()

    assert made.returncode != 0
    assert said in made.stderr


def test_every_secret_of_the_file_is_made_and_every_made_one_is_used(project: Project) -> None:
    declared = set(yaml.safe_load(TEXT)["secrets"])
    used = {
        name for one in yaml.safe_load(TEXT)["services"].values() for name in one.get("secrets", ())
    }

    assert declared == used == {file.name for file in project.secrets.iterdir()}


def test_a_service_reads_only_secrets_that_it_is_given(services: dict[str, Any]) -> None:
    for name, service in services.items():
        # mongosh and nginx name theirs in files of their own.
        read = {path.split("/")[-1] for path in re.findall(rf"{SECRETS}/\w+", str(service))}

        assert read <= given_secrets(service), name


def test_the_made_secrets_are_usable_settings(project: Project, services: dict[str, Any]) -> None:
    def here(name: str) -> dict[str, str]:
        environment = services[name]["environment"]
        return {k: (v or "").replace(SECRETS, str(project.secrets)) for k, v in environment.items()}

    api = read_settings(here("api"))
    serving = ServingSettings.from_environment(here("inference"))

    assert api.api_key_pepper
    assert api.store_is_mongo
    assert serving.keys == {"api": api.inference_key}
    password = re.fullmatch(r"redis://:(\w{32,})@redis:6379/0", api.queue_url)
    assert password is not None
    assert api.redis_url == api.queue_url[:-1] + "1"
    assert (project.secrets / "redis_conf").read_text() == f"requirepass {password[1]}\n"
    mongo = (project.secrets / "mongo_password").read_text().strip()
    assert f"//moodline:{mongo}@mongo:27017/moodline?replicaSet=rs0" in api.store_url


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    given = {
        (name, variable): value
        for name, service in services.items()
        for variable, value in (service.get("environment") or {}).items()
        if value
        and variable not in ("LONG_CALLS_PER_KEY", "SERVING_TOKEN_BUDGET")
        and re.search(r"KEY|PEPPER|PASSWORD|TOKEN|SECRET", variable)
    }

    assert len(given) >= 6
    assert [where for where, value in given.items() if not value.startswith(f"{SECRETS}/")] == []


def test_every_setting_reaches_its_services(own_project: Project) -> None:
    own_project.make_secrets()
    names = [*variables(), *SERVING_VARIABLES]
    of_file = {name: f"mark-of-{name}" for name in names}
    lines = "".join(f"{name}={value}\n" for name, value in of_file.items())
    own_project.env_file.write_text(lines, encoding="utf-8")

    services = own_project.services(*PROFILES)

    for name, wanted in (
        ("api", set(variables())),
        ("worker", set(variables())),
        ("inference", SERVING_VARIABLES - {"SERVING_KEYS"}),
        ("inference-gpu", SERVING_VARIABLES - {"SERVING_KEYS"}),
    ):
        environment = services[name]["environment"]
        different = {each for each in wanted if environment.get(each) != of_file[each]}
        assert different == DECIDED_FOR[name], name


def test_a_copied_example_changes_nothing(services: dict[str, Any]) -> None:
    """The example's own values stay defaults: blank ones and those of the file count."""
    api = {
        name: value
        for name, value in services["api"]["environment"].items()
        if name in variables() and name not in DECIDED_FOR["api"]
    }

    assert {name: value or "" for name, value in api.items()} == {
        name: value for name, value in variables().items() if name in api
    }
    assert len(api) > 50


def test_the_inference_server_sees_none_of_the_apis_secrets(own_project: Project) -> None:
    own_project.make_secrets()
    lines = "".join(f"{name}=open-sesame\n" for name in secrets())
    own_project.env_file.write_text(lines, encoding="utf-8")

    services = own_project.services(*PROFILES)

    seen = {name for name, service in services.items() if "open-sesame" in str(service)}
    assert seen == {"api", "worker"}


def test_what_the_file_reads_itself_is_known_and_has_the_examples_values() -> None:
    read = dict(re.findall(r"\$\{(DEPLOY_\w+):-([^}]*)\}", TEXT))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    others = set(re.findall(r"\$\{(\w+)", TEXT)) - set(read)

    assert set(read) == COMPOSE_VARIABLES
    assert read == dict(re.findall(r"^(DEPLOY_\w+)=(.*)$", example, re.MULTILINE))
    assert others <= SERVING_VARIABLES


def test_it_does_not_start_without_its_settings_file(own_project: Project) -> None:
    resolved = own_project.config()

    assert resolved.returncode != 0
    assert ".env" in resolved.stderr


def providers_tried(
    environment: dict[str, str], project: Project, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, str]]:
    """Return which providers a server with this environment tries, and with which model."""
    here = {k: (v or "").replace(SECRETS, str(project.secrets)) for k, v in environment.items()}
    settings = ServingSettings.from_environment(here)
    tried: list[tuple[str, str]] = []

    def try_providers(artifact: Path, *, providers: tuple[str, ...], **_: Any) -> None:
        tried.extend((str(artifact), provider) for provider in providers)
        if "cpu" not in providers:
            raise ModelCorrupt("no GPU is here")

    monkeypatch.setattr(bootstrap, "open_model", lambda folder: folder)
    monkeypatch.setattr(bootstrap, "EmotionClassifier", try_providers)
    bootstrap.open_classifier(settings)
    return tried


def test_the_gpu_profile_tries_the_gpu_first_with_the_model_for_it(
    services: dict[str, Any], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = services["inference-gpu"]
    tried = providers_tried(service["environment"], project, monkeypatch)
    shipped = str(ServingSettings().model_dir)

    assert tried[:2] == [("/model", "tensorrt"), ("/model", "cuda")]
    assert tried[-1] == (shipped, "cpu")
    mounted = str(service["volumes"][0])
    assert "deploy/gpu-model" in mounted
    assert "/model" in mounted
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]


def test_without_the_gpu_profile_no_gpu_is_tried(
    services: dict[str, Any], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = providers_tried(services["inference"]["environment"], project, monkeypatch)

    assert {provider for _, provider in tried} == {"openvino", "cpu"}


def test_every_service_is_hardened_pinned_checked_bounded_and_without_rights(
    services: dict[str, Any],
) -> None:
    users = re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)

    assert set(services) == {
        *("proxy", "api", "worker", "inference", "inference-gpu", "mongo", "redis"),
        *("prometheus", "grafana"),
    }
    for name, service in services.items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:\w{64})?", service["image"])
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["healthcheck"]["test"], name
        assert bytes_of(service["mem_limit"]) > 0, name
        assert service["pids_limit"], name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name
        assert all("size=" in mount for mount in service["tmpfs"]), name
        assert "build" in service or service["user"] not in ("", "root"), name
    assert users[-1] == "10001"


def test_uploads_have_room_in_the_apis_temporary_folder_and_in_its_memory(
    services: dict[str, Any],
) -> None:
    settings = read_settings({})
    size = re.search(r"size=(\w+)", services["api"]["tmpfs"][0])
    assert size is not None
    spool = settings.api_processes * settings.max_spool_bytes

    assert bytes_of(size[1]) > spool
    # Each process is below 150 MB when idle (test_process.py).
    assert bytes_of(services["api"]["mem_limit"]) > spool + settings.api_processes * 400 * 1024**2


def test_only_proxy_and_grafana_are_published_and_only_on_loopback(
    services: dict[str, Any],
) -> None:
    published = {name: one["ports"] for name, one in services.items() if one.get("ports")}

    assert published == {
        "proxy": ["127.0.0.1:8443:8443/tcp"],
        "grafana": ["127.0.0.1:3001:3000/tcp"],
    }


def test_the_stores_are_on_a_network_without_a_way_out() -> None:
    file = yaml.safe_load(TEXT)

    assert file["networks"]["data"]["internal"] is True
    assert (
        file["services"]["mongo"]["networks"] == file["services"]["redis"]["networks"] == ["data"]
    )


def test_the_proxy_is_trusted_with_addresses_and_reaches_the_api(services: dict[str, Any]) -> None:
    proxy, api = services["proxy"], services["api"]["environment"]
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")

    assert api["TRUSTED_PROXY"] == "*"
    assert f"server api:{api['API_PORT']};" in text
    assert f"listen {proxy['ports'][0].split(':')[-1].removesuffix('/tcp')} ssl;" in text


def test_mongo_asks_for_passwords_and_is_the_replica_set_that_the_store_connects_to(
    services: dict[str, Any], project: Project
) -> None:
    command = words(services["mongo"])
    replica_set = command[command.index("--replSet") + 1]
    health = (ROOT / "deploy" / "mongo" / "health.js").read_text(encoding="utf-8")
    store_url = (project.secrets / "store_url").read_text(encoding="utf-8")

    assert "--keyFile" in command  # which switches authentication on as well
    assert f"replicaSet={replica_set}&" in store_url
    assert f'_id: "{replica_set}"' in health
    assert set(re.findall(r'secret\("(\w+)"\)', health)) <= given_secrets(services["mongo"])
    key = (project.secrets / "mongo_keyfile").read_text(encoding="utf-8").strip()
    assert re.fullmatch(r"[A-Za-z0-9+/=]{6,1024}", key)  # what mongod takes


def test_every_mounted_file_is_there(services: dict[str, Any], project: Project) -> None:
    for service in services.values():
        for mount in service.get("volumes", ()):
            source = mount["source"] if isinstance(mount, dict) else mount.split(":")[0]
            inside = Path(source)
            if not inside.is_absolute() or inside.name == "gpu-model":
                continue  # a named volume, or what the operator makes
            path = inside.relative_to(project.folder)
            assert (ROOT / path).exists() or path == Path(".env"), source


def test_the_images_are_built_from_what_is_there() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    sources = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert targets == {"base", "api", "inference", "inference-gpu"}
    for source in " ".join(sources).split():
        assert list(ROOT.glob(source.rstrip("/"))), source
        assert f"!{source.rstrip('/')}" in allowed or f"!{source.split('/')[0]}" in allowed, source


def test_the_images_have_every_extra_that_a_setting_asks_for() -> None:
    extras = re.findall(r'"\.\[([\w,]+)\]"', DOCKERFILE)

    assert [set(each.split(",")) for each in extras] == [
        {"api", "production", "otel"},
        {"serving", "grpc"},
    ]


def test_the_gpu_image_has_pinned_packages_only() -> None:
    lines = (ROOT / "deploy" / "gpu-requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    names = {line.split("==")[0] for line in pinned}
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()

    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in pinned)
    assert {"onnxruntime-gpu", "nvidia-ml-py", "nvidia-cudnn-cu13"} <= names
    assert "--requirement deploy/gpu-requirements.txt" in DOCKERFILE
    of_both = {line.split("==")[0] for line in constraints if "==" in line} & names
    assert {"numpy", "protobuf", "nvidia-ml-py"} <= of_both
    assert [line for line in pinned if line.split("==")[0] in of_both] == [
        line for line in pinned if line in constraints
    ]
