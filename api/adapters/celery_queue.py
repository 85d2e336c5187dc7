"""Wake-up messages to workers in other processes, through Celery on Redis.

The store is the queue of record. A message carries the id of an analysis: one that is lost costs
the time until a worker's next sweep, one too many costs a look at the store.
"""

import logging
from collections.abc import Callable
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Channel, Transport

_log = logging.getLogger(__name__)

TASK = "moodline.analyse"

_CONNECT_SECONDS = 2.0
_SOCKET_SECONDS = 5.0  # above the second for which a worker's read of an empty queue waits
_LEASES_UNTIL_VISIBLE = 10


class RedisChannel(Channel):
    """Channel that drops what is not JSON, where kombu's would end the worker."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except ValueError:  # it has been taken from the list by now
            self.connection.drop()
            return True


class RedisTransport(Transport):
    """Transport that drops JSON that is no message, where kombu's would end the worker."""

    Channel = RedisChannel
    on_dropped: Callable[[], None] = staticmethod(lambda: None)

    def drop(self) -> None:
        """Say that an item of the list was dropped, and count it."""
        _log.warning("an item of the Redis list is no wake-up message and was dropped")
        self.on_dropped()

    def _deliver(self, message: Any, queue: str) -> None:
        if _is_message(message):
            super()._deliver(message, queue)  # type: ignore[no-untyped-call]
        else:
            self.drop()


def _is_message(item: Any) -> bool:
    """Return whether an item has the parts that kombu reads without a check."""
    if not isinstance(item, dict) or not isinstance(item.get("headers", {}), dict):
        return False
    properties, body = item.get("properties"), item.get("body")
    route = properties.get("delivery_info") if isinstance(properties, dict) else None
    return (
        isinstance(properties, dict)
        and isinstance(properties.get("delivery_tag"), str)
        and properties.get("body_encoding") == "base64"
        and isinstance(route, dict)
        and isinstance(route.get("exchange"), str)
        and isinstance(route.get("routing_key"), str)
        and isinstance(body, str)
    )


def celery_app(
    url: str, *, lease_seconds: float, on_dropped: Callable[[], None] | None = None
) -> Celery:
    """Return the Celery app of senders and workers; nothing connects before it is used.

    What others put into the Redis list is dropped; `on_dropped` is then called.
    A message is acknowledged after its run and is delivered again where the worker dies before. By
    then the lease has ended too, and a sweep has found the analysis: the store decides.
    """
    if on_dropped is not None:  # a sender beside a worker must not take its count away
        RedisTransport.on_dropped = staticmethod(on_dropped)
    # By name and not as a class, so that kombu still sees which of the two the URL asks for.
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{RedisTransport.__name__}"
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
