"""The proxy does to a connection what the fault says, and to no other time."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.faults.tcp_proxy import Fault, TcpProxy
from tests.support.servers.loopback import Asked, LoopbackServer, Reply


class Greeter(LoopbackServer):
    def answer(self, asked: Asked) -> Reply:
        return Reply(body={"hello": "there"})


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    server = Greeter()
    with TcpProxy(int(server.url.rsplit(":", 1)[1])) as one:
        yield one
    server.stop()


def ask(proxy: TcpProxy, timeout: float = 5.0) -> object:
    return httpx.get(f"http://127.0.0.1:{proxy.port}/", timeout=timeout, trust_env=False).json()


@pytest.mark.parametrize(
    "fault", [Fault.RESET, Fault.LOSE_REPLY, Fault.TRUNCATE, Fault.BLACK_HOLE, Fault.DRIP]
)
def test_no_answer_arrives_while_the_fault_lasts_and_one_does_after(
    proxy: TcpProxy, fault: Fault
) -> None:
    proxy.begin(fault, seconds=0.2)
    with pytest.raises(httpx.TransportError):
        ask(proxy, timeout=0.1)
    proxy.end()

    assert proxy.hits > 0
    assert ask(proxy) == {"hello": "there"}


def test_a_delay_lets_the_answer_through(proxy: TcpProxy) -> None:
    proxy.begin(Fault.DELAY, seconds=0.01)

    assert ask(proxy) == {"hello": "there"}
    assert proxy.hits > 0


def test_an_answer_is_lost_only_to_the_requests_that_are_meant(proxy: TcpProxy) -> None:
    proxy.begin(Fault.LOSE_REPLY, lost_for=(b"X-Lost",))
    other = ask(proxy)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{proxy.port}/", headers={"X-Lost": "1"}, trust_env=False)

    assert other == {"hello": "there"}
    assert proxy.hits == 1
