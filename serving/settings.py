"""Everything that can be set from outside, read once into one frozen object."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from serving.errors import SettingsError
from serving.schemas import Limits

MODEL_DIR = Path(__file__).parent / "model"
LONGEST_DEADLINE = 50.0
"""BentoML cuts requests off after 60 seconds with an answer of its own; ours must come first."""

PROVIDERS = ("tensorrt", "cuda", "openvino", "cpu")
"""What may run the model, best first; serving.classifier.providers knows them by these names."""

SCHEDULERS = ("continuous", "bentoml")
METRICS_READERS = ("open", "key", "off")
_KEY = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63}):(\S{16,512})")


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold the settings of one server; `from_environment` says what each may be."""

    host: str = "127.0.0.1"
    port: int = 3000
    model_dir: Path = MODEL_DIR
    gpu_model_dir: Path | None = None
    workers: int = 1
    threads: int | None = None
    lone_threads: int | None = None
    token_budget: int | None = None
    queue_texts: int = 2048
    deadline_seconds: float = 30.0
    limits: Limits = field(default_factory=Limits)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    cache_texts: int = 10_000
    scheduler: str = SCHEDULERS[0]
    providers: tuple[str, ...] = PROVIDERS
    cuda_graphs: bool = False
    tensorrt_cache: Path | None = None
    docs: bool = True
    metrics: str = "open"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read settings from variables; raises SettingsError, which names the variable.

        A variable that is empty counts as not set. Unset ones have this class's defaults.

        SERVING_HOST      IP address to listen on, or `localhost`
        SERVING_PORT      port to listen on
        SERVING_MODEL_DIR model folder
        SERVING_GPU_MODEL_DIR     model folder for a graphics card; without a card, the other
        SERVING_WORKERS   worker processes, each with a model of its own
        SERVING_THREADS   model runs at a time in one worker; default: usable cores / workers, or
                          what a graphics card takes
        SERVING_LONE_THREADS      CPU threads for one text that comes while nothing runs; default:
                          SERVING_THREADS; 1 saves 30 MB of memory
        SERVING_TOKEN_BUDGET      padded tokens a run; default: what suits the provider
        SERVING_QUEUE_TEXTS       texts that may wait or run in one worker; more are refused
        SERVING_DEADLINE_SECONDS  longest time from a request's first byte to its answer
        SERVING_MAX_TEXTS         texts a request
        SERVING_MAX_TEXT_CHARS    characters a text
        SERVING_MAX_BODY_BYTES    bytes a body
        SERVING_KEYS      bearer keys as `name:secret,...`; without any, no key is asked for
        SERVING_CACHE_TEXTS       results kept in one worker for texts that come again; 0: none
        SERVING_SCHEDULER         `continuous` (our own) or `bentoml` (BentoML's dispatcher)
        SERVING_PROVIDERS         what may run the model, best first; the first that works does
        SERVING_CUDA_GRAPHS       `on` or `off`: record and replay runs of few short texts
        SERVING_TENSORRT_CACHE    folder in which TensorRT keeps the engines that it builds
        SERVING_DOCS      `on` or `off`: whether /docs.json is served
        SERVING_METRICS   `open`, `key` or `off`: who may read /metrics
        """
        read = _Reader(environment)
        limits = Limits(
            texts=read.whole("SERVING_MAX_TEXTS", 1, Limits().texts) or Limits().texts,
            text_chars=read.whole("SERVING_MAX_TEXT_CHARS", 1, 1_000_000) or Limits().text_chars,
            body_bytes=read.whole("SERVING_MAX_BODY_BYTES", 64, 1 << 26) or Limits().body_bytes,
        )
        default = cls()
        cached = read.whole("SERVING_CACHE_TEXTS", 0, 1_000_000)
        return cls(
            host=read.host("SERVING_HOST") or default.host,
            port=read.whole("SERVING_PORT", 1, 65_535) or default.port,
            model_dir=Path(read.text("SERVING_MODEL_DIR") or default.model_dir),
            gpu_model_dir=read.path("SERVING_GPU_MODEL_DIR"),
            workers=read.whole("SERVING_WORKERS", 1, 256) or default.workers,
            threads=read.whole("SERVING_THREADS", 1, 1024),
            lone_threads=read.whole("SERVING_LONE_THREADS", 1, 1024),
            token_budget=read.whole("SERVING_TOKEN_BUDGET", 1, 1 << 20),
            queue_texts=read.whole("SERVING_QUEUE_TEXTS", limits.texts, 1 << 20)
            or default.queue_texts,
            deadline_seconds=read.seconds("SERVING_DEADLINE_SECONDS", LONGEST_DEADLINE)
            or default.deadline_seconds,
            limits=limits,
            keys=read.keys("SERVING_KEYS"),
            cache_texts=default.cache_texts if cached is None else cached,
            scheduler=read.choice("SERVING_SCHEDULER", *SCHEDULERS) or default.scheduler,
            providers=read.words("SERVING_PROVIDERS", PROVIDERS) or default.providers,
            cuda_graphs=read.choice("SERVING_CUDA_GRAPHS", "on", "off") == "on",
            tensorrt_cache=read.path("SERVING_TENSORRT_CACHE"),
            docs=read.choice("SERVING_DOCS", "on", "off") != "off",
            metrics=read.choice("SERVING_METRICS", *METRICS_READERS) or default.metrics,
        )


class _Reader:
    """Read variables, each as what it has to be, or None where it is not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def path(self, name: str) -> Path | None:
        value = self.text(name)
        return None if value is None else Path(value)

    def whole(self, name: str, low: int, high: int) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not value.isascii() or not value.isdecimal() or not low <= int(value[:20]) <= high:
            raise SettingsError(f"{name} must be a whole number from {low} to {high}")
        return int(value)

    def choice(self, name: str, *choices: str) -> str | None:
        value = self.text(name)
        if value is not None and value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}")
        return value

    def words(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        words = [word.strip().lower() for word in (self.text(name) or "").split(",")]
        chosen = tuple(dict.fromkeys(word for word in words if word))
        if not set(chosen) <= set(known):
            raise SettingsError(f"{name} must be of {', '.join(known)}, separated by commas")
        return chosen

    def seconds(self, name: str, high: float) -> float | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0.0
        if not 0.0 < seconds <= high:
            raise SettingsError(f"{name} must be a number of seconds above 0, at most {high:g}")
        return seconds

    def host(self, name: str) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        if value == "localhost":
            return "127.0.0.1"
        try:
            return str(ipaddress.ip_address(value))
        except ValueError as exc:
            raise SettingsError(
                f"{name} must be an IP address or localhost, for example 127.0.0.1"
            ) from exc

    def keys(self, name: str) -> Mapping[str, str]:
        """Return secrets by name; the message of an error never shows one."""
        keys: dict[str, str] = {}
        for place, entry in enumerate((self.text(name) or "").split(","), start=1):
            if not entry.strip():
                continue
            found = _KEY.fullmatch(entry.strip())
            if found is None:
                raise SettingsError(
                    f"{name}: entry {place} must be name:secret, the name of letters, digits,"
                    " '.', '_' and '-', the secret of 16 characters or more"
                )
            if found[1] in keys:
                raise SettingsError(f"{name}: the name of entry {place} stands there twice")
            keys[found[1]] = found[2]
        return MappingProxyType(keys)
