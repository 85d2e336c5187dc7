"""The Python client of the inference server, for other teams; it needs only httpx.

    from serving.client import InferenceClient

    with InferenceClient("http://127.0.0.1:3000") as client:
        for item in client.classify(["What a day!"]):
            print(item.label, item.scores[item.label])

`AsyncInferenceClient` has the same methods for asyncio.
"""

from serving.client.answers import ModelInfo
from serving.client.asynchronous import AsyncInferenceClient
from serving.client.errors import (
    InferenceAnswerError,
    InferenceBusyError,
    InferenceError,
    InferenceFailedError,
    InferenceRejectedError,
    InferenceRetryableError,
    InferenceUnreachableError,
)
from serving.client.protocol import RetryPolicy
from serving.client.synchronous import InferenceClient
from serving.schemas import Classification, Limits

__all__ = [
    "AsyncInferenceClient",
    "Classification",
    "InferenceAnswerError",
    "InferenceBusyError",
    "InferenceClient",
    "InferenceError",
    "InferenceFailedError",
    "InferenceRejectedError",
    "InferenceRetryableError",
    "InferenceUnreachableError",
    "Limits",
    "ModelInfo",
    "RetryPolicy",
]
