from lodestar.cli.transport import NetworkLog
from lodestar.protocol.messages import HttpRequest, HttpResponse, Origin

REQUEST = HttpRequest(
    "POST",
    Origin("http", "host", 8080),
    "/v1/statement",
    b"Authorization: Bearer secret\r\nX-Trino-User: ann\r\n",
    b"SELECT 1",
)
RESPONSE = HttpResponse(200, [("content-type", "application/json"), ("set-cookie", "secret")], b"{}")


def told(level):
    lines = []
    log = NetworkLog(level, lines.append)
    log.request(REQUEST)
    log.response(REQUEST, RESPONSE, 0.0123)
    return "".join(lines)


BASIC = (
    "--> POST http://host:8080/v1/statement (8-byte body)\n",
    "<-- 200 http://host:8080/v1/statement (12ms, 2-byte body)\n",
)


def test_basic():
    assert told("BASIC") == "".join(BASIC)


def test_headers_without_secrets():
    assert told("HEADERS") == (
        f"{BASIC[0]}Authorization: ██\nX-Trino-User: ann\n{BASIC[1]}content-type: application/json\nset-cookie: ██\n"
    )


def test_bodies():
    assert "\nSELECT 1\n" in told("BODY")
    assert told("BODY").endswith("\n{}\n")
