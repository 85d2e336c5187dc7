"""Scores windows of rows on a Ray cluster, by Ray Data; needs the extra `bulk`.

One task on this machine reads IN and streams its windows out; actors with one core each, anywhere
in the cluster, score them; the windows come back here in their order and are written. So the other
machines need this package and the model folder, but neither IN nor OUT.
"""

import logging
import os
import pickle
import socket
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

# Before the import: Ray reports usage to its makers unless told not to, and must not.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its warnings are for Ray's developers

import pyarrow as pa
import ray
from ray.data.block import Block, BlockMetadata
from ray.data.datasource import Datasource, ReadTask

from serving.bulk.errors import ChangedError, UnusableError
from serving.bulk.rows import Outcome, Reader, ScoredWindow, Window
from serving.bulk.scoring import model_identity, score
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.cores import usable_cores
from serving.classifier.engine import DEFAULT_PROVIDER
from serving.settings import MODEL_DIR, Settings

CONNECT_SECONDS = 10.0

_WINDOW = "window"
_OUTCOMES = "outcomes"
_NODE = "ray.io/node-id"


class RayScoring:
    """Scores on the cores of a Ray cluster; the model runs on CPUs there."""

    provider = DEFAULT_PROVIDER

    def __init__(self, settings: Settings, address: str | None) -> None:
        """Score in the cluster at `address`, or in one on this machine that ends with this."""
        self.model = model_identity(open_model(settings.model_dir))
        # Every machine has its own copy of the package, and the shipped model in it.
        shipped = settings.model_dir == MODEL_DIR
        self._folder = None if shipped else str(settings.model_dir.resolve())
        self._token_budget = settings.token_budget
        self._address = address
        self._cores = settings.threads

    def __enter__(self) -> Self:
        """Connect; UnusableError when the cluster cannot be reached."""
        self._check_address()
        # A cluster of this run alone listens on loopback: Ray's ports ask for no password.
        alone = {
            "num_cpus": self._cores or usable_cores(),
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            ray.init(
                address=self._address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **({} if self._address else alone),
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise UnusableError(
                f"the Ray cluster at {self._address or 'this machine'} cannot be used: {reason}"
            ) from error
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        context.target_max_block_size = 1  # a window is a block of its own
        for handler in logging.getLogger("ray.data").handlers:
            handler.setLevel(logging.ERROR)
        return self

    def _check_address(self) -> None:
        """Raise UnusableError where nothing listens: Ray would try again for minutes."""
        host, colon, port = (self._address or "").rpartition(":")
        if not colon:  # "auto", or a cluster of this run alone
            return
        try:
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
        except OSError as error:
            raise UnusableError(
                f"the Ray cluster at {self._address} cannot be reached ({error.strerror or error}):"
                " start it, or name the address that `ray start --head` showed"
            ) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        ray.shutdown()

    def scored(self, reader: Reader, start: int) -> Iterator[ScoredWindow]:
        """Yield the windows in their order; ChangedError where a machine has another model."""
        here = {_NODE: ray.get_runtime_context().get_node_id()}
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        windows = ray.data.read_datasource(
            _Windows(reader, start),
            num_cpus=0,
            label_selector=here,
            override_num_blocks=1,
        )
        done = windows.map_batches(
            _Scorer,
            fn_constructor_args=(self._folder, self._token_budget),
            batch_size=None,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cores),
        )
        for row in done.iter_rows():
            # What this program pickled.
            window: Window = pickle.loads(row[_WINDOW])  # noqa: S301  # nosec B301
            outcomes, model = pickle.loads(row[_OUTCOMES])  # noqa: S301  # nosec B301
            if model != self.model:
                raise ChangedError(
                    f"a machine of the cluster has the model {model}, this one {self.model}:"
                    " install the same release everywhere"
                )
            yield window, outcomes


class _Windows(Datasource):
    """The windows of a reader as a data source of Ray Data: one block each, from one task."""

    def __init__(self, reader: Reader, start: int) -> None:
        self._reader = reader
        self._start = start

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(self, *_: Any, **__: Any) -> list[ReadTask]:
        reader, start = self._reader, self._start

        def read() -> Iterator[Block]:
            for window in reader.windows(start):
                yield pa.table({_WINDOW: pa.array([pickle.dumps(window)], pa.large_binary())})

        return [ReadTask(read, BlockMetadata(None, None, None, None))]


class _Scorer:
    """An actor: the classifier of one core."""

    def __init__(self, folder: str | None, token_budget: int | None) -> None:
        artifact = open_model(folder or MODEL_DIR)
        self._model = model_identity(artifact)
        self._classifier = EmotionClassifier(artifact, threads=1, token_budget=token_budget)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        outcomes: list[bytes] = []
        for data in batch[_WINDOW]:
            window: Window = pickle.loads(data)  # noqa: S301  # nosec B301
            scored: list[Outcome] = score(self._classifier, window)
            outcomes.append(pickle.dumps((scored, self._model)))
        return {_WINDOW: batch[_WINDOW], _OUTCOMES: outcomes}
