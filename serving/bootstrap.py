"""Build the parts of a server from its settings: the only module that wires them."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.cores import usable_cores
from serving.classifier.providers import GPU_PROVIDERS, SHOWN, GpuTuning
from serving.errors import ModelCorrupt
from serving.http.application import ServerParts
from serving.http.bentoml_app import BentomlApp, BentomlScheduler
from serving.http.classify import ClassifyCall
from serving.http.connection import ConnectionLimits
from serving.http.metrics import ServerMetrics
from serving.http.protocols.open_inference import OpenInference
from serving.http.windows import WindowCutter
from serving.scheduling.queue import Admission
from serving.scheduling.result_cache import ResultCache
from serving.scheduling.scheduler import ContinuousScheduler, Scheduler
from serving.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """The model of a worker process, with the settings and metrics of that process."""

    settings: Settings
    classifier: EmotionClassifier
    metrics: ServerMetrics


def load_model(environment: Mapping[str, str]) -> LoadedModel:
    """Read settings and load the model.

    Raises SettingsError, ModelMissing or ModelCorrupt.
    """
    settings = Settings.from_environment(environment)
    classifier = open_classifier(settings)
    classifier.warm()
    metrics = ServerMetrics(classifier.artifact, classifier.provider)
    return LoadedModel(settings, classifier, metrics)


def connection_limits(environment: Mapping[str, str]) -> ConnectionLimits:
    """Return the limits of this process's connections.

    A body has no longer to come than its request has to be answered. Raises SettingsError.
    """
    settings = Settings.from_environment(environment)
    seconds = min(settings.receive_seconds, settings.deadline_seconds)
    return ConnectionLimits.within_file_limit(settings.connections, seconds)


def build_parts(model: LoadedModel, bentoml: BentomlApp) -> ServerParts:
    """Return what the HTTP application answers from; `bentoml` is the app behind it."""
    settings, classifier, metrics = model.settings, model.classifier, model.metrics
    artifact = classifier.artifact
    scheduler: Scheduler = (
        BentomlScheduler(bentoml)
        if settings.scheduler == "bentoml"
        else ContinuousScheduler(classifier, metrics, classifier.sizing)
    )
    call = ClassifyCall(
        scheduler=scheduler,
        admission=Admission(settings.queue_texts, time.monotonic, metrics, settings.key_share),
        cache=ResultCache(settings.cache_texts, f"{artifact.name} {artifact.version}", metrics),
        limits=settings.limits,
        clock=time.monotonic,
        deadline_seconds=settings.deadline_seconds,
        windows=WindowCutter(classifier.windows, settings.max_texts),
    )
    if settings.grpc_port is None:
        return ServerParts(settings, artifact, metrics, call)
    from serving.rpc.parts import GrpcParts  # needs an extra

    grpc = GrpcParts.of(settings, OpenInference(artifact.name, artifact.version))
    return ServerParts(settings, artifact, metrics, call, grpc)


def open_classifier(settings: Settings) -> EmotionClassifier:
    """Load the model for a GPU where a GPU runs it, else the other.

    The other is int8 as shipped, for whose operators GPUs have no kernels: it is not tried there
    while something else may run it. Raises ModelMissing or ModelCorrupt; of the model for a GPU
    only when its folder is not whole, or when nothing else may run the other.
    """
    gpus = [name for name in settings.providers if name in GPU_PROVIDERS]
    others = [name for name in settings.providers if name not in GPU_PROVIDERS]
    if settings.gpu_model_dir is not None:
        artifact = open_model(settings.gpu_model_dir)
        tuning = GpuTuning(settings.cuda_graphs, settings.tensorrt_cache)
        try:
            return EmotionClassifier(
                artifact,
                threads=settings.threads,
                token_budget=settings.token_budget,
                providers=gpus,
                tuning=tuning,
            )
        except ModelCorrupt as error:
            if not others:
                raise
            reason = " ".join(str(error.__cause__ or error).split())[:SHOWN]
            logger.warning(
                "no GPU runs %s, %s is next: %s", settings.gpu_model_dir, settings.model_dir, reason
            )
    threads = settings.threads or (max(1, usable_cores() // settings.workers) if others else None)
    return EmotionClassifier(
        open_model(settings.model_dir),
        threads=threads,
        single_text_threads=settings.lone_threads or threads or 1,
        token_budget=settings.token_budget,
        providers=others or gpus,
    )
