"""The metadata endpoint of a virtual machine: a token, the name of a role, and keys of that role."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

ROLE = "the-role-of-the-machine"


class InstanceMetadata:
    """`with InstanceMetadata() as machine: machine.url`. `requests` are the paths that were asked for."""

    access_key = "ASIAOFTHEMACHINE0001"

    def __init__(self) -> None:
        self.requests: list[str] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self._answer("a-token" if self.path == "/latest/api/token" else None)

            def do_GET(self) -> None:
                known = self.headers.get("x-aws-ec2-metadata-token") == "a-token"
                self._answer(endpoint.document(self.path) if known else None)

            def _answer(self, text: str | None) -> None:
                endpoint.requests.append(self.path)
                body = (text or "").encode()
                self.send_response(404 if text is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def document(self, path: str) -> str | None:
        """What the machine says."""
        place = "/latest/meta-data/iam/security-credentials/"
        if path == place:
            return ROLE
        if path == place + ROLE:
            return json.dumps(
                {
                    "Code": "Success",
                    "Type": "AWS-HMAC",
                    "AccessKeyId": self.access_key,
                    "SecretAccessKey": "secret",
                    "Token": "the-token-of-the-machine",
                    "Expiration": (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            )
        return None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
