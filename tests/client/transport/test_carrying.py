"""Both transports over real sockets: connections are kept, faults say whether the server may have got the request."""

import asyncio
import socket
from contextlib import closing

import pytest
from tests.fakes.scripted_http import DROP, Answer, answer, scripted

from lodestar.errors import TransportError
from lodestar.protocol.messages import HttpRequest, Origin
from lodestar.transport.asynchronous import AsyncTransport
from lodestar.transport.blocking import BlockingTransport
from lodestar.transport.settings import TransportSettings


def blocking(settings, requests, seconds):
    transport = BlockingTransport(settings)
    try:
        return [transport.exchange(request, seconds) for request in requests]
    finally:
        transport.close()


def asynchronous(settings, requests, seconds):
    async def main():
        transport = AsyncTransport(settings)
        try:
            return [await transport.exchange(request, seconds) for request in requests]
        finally:
            await transport.close()

    return asyncio.run(main())


@pytest.fixture(params=[blocking, asynchronous])
def carry(request):
    def run(server, *requests, seconds=5.0, **settings):
        port = server if isinstance(server, int) else server.port
        origin = Origin("http", "127.0.0.1", port)
        made = [HttpRequest(method, origin, target) for method, target in requests]
        return request.param(TransportSettings(**{"proxy": "", **settings}), made, seconds)

    return run


GET = ("GET", "/")


def test_a_connection_is_kept(carry):
    with closing(scripted([answer(body=b"one"), answer(body=b"two" * 100_000)])) as server:
        one, two = carry(server, GET, GET)
        assert (one.body, two.body, server.connections) == (b"one", b"two" * 100_000, 1)


def test_a_connection_that_ends_is_not(carry):
    closes = answer(body=b"x", headers=[("Connection", "close")], keep=False)
    with closing(scripted([closes, answer(body=b"y")])) as server:
        assert [one.body for one in carry(server, GET, GET)] == [b"x", b"y"]
        assert server.connections == 2


def test_bodies_without_a_length(carry):
    chunked = Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    until_the_end = Answer(b"HTTP/1.1 200 OK\r\n\r\nrest", keep=False)
    early = Answer(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(body=b"late").data)
    with closing(scripted([chunked, early, until_the_end])) as server:
        assert [one.body for one in carry(server, GET, GET, GET)] == [b"abc", b"late", b"rest"]


@pytest.mark.parametrize(
    "broken",
    [
        DROP,
        answer(body=b"0123456789", cut=3),
        Answer(b"HTTP/1.1 200 OK\r\nContent-Len", keep=False),
        Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", keep=False),
        Answer(b"garbage\r\n\r\n"),
    ],
)
def test_broken_answers_may_mean_that_the_request_arrived(carry, broken):
    with closing(scripted([broken])) as server, pytest.raises(TransportError) as caught:
        carry(server, GET)
    assert caught.value.sent


def test_without_a_server_nothing_was_sent(carry):
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(TransportError, match="Cannot connect") as caught:
        carry(port, GET)
    assert not caught.value.sent


def test_silence_is_a_fault(carry):
    silent = socket.create_server(("127.0.0.1", 0))
    with closing(silent), pytest.raises(TransportError, match="silent") as caught:
        carry(silent.getsockname()[1], GET, seconds=0.05)
    assert caught.value.sent


def test_a_proxy_gets_the_whole_address(carry):
    with closing(scripted([answer(body=b"x")])) as proxy:
        carry(9, GET, proxy=f"http://user:p%40ss@127.0.0.1:{proxy.port}")
        seen = proxy.seen[0]
    assert seen.target == "http://127.0.0.1:9/"
    assert seen.header("proxy-authorization") == "Basic dXNlcjpwQHNz"
    assert seen.header("host") == "127.0.0.1:9"


def test_answers_that_wait():
    """A request whose answer is fetched later does not hold up the next one."""
    with closing(scripted([answer(body=b"one"), answer(body=b"two")])) as server:
        transport = BlockingTransport(TransportSettings(proxy=""))
        origin = Origin("http", "127.0.0.1", server.port)
        waiting = transport.begin(HttpRequest("GET", origin, "/1"), 5.0)
        other = transport.exchange(HttpRequest("GET", origin, "/2"), 5.0)
        assert {bytes(other.body), bytes(waiting.finish(5.0).body)} == {b"one", b"two"}
        assert server.connections == 2
        transport.close()
