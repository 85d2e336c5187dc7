"""How full and how busy the graphics cards are, read when somebody asks for the metrics.

The numbers come from NVIDIA's management library through `nvidia-ml-py` (the extra `gpu`).
Without it, or without a card, there are no series.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CardReading:
    """Hold what one card says: bytes of its memory, and the share of time that it computed."""

    card: str
    memory_used: int
    memory_total: int
    utilisation: float


def open_library() -> Any | None:
    """Return NVIDIA's management library, started, or None where there is none."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def read_cards(library: Any) -> list[CardReading]:
    """Return a reading a card; the card's name in metrics is its number."""
    readings = []
    for number in range(library.nvmlDeviceGetCount()):
        card = library.nvmlDeviceGetHandleByIndex(number)
        memory = library.nvmlDeviceGetMemoryInfo(card)
        busy = library.nvmlDeviceGetUtilizationRates(card).gpu / 100
        readings.append(CardReading(str(number), int(memory.used), int(memory.total), busy))
    return readings


class CardCollector(Collector):
    """Give Prometheus a reading of every card at each scrape."""

    def __init__(self, prefix: str, library: Any) -> None:
        """Take what metrics' names start with, and a started library."""
        self._prefix = prefix
        self._library = library

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return nothing: what there is depends on the cards."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield memory and utilisation; nothing when the cards cannot be read now."""
        try:
            readings = read_cards(self._library)
        except self._library.NVMLError:
            logger.exception("the graphics cards cannot be read")
            return
        for name, words, field in (
            ("gpu_memory_used_bytes", "Memory of the card in use, by anybody", "memory_used"),
            ("gpu_memory_total_bytes", "Memory of the card", "memory_total"),
            ("gpu_utilisation", "Share of the last moments that it computed", "utilisation"),
        ):
            family = GaugeMetricFamily(self._prefix + name, words, labels=["gpu"])
            for reading in readings:
                family.add_metric([reading.card], getattr(reading, field))
            yield family
