import gzip
import socket

import pytest


def test_01_header_and_body_limits(served):
    long = served.post("SELECT 1", {"X-Trino-Client-Info": "x" * 2_000_000})
    assert long.status == 200
    many = served.send(
        "POST", "/v1/statement", [("X-Trino-User", "a"), *((f"X-H-{n}", "v") for n in range(4000))], "SELECT 1"
    )
    assert many.status == 200
    assert served.post("SELECT '" + "x" * 8_500_000 + "'").status == 200


def test_02_head_does_not_run_get(served):
    uri = served.executing("SELECT 40000 ROWS OF 100")
    before = served.send("HEAD", uri.removeprefix(served.url))
    assert (before.status, before.body) == (200, b"")
    # Nothing was acknowledged or answered: the first page is still the first.
    assert served.get(uri).json["data"][0][0] == 0


@pytest.mark.parametrize("host", ["example.com:1234", "example.com", "[::1]:18080", "LOCALHOST:8080"])
def test_03_uris_are_absolute_from_host(served, host):
    document = served.post("SELECT 1", host=host).json
    for key in ("infoUri", "nextUri"):
        assert document[key].startswith(f"http://{host}/")


def test_03_uris_are_absolute_from_forwarded_headers(start_server):
    trusting = start_server(**{"http-server_process-forwarded": "true"})
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "trino.example.com",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Prefix": "/sql/",
    }
    document = trusting.post("SELECT 1", headers).json
    assert document["nextUri"].startswith("https://trino.example.com:8443/sql/v1/statement/queued/")
    standard = trusting.post("SELECT 1", {**headers, "X-Forwarded-Port": "443", "X-Forwarded-Prefix": ""}).json
    assert standard["infoUri"].startswith("https://trino.example.com/ui/")
    assert trusting.post("SELECT 1", {"X-Forwarded-Host": 'evil"host'}).status == 400
    trusting.stop()


@pytest.mark.parametrize("name", ["Proto", "Host", "Port", "For", "Server", "Prefix"])
def test_03_forwarded_headers_are_refused_without_trust(served, name):
    answer = served.send("GET", "/v1/info", {f"X-Forwarded-{name}": "x"})
    assert answer.status == 406
    assert f"does not allow processing of the X-Forwarded-{name} header" in answer.text
    assert served.send("GET", "/v1/info", {"Forwarded": "for=1.2.3.4"}).status == 200


def test_04_json_is_json(served):
    answer = served.post("SELECT 1")
    assert answer.header("Content-Type") == "application/json"
    assert answer.body.decode("utf-8").endswith("}")
    assert int(answer.header("Content-Length")) == len(answer.body)


@pytest.mark.parametrize(
    ("offer", "compressed"),
    [
        (None, False),
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("deflate", False),
        ("br", False),
        ("zstd", False),
        ("*", False),
        ("x-gzip", False),
        ("", False),
    ],
)
def test_05_gzip_only_when_offered(served, offer, compressed):
    headers = {} if offer is None else {"Accept-Encoding": offer}
    for answer in (served.post("SELECT 1", headers), served.send("GET", "/v1/info", headers)):
        assert (answer.header("Content-Encoding") == "gzip") is compressed
        body = gzip.decompress(answer.body) if compressed else answer.body
        assert body.startswith(b"{")
        assert answer.header("Vary") == "Accept-Encoding"


def test_05_large_pages_are_compressed_whole(served):
    uri = served.executing("SELECT 30000 ROWS OF 100")
    answer = served.get(uri, {"Accept-Encoding": "gzip"})
    plain = served.get(uri)
    assert gzip.decompress(answer.body) == plain.body
    assert len(answer.body) < len(plain.body) / 5


def test_05_compression_can_be_switched_off(start_server):
    plain = start_server(**{"query-results_compression-enabled": "false"})
    answer = plain.post("SELECT 1", {"Accept-Encoding": "gzip"})
    assert answer.header("Content-Encoding") == "identity"
    assert answer.json["stats"]["state"] == "QUEUED"
    plain.stop()


@pytest.mark.parametrize(
    ("method", "target", "status", "text"),
    [
        ("GET", "/v1/nope", 404, "Error 404 Not Found: HTTP 404 Not Found"),
        (
            "GET",
            "/v1/statement/executing/20200101_000000_00000_aaaaa/y1/0",
            404,
            "Error 404 Not Found: Query not found",
        ),
        ("PUT", "/v1/query/20200101_000000_00000_aaaaa/killed", 410, "Error 410 Gone: HTTP 410 Gone"),
        ("GET", "/v1/memory", 403, "Error 403 Forbidden: Internal only resource"),
        ("POST", "/v1/statement", 400, "Error 400 Bad Request: SQL statement is empty"),
    ],
)
def test_06_refusals_are_plain_text(served, method, target, status, text):
    answer = served.send(method, target, served.user)
    assert (answer.status, answer.text) == (status, text)
    assert answer.header("Content-Type") == "text/plain"


def test_07_starting_is_503_before_any_change(start_server):
    server = start_server()
    server.on_loop(lambda: setattr(server.server.node, "ready", False))
    assert server.post("SELECT 1").status == 503
    assert server.send("GET", "/v1/query", server.user).status == 503
    assert server.send("GET", "/v1/info").json["starting"] is True
    assert server.send("GET", "/v1/info/state").json == "ACTIVE"
    assert server.server.manager.list_queries() == []
    server.stop()


def test_08_absolute_form_targets(served):
    host = f"127.0.0.1:{served.port}"
    request = f"GET http://{host}/v1/info/state HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert exchange(served, request).startswith(b"HTTP/1.1 200")
    other = f"GET http://elsewhere:99/v1/info/state HTTP/1.1\r\nHost: {host}\r\n\r\n"
    assert exchange(served, other).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain; charset=utf-8", 200),
        ("application/x-www-form-urlencoded", 200),
        ("application/json", 200),
        ("multipart/form-data; boundary=x", 200),
        ("*/*", 200),
        ("nonsense", 400),
        ("", 400),
    ],
)
def test_08_content_types(served, content_type, status):
    assert served.post("SELECT 1", {"Content-Type": content_type}).status == status


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/statement/", 200),
        ("/v1/statement;a=b", 200),
        ("/v1/statement?foo=1", 200),
        ("//v1/statement", 400),
        ("/V1/STATEMENT", 404),
        ("/v1/state%6Dent", 404),
        ("/v1/./statement", 404),
        ("/v1/x/../statement", 404),
        ("/v1/statement%zz", 400),
        ("/v1/statement%00", 400),
    ],
)
def test_08_one_spelling_of_each_path(served, target, status):
    assert served.send("POST", target, served.user, "SELECT 1").status == status


@pytest.mark.parametrize("accept", ["text/html", "text/plain", "nonsense"])
def test_08_what_cannot_be_accepted(served, accept):
    answer = served.post("SELECT 1", {"Accept": accept})
    assert (answer.status, answer.body) == (406, b"")
    assert served.post("SELECT 1", {"Accept": f"{accept}, */*;q=0.1"}).status == 200


def exchange(served, request):
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        connection.sendall(request.encode())
        found = b""
        while data := connection.recv(65536):
            found += data
        return found
