"""Wake-up messages to workers in other processes, through Celery on Redis.

The store is the queue of record. A message carries the id of an analysis: one that is lost costs
the time until a worker's next sweep, one too many costs a look at the store.
"""

import logging

from celery import Celery
from kombu.exceptions import OperationalError

_log = logging.getLogger(__name__)

TASK = "moodline.analyse"

_CONNECT_SECONDS = 2.0
_SOCKET_SECONDS = 5.0  # above the second for which a worker's read of an empty queue waits
_LEASES_UNTIL_VISIBLE = 10


def celery_app(url: str, *, lease_seconds: float) -> Celery:
    """Return the Celery app of senders and workers; nothing connects before it is used.

    A message is acknowledged after its run and is delivered again where the worker dies before. By
    then the lease has ended too, and a sweep has found the analysis: the store decides.
    """
    app = Celery("moodline", broker=url, set_as_current=False)
    app.conf.update(
        task_default_queue="moodline.analyses",
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": max(60, int(_LEASES_UNTIL_VISIBLE * lease_seconds)),
            "socket_connect_timeout": _CONNECT_SECONDS,
            "socket_timeout": _SOCKET_SECONDS,
        },
    )
    return app


class CeleryQueue:
    """Sender of wake-up messages; may be shared by threads."""

    def __init__(self, url: str, *, lease_seconds: float) -> None:
        self._app = celery_app(url, lease_seconds=lease_seconds)

    def wake(self, analysis_id: str) -> None:
        """Wake a worker for an analysis; where Redis is away, a sweep finds the analysis later."""
        try:
            self._app.send_task(TASK, (analysis_id,))
        except OperationalError as error:
            _log.warning(
                "no worker was woken, the next sweep finds the analysis: %s",
                type(error.__cause__ or error).__name__,
                extra={"analysis_id": analysis_id},
            )

    def close(self) -> None:
        """Close the connections."""
        self._app.close()
