"""The BentoML service, and the only module that imports bentoml.

BentoML imports this module by name in every worker process and makes one `MoodlineInference`
there; what it needs is built then, not at import, and imported then too: the supervisor reads
this module as well, and would be slower and larger by a model runtime that it never uses.
"""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING, Annotated, Any

import bentoml
from bentoml.validators import ContentType

from serving.errors import ClassificationError
from serving.http.asgi import JSON_TYPE, App
from serving.http.downstream import CLASSIFY_PATH
from serving.parent_watch import stop_without_parent

if TYPE_CHECKING:
    from serving.bootstrap import ServerParts
    from serving.http.contract import ContractParts

SERVICE_NAME = "moodline_inference"
BATCH_TEXTS = 256

Items = Annotated[list[Any], ContentType(JSON_TYPE)]
"""Without a content type BentoML works the schema out anew for every answer."""


@functools.cache
def parts() -> ServerParts:
    """Return this process's parts, built from its environment the first time."""
    from serving.bootstrap import build_parts

    return build_parts(os.environ)


def contract_parts() -> ContractParts:
    """Return the half of the parts that the gateway answers from."""
    return parts().contract


def gateway(app: App) -> App:
    """Return what stands in front of BentoML's `app`."""
    from serving.http.application import Gateway

    return Gateway(app, contract_parts)


class MoodlineInference:
    """Classify batches of texts that BentoML gathers from requests.

    Requests from outside are answered by the gateway in front, by a scheduler of its own: BentoML's
    dispatcher costs a lone request as much as its model run (see benchmarks/README.md).
    """

    def __init__(self) -> None:
        """Load the model."""
        logging.getLogger("serving").setLevel(logging.INFO)  # BentoML shows warnings alone
        self._classifier = parts().classifier
        # BentoML works the method's signature out anew, twice a request, unless it finds the
        # method bound in the instance.
        vars(self)["classify"] = self.classify

    @bentoml.on_startup  # type: ignore[untyped-decorator] # as are all of BentoML's
    async def watch_parent(self) -> None:
        """Keep an eye on the supervisor."""
        self._watch = stop_without_parent()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Give threads back."""
        self._watch.cancel()
        parts().scheduler.close()
        self._classifier.close()

    @bentoml.api(  # type: ignore[untyped-decorator]
        route=CLASSIFY_PATH, batchable=True, max_batch_size=BATCH_TEXTS
    )
    def classify(self, texts: list[str]) -> Items:
        """Return one classification a text as in the contract, None for a text that failed.

        An exception would fail every request in the batch.
        """
        return [
            None if isinstance(outcome, ClassificationError) else outcome.to_wire()
            for outcome in self._classifier.classify_each(texts)
        ]


# Off: tracing and the access log double the cost of a request, and the built-in metrics have
# a series for every path that anybody asks for. ServerMetrics counts instead.
service = bentoml.service(
    name=SERVICE_NAME,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
)(MoodlineInference)
service.add_asgi_middleware(gateway)
