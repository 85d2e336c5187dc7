"""Wiring of the use cases, and of the threads that run analyses in the API or in a worker."""

import json
import os
import secrets
import socket
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.bootstrap.adapters import Ports, retention_of
from api.demo.people import PEOPLE, POSTS
from api.domain.crisis_support import SupportList
from api.domain.mood.scoring import PRESETS, InvalidScoringError, ScoringConfig, config_of
from api.jobs.retention import Sweeper
from api.jobs.runner import AnalysisRunner, RunnerLimits
from api.metrics import MeteredEmotionClient, MeteredPostSource, Metrics
from api.runtime.worker_pool import WorkerPool
from api.services import Services
from api.services.access import Access
from api.services.analyses import Analyses, LongCalls
from api.services.browsing import Browsing
from api.services.demo_posts import DemoPosts
from api.services.health import Health
from api.services.imports import Imports
from api.services.pictures import Pictures
from api.services.served_model import ServedModel
from api.services.sign_ins import SignIns
from api.services.sources import Sources
from api.services.users import Users
from api.settings import Settings, SettingsError


def use_cases(
    ports: Ports,
    settings: Settings,
    metrics: Metrics,
    access: Access,
    support: SupportList,
    *,
    wake: Callable[[str], None],
    stopping: threading.Event,
) -> Services:
    """Return the use cases on these adapters.

    wake notifies the runner of a new analysis; calls that wait end when stopping is set.
    """
    signed_in = _sign_ins(ports, settings)
    sources = Sources(ports.sources, signed_in)
    users = Users(ports.store, ports.clock, scoring_config(settings.scoring))
    return Services(
        imports=Imports(
            ports.store, ports.post_files, ports.clock, max_bytes=settings.max_import_bytes
        ),
        analyses=Analyses(
            ports.store,
            ports.clock,
            wake,
            lambda: uuid.uuid4().hex,
            metrics.analysis,
            sources=sources,
            long_calls=LongCalls(
                wait=stopping.wait,
                at_once=settings.long_calls,
                per_caller=settings.long_calls_per_key,
                longest=settings.long_call_seconds,
                poll=settings.event_poll_seconds,
                heartbeat=settings.event_heartbeat_seconds,
            ),
        ),
        users=users,
        pictures=Pictures(users, ports.draw_picture),
        demo=DemoPosts(
            ports.post_files, {person.user_name: POSTS / person.file for person in PEOPLE}
        ),
        browsing=Browsing(ports.store, scoring_config(settings.scoring)),
        health=Health(ports.store, ports.emotions, ports.probes),
        sources=sources,
        sign_ins=signed_in,
        access=access,
        support=support,
        served_model=ServedModel(ports.emotions),
        retention=retention_of(settings),
    )


def analysis_workers(
    ports: Ports, settings: Settings, metrics: Metrics, stopping: threading.Event, *, threads: int
) -> tuple[AnalysisRunner, WorkerPool]:
    """Return the runner of queued analyses, and the threads that run it and the retention sweeps.

    When stopping is set, running analyses go back to the queue.
    """
    runner = AnalysisRunner(
        ports.store,
        MeteredEmotionClient(ports.emotions, metrics),
        ports.languages,
        {name: MeteredPostSource(name, each, metrics) for name, each in ports.sources.items()},
        ports.clock,
        metrics,
        scoring=scoring_config(settings.scoring),
        limits=RunnerLimits(
            chunk_posts=settings.chunk_posts,
            requests_in_flight=settings.requests_in_flight,
            lease_seconds=settings.lease_seconds,
            retry_seconds=settings.inference_retry_seconds,
            defer_seconds=settings.source_wait_seconds,
        ),
        owner=f"{socket.gethostname()}-{os.getpid()}",
        pause=stopping.wait,
        stopping=stopping.is_set,
        access=_sign_ins(ports, settings).access,
    )
    pool = WorkerPool(
        runner.run,
        stopping,
        sweep=Sweeper(ports.store, ports.clock, metrics.retention_held_back).sweep_when_due,
        threads=threads,
        poll_seconds=settings.queue_poll_seconds,
    )
    return runner, pool


def scoring_config(chosen: str) -> ScoringConfig:
    """Return the preset of that name, else the configuration in the JSON file of that path.

    Raises SettingsError if the file cannot be read or is no configuration.
    """
    if chosen in PRESETS:
        return PRESETS[chosen]
    try:
        content = Path(chosen).read_bytes()
        return config_of(json.loads(content, object_pairs_hook=_without_doubles))
    except OSError as error:
        raise SettingsError(f"SCORING: {chosen}: {error.strerror}.") from error
    except InvalidScoringError as error:
        raise SettingsError(f"SCORING: {chosen}: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"SCORING: {chosen} is not JSON: {error}.") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; InvalidScoringError names what stands twice, of which one is meant."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidScoringError(f"{name} stands in it twice")
        found[name] = value
    return found


def _sign_ins(ports: Ports, settings: Settings) -> SignIns:
    return SignIns(
        ports.store,
        ports.clock,
        lambda: secrets.token_urlsafe(32),
        provider=ports.sign_in,
        sealer=ports.sealer,
        over_tls=(settings.x_redirect_uri or "").startswith("https:"),
    )
