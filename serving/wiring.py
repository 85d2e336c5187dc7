"""Make the parts of a server from its settings; the one place where they meet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from serving.admission import TextQueue
from serving.artifact import ModelArtifact, open_model
from serving.asgi import Answer
from serving.cache import ResultCache
from serving.classifier import EmotionClassifier
from serving.contract import ContractParts
from serving.cores import usable_cores
from serving.keys import BearerKeys
from serving.lanes import Lanes
from serving.metrics import ServerMetrics
from serving.oip import OpenInference
from serving.openapi import openapi_document
from serving.schemas import Limits
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class ServerParts:
    """Hold the parts of a server: what classifies, on what threads, and what answers HTTP."""

    classifier: EmotionClassifier
    lanes: Lanes
    contract: ContractParts


def build_parts(environment: Mapping[str, str]) -> ServerParts:
    """Read settings, load the model and wire everything.

    Raises SettingsError, ModelMissing or ModelCorrupt.
    """
    settings = Settings.from_environment(environment)
    artifact = open_model(settings.model_dir)
    classifier = EmotionClassifier(
        artifact,
        threads=settings.threads or max(1, usable_cores() // settings.workers),
        token_budget=settings.token_budget,
        providers=settings.providers,
    )
    metrics = ServerMetrics(artifact, classifier.provider)
    lanes = Lanes(classifier, metrics, settings.token_budget)
    contract = ContractParts(
        settings=settings,
        keys=BearerKeys(settings.keys),
        queue=TextQueue(settings.queue_texts, time.monotonic, metrics),
        cache=ResultCache(settings.cache_texts, f"{artifact.name} {artifact.version}", metrics),
        lanes=lanes,
        metrics=metrics,
        model_page=Answer.of(model_document(artifact, settings.limits)),
        docs_page=Answer.of(openapi_document(artifact, settings)),
        open_inference=OpenInference(artifact.name, artifact.version),
        clock=time.monotonic,
    )
    return ServerParts(classifier, lanes, contract)


def model_document(artifact: ModelArtifact, limits: Limits) -> dict[str, Any]:
    """Return what /v1/model says: which model this is, how good it is, and the limits."""
    return {
        "name": artifact.name,
        "version": artifact.version,
        "base": artifact.base,
        "precision": artifact.precision,
        "labels": list(artifact.labels),
        "max_tokens": artifact.max_tokens,
        "preprocess_version": artifact.preprocess_version,
        "accuracy": artifact.accuracy,
        "limits": asdict(limits),
    }
