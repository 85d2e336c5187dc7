"""Make the parts of a server from its settings; the one place where they meet."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from serving.classifier.artifact import ModelArtifact, open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.engine import usable_cores
from serving.classifier.providers import GPU_PROVIDERS, SHOWN, GpuTuning
from serving.errors import ModelCorrupt
from serving.http.asgi import Answer
from serving.http.auth import BearerKeys
from serving.http.contract import ContractParts
from serving.http.metrics import ServerMetrics
from serving.http.openapi import openapi_document
from serving.http.protocols.open_inference import OpenInference
from serving.scheduling.queue import Admission
from serving.scheduling.result_cache import ResultCache
from serving.scheduling.scheduler import ContinuousScheduler
from serving.schemas import Limits
from serving.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerParts:
    """Hold the parts of a server: what classifies, on what threads, and what answers HTTP."""

    classifier: EmotionClassifier
    scheduler: ContinuousScheduler
    contract: ContractParts


def build_parts(environment: Mapping[str, str]) -> ServerParts:
    """Read settings, load the model and wire everything.

    Raises SettingsError, ModelMissing or ModelCorrupt.
    """
    settings = Settings.from_environment(environment)
    classifier = open_classifier(settings)
    classifier.warm()
    artifact = classifier.artifact
    metrics = ServerMetrics(artifact, classifier.provider)
    scheduler = ContinuousScheduler(classifier, metrics, classifier.sizing)
    contract = ContractParts(
        settings=settings,
        keys=BearerKeys(settings.keys),
        admission=Admission(settings.queue_texts, time.monotonic, metrics),
        cache=ResultCache(settings.cache_texts, f"{artifact.name} {artifact.version}", metrics),
        scheduler=scheduler,
        metrics=metrics,
        model_page=Answer.of(model_document(artifact, settings.limits)),
        docs_page=Answer.of(openapi_document(artifact, settings)),
        open_inference=OpenInference(artifact.name, artifact.version),
        clock=time.monotonic,
    )
    return ServerParts(classifier, scheduler, contract)


def open_classifier(settings: Settings) -> EmotionClassifier:
    """Load the model for a graphics card where a card runs it, else the other.

    The other is int8 as shipped, for whose operators cards have no kernels: it is not tried there
    while something else may run it. Raises ModelMissing or ModelCorrupt; of the model for a card
    only when its folder is not whole, or when nothing else may run the other.
    """
    cards = [name for name in settings.providers if name in GPU_PROVIDERS]
    others = [name for name in settings.providers if name not in GPU_PROVIDERS]
    if settings.gpu_model_dir is not None:
        artifact = open_model(settings.gpu_model_dir)
        tuning = GpuTuning(settings.cuda_graphs, settings.tensorrt_cache)
        try:
            return EmotionClassifier(
                artifact,
                threads=settings.threads,
                token_budget=settings.token_budget,
                providers=cards,
                tuning=tuning,
            )
        except ModelCorrupt as error:
            if not others:
                raise
            reason = " ".join(str(error.__cause__ or error).split())[:SHOWN]
            logger.warning(
                "no graphics card runs %s, %s is next: %s",
                settings.gpu_model_dir,
                settings.model_dir,
                reason,
            )
    threads = settings.threads or (max(1, usable_cores() // settings.workers) if others else None)
    return EmotionClassifier(
        open_model(settings.model_dir),
        threads=threads,
        single_text_threads=settings.lone_threads or threads or 1,
        token_budget=settings.token_budget,
        providers=others or cards,
    )


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
