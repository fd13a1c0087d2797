from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from lodestar_server.plugins.toolkit.metastore.thrift.config import ThriftConfig
from lodestar_server.plugins.toolkit.metastore.thrift.socks import connect_through, look_up

CONNECTED = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"


class Proxy:
    """Answers the greeting and the request with what it is told to; keeps what it got."""

    def __init__(self, greeting: bytes, answer: bytes) -> None:
        self.got: list[bytes] = []
        self._answers = (greeting, answer)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            for answer in self._answers:
                self.got.append(connection.recv(1000))
                connection.sendall(answer)
            connection.sendall(b"behind")

    def close(self) -> None:
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    opened: list[Proxy] = []

    def make(greeting: bytes = b"\x05\x00", answer: bytes = CONNECTED) -> Proxy:
        opened.append(Proxy(greeting, answer))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def _unknown(host: str, port: int) -> list[str]:
    raise socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize(
    ("lookup", "sent"),
    [
        (lambda host, port: ["10.0.0.1"], b"\x05\x01\x00\x01\x0a\x00\x00\x01\x23\x5b"),
        (lambda host, port: ["::1"], b"\x05\x01\x00\x04" + bytes(15) + b"\x01\x23\x5b"),
        (_unknown, b"\x05\x01\x00\x03\x04meta\x23\x5b"),
    ],
)
def test_the_proxy_is_told_the_address_or_else_the_name(
    proxy: Callable[..., Proxy], lookup: Callable[[str, int], list[str]], sent: bytes
) -> None:
    made = proxy()
    with connect_through(made.address, ("meta", 9051), 10, lookup) as connection:
        assert connection.recv(100) == b"behind"
    assert made.got == [b"\x05\x01\x00", sent]


@pytest.mark.parametrize(
    ("greeting", "answer", "told"),
    [
        (b"\x05\xff", b"", "takes connections without a password"),
        (b"HT", b"", "is no SOCKS 5 proxy"),
        (b"\x05\x00", b"\x05\x05\x00\x01" + bytes(6), "does not connect to meta: the connection is refused"),
    ],
)
def test_refusals(proxy: Callable[..., Proxy], greeting: bytes, answer: bytes, told: str) -> None:
    with pytest.raises(OSError, match=told):
        connect_through(proxy(greeting, answer).address, ("meta", 9051), 10, lambda host, port: ["10.0.0.1"])


def test_addresses_of_this_machine() -> None:
    assert look_up("localhost", 1)[0] == "127.0.0.1"


def test_the_setting_is_an_address() -> None:
    assert ThriftConfig(socks_proxy="proxy.internal:1080").proxy_address == ("proxy.internal", 1080)
    assert "'proxy' is not of the form host:port" in ThriftConfig(socks_proxy="proxy").check()[0]
