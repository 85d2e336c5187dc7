"""The address that the server listens on, and how it stops listening there."""

import socket

import pytest

from serving.address import stop_listening


class Listener(socket.socket):
    """A listening socket to which somebody connects at the last moment."""

    late: BaseException | None = None

    def shutdown(self, how: int) -> None:
        with socket.socket() as client:
            client.settimeout(0.1)
            try:
                client.connect(self.getsockname())
            except OSError as error:
                self.late = error
        super().shutdown(how)


def test_a_connection_made_at_the_last_moment_is_not_taken_and_then_reset() -> None:
    with Listener() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = listener.getsockname()

        stop_listening(listener)

        assert isinstance(listener.late, TimeoutError)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
