"""The program of `litserve`: its own batching, its own defaults."""

import os
from typing import Any

import litserve as ls

from benchmarks.peers.servers.plain import PlainModel

MAX_BATCH_REQUESTS = 64
WAIT_SECONDS = 0.005


class EmotionApi(ls.LitAPI):
    """Classify the texts of a batch of requests in one run."""

    def setup(self, device: str) -> None:  # noqa: ARG002 -- LitServe passes it
        self._model = PlainModel()

    # No postponed annotations in this file: LitServe reads these as types.
    def decode_request(self, request: dict[str, Any]) -> list[str]:
        texts: list[str] = request["texts"]
        return texts

    def predict(self, requests: list[list[str]]) -> list[list[dict[str, Any]]]:
        return self._model.items_of_each(requests)

    def encode_response(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return output


if __name__ == "__main__":
    api = EmotionApi(
        max_batch_size=MAX_BATCH_REQUESTS, batch_timeout=WAIT_SECONDS, api_path="/classify"
    )
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PEER_PORT"]),
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
