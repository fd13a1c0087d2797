import gzip
import zlib

import pytest

from lodestar.errors import TransportError
from lodestar.protocol.messages import HttpRequest, Origin
from lodestar.transport.http1 import ChunkReader, make_response, parse_head, request_bytes


def test_requests():
    get = HttpRequest("GET", Origin("http", "h", 8080), "/a?b", b"A: b\r\n")
    assert request_bytes(get) == b"GET /a?b HTTP/1.1\r\nHost: h:8080\r\nA: b\r\n\r\n"
    post = HttpRequest("POST", Origin("https", "::1", 443), "/a", b"", b"ab")
    assert request_bytes(post) == b"POST /a HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\n\r\nab"
    empty = HttpRequest("POST", Origin("http", "h", 80), "/a")
    assert request_bytes(empty) == b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"


def head(*lines, method="GET"):
    return parse_head("\r\n".join(lines).encode("latin-1"), method)


def test_heads():
    found = head("HTTP/1.1 200 OK", "X-A: b ", "Content-Length: 5")
    assert (found.status, found.headers, found.length, found.chunked, found.keep_alive) == (
        200,
        [("x-a", "b"), ("content-length", "5")],
        5,
        False,
        True,
    )
    assert head("HTTP/1.1 200", "Content-Length: 1", "Connection: close").keep_alive is False
    assert head("HTTP/1.0 200 OK", "Content-Length: 1").keep_alive is False
    # Without a length the connection's end is the body's.
    assert (head("HTTP/1.1 200 OK").length, head("HTTP/1.1 200 OK").keep_alive) == (None, False)
    assert head("HTTP/1.1 204 No Content").length == 0
    assert head("HTTP/1.1 200 OK", "Content-Length: 9", method="HEAD").length == 0
    assert head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Length: 9").length is None


@pytest.mark.parametrize(
    "lines",
    [
        ["SSH-2.0-OpenSSH"],
        ["HTTP/1.1 abc"],
        ["HTTP/2 200 OK"],
        ["HTTP/1.1 200 OK", "no colon"],
        ["HTTP/1.1 200 OK", "Space : x"],
        ["HTTP/1.1 200 OK", " folded: x"],
        ["HTTP/1.1 200 OK", "Content-Length: -1"],
        ["HTTP/1.1 200 OK", "Content-Length: 99999999999999"],
        ["HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2"],
        ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"],
    ],
)
def test_what_is_no_head(lines):
    with pytest.raises(TransportError):
        head(*lines)


CHUNKED = b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_chunks_in_any_pieces(size):
    reader = ChunkReader()
    for start in range(0, len(CHUNKED), size):
        assert not reader.done
        reader.feed(CHUNKED[start : start + size])
    assert (reader.done, bytes(reader.body)) == (True, b"hello world")


@pytest.mark.parametrize("data", [b"zz\r\n", b"5\r\nhelloXX", b"ffffffffff\r\n", b"0\r\n\r\nmore", b"x" * 5000])
def test_what_are_no_chunks(data):
    with pytest.raises(TransportError):
        ChunkReader().feed(data)


@pytest.mark.parametrize(
    ("encoding", "data"), [("gzip", gzip.compress(b"text")), ("deflate", zlib.compress(b"text")), ("identity", b"text")]
)
def test_content_encodings(encoding, data):
    found = head("HTTP/1.1 200 OK", f"Content-Encoding: {encoding}", f"Content-Length: {len(data)}")
    assert make_response(found, data).body == b"text"


@pytest.mark.parametrize(
    ("encoding", "data"), [("br", b"x"), ("gzip", b"not gzip"), ("gzip", gzip.compress(b"text")[:-1])]
)
def test_content_that_cannot_be_decoded(encoding, data):
    with pytest.raises(TransportError):
        make_response(head("HTTP/1.1 200 OK", f"Content-Encoding: {encoding}"), data)
