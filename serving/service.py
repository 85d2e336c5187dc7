"""The BentoML service, which `bentoml serve` loads.

BentoML imports this module by name in every worker process and makes one `MoodlineInference`
there; what it needs is built then, not at import, and imported then too: the supervisor reads
this module as well, and would be slower and larger by a model runtime that it never uses.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
from typing import TYPE_CHECKING, Annotated, Any

import bentoml
import uvicorn.config
from bentoml.validators import ContentType

from serving.errors import ClassificationError
from serving.logs import configure_logs
from serving.supervisor import STOPPING

if TYPE_CHECKING:
    from serving.bootstrap import LoadedModel
    from serving.http.connection import Connection, ConnectionLimits
    from serving.http.messages import App

SECONDS_BETWEEN_CHECKS = 1.0

logger = logging.getLogger(__name__)

Items = Annotated[list[Any], ContentType("application/json")]
"""Without a content type BentoML works the schema out anew for every answer."""


@functools.cache
def model() -> LoadedModel:
    """Return this process's model, loaded the first time."""
    from serving.bootstrap import load_model

    return load_model(os.environ)


@functools.cache
def connection_limits() -> ConnectionLimits:
    """Return the limits that this process's connections share."""
    from serving.bootstrap import connection_limits

    return connection_limits(os.environ)


def connection(**arguments: Any) -> Connection:
    """Return the protocol of a new connection; `arguments` are uvicorn's."""
    from serving.http.connection import Connection

    return Connection(limits=connection_limits(), **arguments)


def application(bentoml_app: App) -> App:
    """Return the HTTP application, which stands in front of BentoML's own."""
    from serving.bootstrap import build_parts
    from serving.http.application import Application

    limits = connection_limits()  # before the first connection, because settings may be wrong
    made = Application(bentoml_app, lambda behind: build_parts(model(), behind))
    limits.application = made
    limits.on_stop = made.stop_accepting
    limits.on_refused = lambda status: model().metrics.connection_refused(status)
    return made


class MoodlineInference:
    """Classify batches of texts that BentoML gathers from requests.

    Requests from outside are answered by the application in front; it sends their texts here only
    with SERVING_SCHEDULER=bentoml, because BentoML's dispatcher costs a request of one text as
    much as its model run (see DECISIONS.md).
    """

    def __init__(self) -> None:
        """Load the model."""
        from serving.http.bentoml_app import MeasuredClassifier

        configure_logs(model().settings.log_format)
        self._classifier = MeasuredClassifier(model().classifier, model().metrics)
        # BentoML works the method's signature out anew, twice per request, unless it finds the
        # method bound in the instance.
        vars(self)["classify"] = self.classify

    @bentoml.on_startup  # type: ignore[untyped-decorator] # as are all of BentoML's
    async def watch_parent(self) -> None:
        """Begin to watch the supervisor, and to heed it."""
        asyncio.get_running_loop().add_signal_handler(STOPPING, connection_limits().stop)
        self._watch = asyncio.create_task(stop_without(os.getppid()))

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Give threads back."""
        self._watch.cancel()
        model().classifier.close()

    @bentoml.api(  # type: ignore[untyped-decorator]
        route="/v1/classify", batchable=True, max_batch_size=256
    )
    def classify(self, texts: list[str]) -> Items:
        """Return one classification per text as in the contract, None for a text that failed.

        An exception would fail every request in the batch.
        """
        return [
            None if isinstance(outcome, ClassificationError) else outcome.to_wire()
            for outcome in self._classifier.classify_each(texts)
        ]


async def stop_without(parent: int) -> None:
    """Stop this process as SIGTERM would, once the process `parent` is gone.

    A supervisor that is killed outright cannot stop its workers, and they would keep the port.
    """
    while os.getppid() == parent:
        await asyncio.sleep(SECONDS_BETWEEN_CHECKS)
    logger.warning("the supervisor is gone, so this worker stops")
    os.kill(os.getpid(), signal.SIGTERM)


# Off: tracing and the access log double the cost of a request, and the built-in metrics have
# a series for every path that anybody asks for. ServerMetrics counts instead.
service = bentoml.service(
    name="moodline_inference",
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
)(MoodlineInference)
service.add_asgi_middleware(application)

# BentoML starts uvicorn without a choice of HTTP protocol, which leaves "auto", and before it
# makes the application.
uvicorn.config.HTTP_PROTOCOLS["auto"] = connection  # type: ignore[assignment] # taken as it is
