"""Clients that mean no good, as real sockets: what they get, and what becomes of their connections."""

import contextlib
import gzip
import logging
import socket

import pytest

CANARY = "CANARY-7f3a"


@pytest.fixture(scope="module")
def strict(start_server):
    """A server with short deadlines and small limits."""
    found = start_server(
        **{
            "http-server_request-header-timeout": "150ms",
            "http-server_request-body-timeout": "150ms",
            "http-server_net_max-idle-time": "400ms",
            "http-server_max-request-header-size": "64kB",
            "http-server_max-request-header-count": "200",
            "http-server_max-request-body-size": "2MB",
        }
    )
    yield found
    found.stop()


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def read_to_end(connection):
    found = b""
    try:
        while data := connection.recv(65536):
            found += data
    except ConnectionResetError:
        found += b"<reset>"
    return found


def exchange(server, data):
    with connect(server) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
        return read_to_end(connection)


def raw(*lines, body="", user=True):
    """The text of a POST; `lines` come after Host."""
    head = ["POST /v1/statement HTTP/1.1", "Host: a", *(["X-Trino-User: u"] if user else []), *lines, "", body]
    return "\r\n".join(head)


@pytest.fixture
def untouched(strict):
    """Whatever the test does, no statement gets in."""
    before = strict.server.manager.totals.submitted
    yield
    assert strict.server.manager.totals.submitted == before


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else None


def post(server, headers="", body="SELECT 1", version="1.1"):
    head = f"POST /v1/statement HTTP/{version}\r\nHost: a\r\nX-Trino-User: u\r\nConnection: close\r\n"
    return f"{head}{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode("latin-1")


@pytest.mark.parametrize("part", [b"G", b"GET /v1/info HTTP/1.1\r\n", b"GET /v1/info HTTP/1.1\r\nHost: a\r\nX: "])
def test_partial_headers_are_cut_off(strict, part):
    answer = exchange(strict, part)
    assert status(answer) == 408
    assert strict.send("GET", "/v1/info").status == 200


def test_dripped_headers_are_cut_off(strict):
    with connect(strict) as connection:
        connection.settimeout(0.03)
        ended = False
        for _ in range(60):
            try:
                connection.sendall(b"G")
                ended = connection.recv(100) != b""
            except TimeoutError:
                continue
            except OSError:
                ended = True
            if ended:
                break
        assert ended


def test_idle_connections_are_closed(strict):
    with connect(strict) as connection:
        assert read_to_end(connection) == b""


