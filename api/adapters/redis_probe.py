"""Readiness probe of Redis."""

from collections.abc import Callable

_SECONDS = 2.0


def redis_probe(url: str) -> Callable[[], bool]:
    """Return a function that checks whether the Redis server answers within two seconds."""
    from redis import Redis, RedisError  # only where one is configured: it costs 10 MB

    client = Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except RedisError:
            return False

    return answers
