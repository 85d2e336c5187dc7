"""The runtime that MLServer loads for `mlserver`."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

from benchmarks.peers.servers.plain import PlainModel


class EmotionRuntime(MLModel):
    """Classify the texts of a batch of requests in one run."""

    async def load(self) -> bool:
        self._model = PlainModel()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        classified = self._model.classify(StringCodec.decode_input(payload.inputs[0]))
        scores = np.array([list(one.scores.values()) for one in classified]).round(6)
        irony = np.array([[one.irony] for one in classified]).round(6)
        return InferenceResponse(
            model_name=self.name,
            outputs=[
                StringCodec.encode_output("label", [one.label for one in classified]),
                NumpyCodec.encode_output("scores", scores),
                NumpyCodec.encode_output("irony", irony),
            ],
        )
