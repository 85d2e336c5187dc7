"""Wire the use cases."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable

from api.bootstrap.adapters import Ports
from api.domain.crisis_support import SupportList
from api.domain.scoring import preset
from api.metrics import Metrics
from api.services import (
    Access,
    Analyses,
    Health,
    Imports,
    LongCalls,
    Moods,
    Privacy,
    Services,
    SignIns,
    Sources,
)
from api.settings import Settings


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

    wake tells whoever runs analyses of a new one; calls that wait end when stopping is set.
    """
    signed_in = sign_ins(ports, settings)
    sources = Sources(ports.sources, signed_in)
    return Services(
        imports=Imports(
            ports.store, ports.readers, ports.clock, max_bytes=settings.max_import_bytes
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
                longest=settings.long_call_seconds,
                poll=settings.event_poll_seconds,
                heartbeat=settings.event_heartbeat_seconds,
            ),
        ),
        moods=Moods(ports.store, ports.clock, preset(settings.scoring)),
        privacy=Privacy(ports.store, ports.clock),
        health=Health(ports.store, ports.emotions, ports.probes),
        sources=sources,
        sign_ins=signed_in,
        access=access,
        support=support,
    )


def sign_ins(ports: Ports, settings: Settings) -> SignIns:
    """Return what has people sign in, and keeps and refreshes their tokens."""
    return SignIns(
        ports.store,
        ports.clock,
        lambda: secrets.token_urlsafe(32),
        provider=ports.sign_in,
        sealer=ports.sealer,
        over_tls=(settings.x_redirect_uri or "").startswith("https:"),
    )