def test_idle_between_requests_is_closed(strict):
    with connect(strict) as connection:
        connection.sendall(b"GET /v1/info/state HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = read_to_end(connection)
    assert status(answer) == 200


def test_a_body_that_does_not_come(strict, untouched):
    answer = exchange(
        strict, b"POST /v1/statement HTTP/1.1\r\nHost: a\r\nX-Trino-User: u\r\nContent-Length: 100\r\n\r\nSEL"
    )
    assert status(answer) == 408


def test_a_client_that_does_not_read(strict):
    uri = strict.executing("SELECT 3 ROWS OF 9000000")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", strict.port))
        connection.sendall(f"GET {uri.removeprefix(strict.url)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        mine = connection.getsockname()
        wait(0.1)
        assert mine in peers(strict)
        for _ in range(100):
            if mine not in peers(strict):
                return
            wait(0.02)
        pytest.fail("the connection is still open")


def peers(server):
    """The other ends of the server's open connections."""
    transports = server.server.http.transports()
    return [transport.get_extra_info("peername") for transport in transports if not transport.is_closing()]


def wait(seconds):
    """Time passes on the other side of a socket; there is no clock to move."""
    left, right = socket.socketpair()
    with left, right:
        left.settimeout(seconds)
        with pytest.raises(TimeoutError):
            left.recv(1)


@pytest.mark.parametrize(
    "headers",
    [
        "X-Big: " + "x" * 70_000 + "\r\n",
        "".join(f"X-{n}: {'x' * 1000}\r\n" for n in range(100)),
        "".join(f"X-{n}: v\r\n" for n in range(300)),
    ],
    ids=["one long line", "many bytes", "many lines"],
)
def test_header_bombs(strict, untouched, headers):
    answer = exchange(strict, post(strict, headers))
    assert status(answer) in (400, 431)


def test_a_body_that_is_too_large(strict, untouched):
    assert status(exchange(strict, post(strict, body="x" * 3_000_000))) == 413


def test_gzip_bombs_are_not_opened(served):
    body = gzip.compress(b" " * 50_000_000)
    answer = served.post(body, {"Content-Encoding": "gzip"})
    assert answer.status == 200
    assert len(served.query(answer.json["id"]).text) < 100_000


@pytest.mark.parametrize(
    "request_",
    [
        raw("Content-Length: 8", "Transfer-Encoding: chunked", body="0\r\n\r\nSELECT 1"),
        raw("Content-Length: 8", "Content-Length: 9", body="SELECT 1"),
        raw("Content-Length: -1", body="SELECT 1"),
        raw("X-Trino-User : u", "Content-Length: 8", body="SELECT 1", user=False),
        raw(" folded", "Content-Length: 8", body="SELECT 1"),
        raw("X-Trino-User: u\0v", "Content-Length: 8", body="SELECT 1", user=False),
        raw("Content-Length: 8", body="SELECT 1").replace("Host: a", "Host: a b"),
        raw("Content-Length: 8", body="SELECT 1").replace("Host: a\r\n", ""),
        "hello\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_malformed_requests(strict, untouched, request_):
    answer = exchange(strict, request_.encode("latin-1"))
    assert status(answer) in (400, 408)
    assert answer.count(b"HTTP/1.1") == 1


def test_smuggled_requests_are_not_run(strict, untouched):
    inner = raw("Content-Length: 6", body="INSERT")
    outer = raw("Content-Length: 4", "Transfer-Encoding: chunked", body=f"0\r\n\r\n{inner}", user=False)
    exchange(strict, outer.encode())


@pytest.mark.parametrize(
    "request_",
    [
        f"GET /v1/info HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {CANARY}{'x' * 70_000}\r\n\r\n",
        f"GET /v1/info HTTP/1.1\r\nHost: a\r\nAuthorization: {CANARY}\r\nBad Header {CANARY}\r\n\r\n",
        f"GET /v1/info {CANARY}\r\n\r\n",
        raw(f"Authorization: Basic {CANARY}", "Content-Length: 1", "Connection: close", body="1", user=False),
        raw(f"X-Trino-User: {CANARY}", "Content-Length: 1", "Connection: close", body="1"),
        raw(f"X-Trino-Extra-Credential: {CANARY}", "Content-Length: 1", "Connection: close", body="1"),
    ],
    ids=["long line", "bad line", "bad version", "bad basic", "two users", "bad credential"],
)
def test_nothing_of_a_refused_request_comes_back_or_is_logged(strict, request_, caplog):
    caplog.set_level(logging.DEBUG)
    answer = exchange(strict, request_.encode())
    assert CANARY.encode() not in answer
    assert CANARY not in caplog.text
    assert status(answer) in (400, 401, 431)


def test_the_server_does_not_name_itself(served):
    for answer in (served.send("GET", "/v1/info"), served.send("GET", "/nope"), served.post("SELECT 1")):
        assert answer.header("Server") is None
        assert "python" not in str(answer.headers).lower()


def test_pipelined_requests_are_answered_in_order(strict):
    two = b"GET /v1/info/state HTTP/1.1\r\nHost: a\r\n\r\nGET /v1/info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = exchange(strict, two)
    assert answer.index(b'"ACTIVE"') < answer.index(b'"nodeVersion"')


@pytest.mark.parametrize(("keep", "closed"), [("", True), ("Connection: keep-alive\r\n", False)])
def test_http_1_0(strict, keep, closed):
    with connect(strict) as connection:
        connection.sendall(f"GET /v1/info/state HTTP/1.0\r\n{keep}\r\n".encode())
        answer = connection.recv(65536)
        assert status(answer) == 200
        assert (b"Connection: keep-alive" in answer) is not closed


def test_expect_continue(strict):
    with connect(strict) as connection:
        connection.sendall(raw("Expect: 100-continue", "Content-Length: 8").encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"SELECT 1")
        assert status(connection.recv(65536)) == 200


def test_chunked_bodies(strict):
    body = "3\r\nSEL\r\n5\r\nECT 1\r\n0\r\n\r\n"
    answer = exchange(strict, raw("Connection: close", "Transfer-Encoding: chunked", body=body).encode())
    assert status(answer) == 200


def test_too_many_connections(start_server):
    small = start_server(**{"http-server_max-connections": "3"})
    opened = [connect(small) for _ in range(3)]
    for connection in opened:
        connection.sendall(b"GET /v1/info/state HTTP/1.1\r\nHost: a\r\n\r\n")
        assert status(connection.recv(65536)) == 200
    with connect(small) as one_more:
        assert read_to_end(one_more) in (b"", b"<reset>")
    for connection in opened:
        connection.close()
    while small.server.http.limits.open:
        wait(0.01)
    assert small.send("GET", "/v1/info").status == 200
    small.stop()


@pytest.mark.parametrize(
    "path",
    ["/..%2f..%2fetc/passwd", "/ui/../../etc/passwd", "/ui/assets/..%2fpages.py", "/.git/config", "/v1/query/%2e%2e"],
)
def test_paths_lead_nowhere(served, path):
    answer = served.send("GET", path, served.user)
    assert answer.status in (303, 400, 404)
    assert "root:" not in answer.text
    assert "Traceback" not in answer.text
