"""Serve MongoDB's wire protocol from an SQLite file until standard input ends.

Run by the Python of its own environment (see requirements.txt), not by that of the tests.
"""

import asyncio
import sys

from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.wire.proxy import AsyncMongoEcoProxyServer


async def serve(path: str) -> None:
    async with AsyncMongoEcoProxyServer(
        engine=SQLiteEngine(path), host="127.0.0.1", port=0
    ) as server:
        print(server.address.port, flush=True)  # noqa: T201  how the tests learn it
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
