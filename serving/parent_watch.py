"""Let no worker outlive the supervisor that started it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 1.0


def stop_without_parent() -> asyncio.Task[None]:
    """Begin to watch: when the parent process is gone, stop this one as SIGTERM would.

    A supervisor that is killed outright cannot stop its workers, and they would keep the port.
    """
    return asyncio.create_task(_watch(os.getppid()))


async def _watch(parent: int) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
    logger.warning("the supervisor is gone, so this worker stops")
    os.kill(os.getpid(), signal.SIGTERM)
