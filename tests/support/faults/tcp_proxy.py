"""TCP proxy on loopback that passes everything on until a test gives it a fault."""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from enum import Enum


class Fault(Enum):
    """What happens to connections, those that are open included, while the fault lasts."""

    DELAY = "each piece waits for `seconds`"
    RESET = "the connection is reset"
    BLACK_HOLE = "nothing arrives, and nothing is closed"
    DRIP = "an answer comes a byte at a time, one per `seconds`"
    TRUNCATE = "half of an answer comes, then the end"
    LOSE_REPLY = "the request arrives, and the connection is reset instead of an answer"


class TcpProxy:
    """A proxy before one port, which runs in a thread of its own; a context manager."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.seconds = 0.2
        self.hits = 0  # how often a fault met a connection
        self._fault: Fault | None = None
        self._lost_for: tuple[bytes, ...] = ()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="tcp-proxy")
        self._thread.start()

    def __enter__(self) -> "TcpProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def begin(
        self, fault: Fault, seconds: float = 0.2, *, lost_for: tuple[bytes, ...] = ()
    ) -> None:
        """Begin a fault; LOSE_REPLY may be for requests only that contain one of these."""
        self.seconds, self._lost_for, self._fault = seconds, lost_for, fault

    def end(self) -> None:
        self._fault = None

    def stop(self) -> None:
        self._fault = None
        with suppress(RuntimeError):  # stopped already
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, sock=self._listening)
        )
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connected(self, near: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        server = None
        try:
            if self._fault is Fault.RESET:
                self.hits += 1
                self._reset(client)
                return
            far, server = await asyncio.open_connection("127.0.0.1", self.target_port)
            asked = bytearray()
            there = asyncio.ensure_future(self._pass_on(near, server, client=client, asked=asked))
            back = asyncio.ensure_future(
                self._pass_on(far, client, client=client, asked=asked, answers=True)
            )
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            back.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
        except OSError:
            self._reset(client)  # as a client sees that the server is away
        except asyncio.CancelledError:
            self._reset(client)  # the proxy stops; asyncio's streams would print it as an error
        finally:
            for writer in filter(None, (client, server)):
                writer.close()

    async def _pass_on(
        self,
        source: asyncio.StreamReader,
        to: asyncio.StreamWriter,
        *,
        client: asyncio.StreamWriter,
        asked: bytearray,
        answers: bool = False,
    ) -> None:
        """Pass one direction on; asked is the latest request, for both directions."""
        with suppress(OSError):
            while piece := await source.read(65_536):
                fault = self._fault
                if fault is Fault.LOSE_REPLY and not self._is_lost(asked):
                    fault = None
                if answers:
                    asked.clear()
                else:
                    asked += piece
                ends_a_request = fault in (Fault.RESET, Fault.BLACK_HOLE)
                self.hits += fault is not None and (answers or ends_a_request)
                if fault is Fault.RESET or (answers and fault is Fault.LOSE_REPLY):
                    self._reset(client)
                    return
                if fault is Fault.BLACK_HOLE:
                    while self._fault is Fault.BLACK_HOLE:
                        await asyncio.sleep(0.05)
                    self._reset(client)
                    return
                if fault is Fault.DELAY:
                    await asyncio.sleep(self.seconds)
                if answers and fault is Fault.TRUNCATE:
                    to.write(piece[: len(piece) // 2])
                    await to.drain()
                    return
                if answers and fault is Fault.DRIP:
                    while piece and self._fault is Fault.DRIP:
                        to.write(piece[:1])
                        await to.drain()
                        piece = piece[1:]
                        await asyncio.sleep(self.seconds)
                to.write(piece)
                await to.drain()

    def _is_lost(self, asked: bytearray) -> bool:
        return not self._lost_for or any(each in asked for each in self._lost_for)

    @staticmethod
    def _reset(client: asyncio.StreamWriter) -> None:
        lingering = client.get_extra_info("socket")
        with suppress(OSError):
            lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.transport.abort()
