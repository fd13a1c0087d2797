"""The token service of Azure for one registered application, with TLS. Whoever gets a token decides what it opens."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from integration.services.certificates import Certificates

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
SECRET = "the secret/of+the application"


class AzureTokens:
    """`with AzureTokens(certificates) as service: service.url`, for `azure.oauth.endpoint`.

    `seconds`: how long tokens are good. `given`: those that were given.
    """

    def __init__(self, certificates: Certificates, seconds: int = 3600) -> None:
        self.seconds = seconds
        self.given: list[str] = []
        self.refused = 0
        self._server = _Server(self)
        self._server.socket = certificates.server().wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="azure-tokens", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """To a request for a token."""
        wanted = {"client_id": [CLIENT], "client_secret": [SECRET], "grant_type": ["client_credentials"]}
        if path.split("?")[0] != f"/{TENANT}/oauth2/v2.0/token" or any(form.get(key) != wanted[key] for key in wanted):
            self.refused += 1
            told = "AADSTS7000215: Invalid client secret provided."
            return 401, {"error": "invalid_client", "error_description": told}
        now = int(time.time())
        claims = {
            "iss": f"https://sts.windows.net/{TENANT}/",
            "aud": form["scope"][0].removesuffix("/.default"),
            "nbf": now - 60,
            "iat": now,
            "exp": now + max(self.seconds, 60),
            "number": len(self.given),
        }
        token = ".".join([_part({"alg": "HS256", "typ": "JWT"}), _part(claims), _part({})])
        self.given.append(token)
        return 200, {"token_type": "Bearer", "expires_in": self.seconds, "access_token": token}


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, service: AzureTokens) -> None:
        super().__init__(("127.0.0.1", 0), _Visitor)
        self.service = service


class _Visitor(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        status, document = self.server.service.answer(self.path, form)
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""
