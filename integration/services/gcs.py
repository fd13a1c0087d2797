"""Google Cloud Storage as fake-gcs-server plays it, behind a gate that gives tokens and asks for them.

The server itself lets everybody in; the gate does what Google does before: it gives a token for an assertion that the
service account has signed, and answers 401 to requests without one.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from integration.toolbox.golang import go_program
from integration.toolbox.process import Process, free_port

VERSION = "v1.56.1"
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom an assertion is for, wherever the key says that tokens are given."""
_EMAIL = "lodestar@project.iam.gserviceaccount.com"


class GoogleStorage:
    """`endpoint` is for `gcs.endpoint`, `key_json()` for `gcs.json-key`. Raises: Skip when it cannot be had."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="gcs-", ignore_cleanup_errors=True)
        self._port = free_port()
        self._gate = _Gate(self._port)
        self.endpoint = self._gate.address
        self.process = Process(
            [
                go_program("github.com/fsouza/fake-gcs-server", VERSION),
                *("-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(self._port)),
                *("-external-url", self.endpoint, "-public-host", f"127.0.0.1:{self._gate.port}"),
            ],
            log=Path(self._directory.name) / "gcs.log",
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        try:
            self.process.wait_ready(self._listens, 60)
        except BaseException:
            self.process.stop()
            raise
        self._gate.start()
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True

    def key_json(self, *, forged: bool = False) -> str:
        """The service account's key; forged: one that the token service does not know."""
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "project",
                "private_key_id": "1",
                "private_key": _private_key() if forged else self._gate.private_key,
                "client_email": _EMAIL,
                "client_id": "1",
                "token_uri": f"{self.endpoint}/token",
            }
        )

    def give_token(self) -> str:
        """A token as somebody has got it elsewhere."""
        token = secrets.token_hex(16)
        self._gate.tokens.add(token)
        return token

    def take_back(self, token: str) -> None:
        """It counts no more."""
        self._gate.tokens.discard(token)

    def make_bucket(self, name: str) -> None:
        """Empty."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/storage/v1/b?project=project",
            data=json.dumps({"name": name}).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.stop()
        self.process.stop()
        self._directory.cleanup()


class _Gate(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # the five of the library are lost connections as soon as the machine is busy

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), _Visitor)
        self.behind = behind
        self.port = self.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.private_key = _private_key()
        self.tokens: set[str] = set()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, name="gcs-gate", daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def token_for(self, assertion: str) -> str | None:
        """None for what the account has not signed."""
        from google.auth import jwt

        try:
            claims = jwt.decode(assertion, certs=_public_key(self.private_key), audience=_AUDIENCE)
        except ValueError:
            return None
        assert claims["iss"] == _EMAIL
        token = secrets.token_hex(16)
        self.tokens.add(token)
        return token


class _Visitor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Gate

    def _visit(self) -> None:
        body = self._body()
        if self.path == "/token":
            token = self.server.token_for(parse_qs(body.decode())["assertion"][0])
            if token is None:
                self._answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
            else:
                self._answer(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})
            return
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.server.tokens:
            self._answer(401, {"error": {"code": 401, "message": "Invalid Credentials"}})
            return
        peer = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=60)
        try:
            peer.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    peer.putheader(name, value)
            peer.putheader("Content-Length", str(len(body)))
            peer.endheaders(body)
            answer = peer.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value)
            self._end(content)
        finally:
            peer.close()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, content: Any) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self._end(json.dumps(content).encode())

    def _end(self, content: bytes) -> None:
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _visit

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


def _private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_key(private_key: str) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(private_key.encode(), None)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
