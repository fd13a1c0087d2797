"""Requests to a service: its prefix, its tokens, and what becomes of failures."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_config import RestCatalogConfig, RestSecurity
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_requests import RestRequests, Unknown
from lodestar_server.spi.errors import LodestarError


class _Visitor(BaseHTTPRequestHandler):
    def _visit(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append(f"{self.command} {self.path}")
        self.server.headers.append(dict(self.headers))
        status, answer = self.server.answer(self.path, body, self.headers.get("Authorization"))
        content = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _visit


class _Service(ThreadingHTTPServer):
    """It gives a token for `me:hunter2` and wants it for everything but its configuration."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Visitor)
        self.seen = []
        self.headers = []
        self.busy = 0
        self.ended = 0

    def answer(self, path, body, authorization):
        if path == "/v1/oauth/tokens":
            form = {key: value[0] for key, value in parse_qs(body.decode()).items()}
            if (form["client_id"], form["client_secret"], form["scope"]) != ("me", "hunter2", "catalog"):
                return 401, {"error": "invalid_client", "error_description": "who are you"}
            return 200, {"access_token": "t", "expires_in": 3600}
        if path.startswith("/v1/config"):
            return 200, {"overrides": {"prefix": "p/q"}}
        if self.busy:
            self.busy -= 1
            return 503, {"error": {"message": "busy"}}
        if self.ended:
            self.ended -= 1
            return 401, {"error": {"message": "token has ended"}}
        if authorization != "Bearer t":
            return 401, {"error": {"message": "no token"}}
        return 200, {"path": path}


@pytest.fixture
def service():
    server = _Service()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def requests(service):
    opened = []

    def open_requests(credential="me:hunter2", **settings):
        uri = f"http://127.0.0.1:{service.server_address[1]}/"
        config = RestCatalogConfig(
            uri=uri, warehouse="w h", security=RestSecurity.OAUTH2, credential=credential, **settings
        )
        opened.append(RestRequests(config))
        return opened[-1]

    yield open_requests
    for one in opened:
        one.close()


def test_a_token_and_the_prefix_are_had_once(service, requests):
    asked = requests()
    assert asked.ask("GET", "/namespaces", query={"parent": "a b"}).body == {"path": "/v1/p/q/namespaces?parent=a%20b"}
    asked.ask("POST", "/namespaces", body={})
    assert service.seen == [
        "POST /v1/oauth/tokens",
        "GET /v1/config?warehouse=w%20h",
        "GET /v1/p/q/namespaces?parent=a%20b",
        "POST /v1/p/q/namespaces",
    ]


def test_a_wrong_secret_is_told_and_not_shown(requests):
    with pytest.raises(LodestarError, match=r"denied.*who are you") as raised:
        requests("me:hunter3").ask("GET", "/namespaces")
    assert "hunter3" not in raised.value.message
    with pytest.raises(LodestarError, match="denied"):
        requests("me:hunter3").ask("POST", "/namespaces", body={})


def test_who_cannot_be_reached_has_done_nothing():
    asked = RestRequests(RestCatalogConfig(uri="http://127.0.0.1:1", prefix="p"))
    asked._home = "http://127.0.0.1:1/v1/p"
    try:
        with pytest.raises(LodestarError, match="cannot be reached"):
            asked.ask("POST", "/namespaces", body={})
    finally:
        asked.close()


def test_reading_is_repeated_and_changing_is_not(service, requests):
    asked = requests()
    service.busy = 2
    assert asked.ask("GET", "/a").status == 200
    service.busy = 1
    with pytest.raises(Unknown, match="busy"):
        asked.ask("POST", "/a", body={})
    assert service.seen.count("POST /v1/p/q/a") == 1


def test_a_token_that_has_ended_early_is_replaced_once(service, requests):
    asked = requests()
    service.ended = 1
    assert asked.ask("POST", "/a", body={}).status == 200
    assert service.seen.count("POST /v1/oauth/tokens") == 2
    service.ended = 2
    with pytest.raises(LodestarError, match=r"denied \(401: token has ended\)"):
        asked.ask("POST", "/a", body={})


def test_keys_for_files_are_asked_for_where_they_are_wanted(service, requests):
    requests().ask("GET", "/a")
    assert all("X-Iceberg-Access-Delegation" not in one for one in service.headers)
    requests(vended_credentials=True).ask("GET", "/a")
    assert [one.get("X-Iceberg-Access-Delegation") for one in service.headers[-2:]] == ["vended-credentials"] * 2
