"""The program of `ray_serve`: a Ray of its own on loopback, and one deployment."""

import os
import signal
from typing import Any

import ray
from ray import serve
from starlette.requests import Request

from benchmarks.peers.servers.plain import PlainModel

MAX_BATCH_REQUESTS = 64
WAIT_SECONDS = 0.005
MAX_ONGOING_REQUESTS = 512


@serve.deployment(num_replicas=1, max_ongoing_requests=MAX_ONGOING_REQUESTS)
class Emotion:
    """Classify the texts of a batch of requests in one run."""

    def __init__(self) -> None:
        self._model = PlainModel()

    @serve.batch(max_batch_size=MAX_BATCH_REQUESTS, batch_wait_timeout_s=WAIT_SECONDS)
    async def _classify(self, requests: list[list[str]]) -> list[list[dict[str, Any]]]:
        return self._model.items_of_each(requests)

    async def __call__(self, request: Request) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = await self._classify((await request.json())["texts"])
        return items


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PEER_PORT"])})
    serve.run(Emotion.bind(), route_prefix="/classify")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()
