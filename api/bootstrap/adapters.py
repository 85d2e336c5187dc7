"""Opens the adapters that the settings ask for: store, inference client, sources, queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from api.adapters.inference_http import HttpEmotionClient
from api.adapters.language_detection import Py3langidDetector
from api.adapters.redis_probe import redis_probe
from api.bootstrap.sources import wire_sources
from api.domain.mood.mood_pictures import MoodPicture, Theme
from api.errors import StoreUnavailableError
from api.logs import trace_id
from api.ports.api_keys import KeyStore
from api.ports.clock import Clock
from api.ports.emotions import EmotionClient
from api.ports.languages import LanguageDetector
from api.ports.pictures import DrawPicture
from api.ports.post_files import PostFiles
from api.ports.sign_ins import Sealer, SignInProvider
from api.ports.sources import PostSource
from api.ports.store import Retention, Store
from api.post_files.opening import DialectPostFiles
from api.settings import Settings, SettingsError
from api.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from api.adapters.celery_queue import CeleryQueue
    from api.stores.mongo import MongoStore


def _draw_png(picture: MoodPicture, theme: Theme, width: int) -> bytes:
    from api.adapters.mood_png import draw_png  # not at the top: few processes draw anything

    return draw_png(picture, theme, width)


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters that the service uses; tests pass fakes here.

    wake notifies worker processes of an analysis; None if the service has its own threads.
    """

    store: Store
    emotions: EmotionClient
    languages: LanguageDetector
    post_files: PostFiles
    sources: Mapping[str, PostSource]
    clock: Clock
    close: Callable[[], None]
    keys: KeyStore
    sign_in: SignInProvider | None = None
    sealer: Sealer | None = None
    wake: Callable[[str], None] | None = None
    probes: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    draw_picture: DrawPicture = _draw_png


def retention_of(settings: Settings) -> Retention:
    """Return how long the settings let posts and moods be stored."""
    return Retention(
        posts=timedelta(days=settings.posts_retention_days),
        moods=timedelta(days=settings.moods_retention_days),
    )


def open_store(settings: Settings) -> SqliteStore | MongoStore:
    """Open the store that the settings name. Raises StoreUnavailableError."""
    retention, erasure_log = retention_of(settings), settings.erasure_log_path
    if settings.store_is_mongo:
        from api.stores.mongo import MongoStore  # not at the top: the driver is large

        return MongoStore(settings.store_url, retention=retention, erasure_log=erasure_log)
    return SqliteStore(settings.store_path, retention=retention, erasure_log=erasure_log)


def need_store(settings: Settings) -> None:
    """Raise StoreUnavailableError where opening the store would make a new, empty one.

    For commands about a service's store: with a DATA_DIR that is not the service's, that one would
    say that nothing waits and that nobody was erased.
    """
    if not settings.store_is_mongo and not settings.store_path.exists():
        raise StoreUnavailableError(
            f"there is no store {settings.store_path}: STORE_URL or DATA_DIR names it, and must be"
            " set as it is for the service, which makes it when it starts"
        )


def adapters(settings: Settings) -> Ports:
    """Open the adapters that the settings ask for.

    Raises StoreUnavailableError if the store cannot be opened, and SettingsError if a setting
    needs a package that is not installed.
    """
    store = open_store(settings)
    emotions = HttpEmotionClient(
        settings.inference_url,
        timeout_seconds=settings.inference_timeout_seconds,
        key=settings.inference_key,
        trace_id=trace_id,
    )
    queue = _queue(settings)
    redis_urls = {"redis": settings.redis_url, "queue": settings.queue_url}
    sources = wire_sources(settings, _now)

    def close() -> None:
        if queue is not None:
            queue.close()
        emotions.close()
        store.close()

    return Ports(
        store,
        emotions,
        Py3langidDetector(),
        DialectPostFiles(_now),
        sources.by_name,
        _now,
        close,
        keys=store,
        sign_in=sources.sign_in,
        sealer=sources.sealer,
        wake=None if queue is None else queue.wake,
        probes={name: redis_probe(url) for name, url in redis_urls.items() if url},
    )


def _queue(settings: Settings) -> CeleryQueue | None:
    if not settings.queue_url:
        return None
    # Not at the top: without QUEUE_URL the API needs no Celery, neither installed nor in memory.
    try:
        from api.adapters.celery_queue import CeleryQueue
    except ImportError as error:
        raise SettingsError(
            "QUEUE_URL is set, which needs the extra `production` (Celery and Redis's client)."
        ) from error
    return CeleryQueue(settings.queue_url, lease_seconds=settings.lease_seconds)


def _now() -> datetime:
    return datetime.now(UTC)
