"""The service that `bentoml_plain` serves."""

from typing import Any

import bentoml

from benchmarks.peers.servers.plain import PlainModel


@bentoml.service
class EmotionService:
    """Classify a batch of texts in one run."""

    def __init__(self) -> None:
        self._model = PlainModel()

    @bentoml.api(batchable=True)
    def classify(self, texts: list[str]) -> list[dict[str, Any]]:
        return self._model.items(texts)
