"""The statement protocol in as few lines as it takes, with nobody's client in between."""

from __future__ import annotations

import http.client
import json
import select
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(slots=True)
class Outcome:
    """What became of a statement. `status` is the first HTTP status that was not 200, `error` the document's."""

    status: int = 200
    query_id: str = ""
    rows: list[list[Any]] = field(default_factory=list)
    error: Mapping[str, Any] | None = None
    state: str = ""

    @property
    def error_name(self) -> str:
        """`` when it did not fail."""
        return "" if self.error is None else str(self.error["errorName"])


class Statements:
    """One keep-alive connection of one user. `timeout` is that of a single request, in seconds."""

    def __init__(self, url: str, *, user: str = "abuser", timeout: float = 60, **headers: str) -> None:
        self._place = urlsplit(url)
        self._timeout = timeout
        self._headers = {"X-Trino-User": user, **{name.replace("_", "-"): text for name, text in headers.items()}}
        self._connection: http.client.HTTPConnection | None = None

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body. Raises: OSError, http.client.HTTPException."""
        if self._connection is not None and _is_over(self._connection):
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                str(self._place.hostname), self._place.port, timeout=self._timeout
            )
        try:
            self._connection.request(method, path, body, self._headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except BaseException:
            self.close()
            raise

    def post(self, sql: str | bytes) -> tuple[int, dict[str, Any]]:
        """The answer to the POST."""
        status, body = self.request("POST", "/v1/statement", sql.encode() if isinstance(sql, str) else sql)
        return status, json.loads(body) if status == 200 else {}

    def get(self, uri: str) -> tuple[int, dict[str, Any]]:
        """The answer to a nextUri."""
        status, body = self.request("GET", urlsplit(uri).path)
        return status, json.loads(body) if status == 200 else {}

    def cancel(self, uri: str) -> int:
        """DELETE a nextUri."""
        return self.request("DELETE", urlsplit(uri).path)[0]

    def run(self, sql: str | bytes) -> Outcome:
        """A statement to its end."""
        outcome = Outcome()
        outcome.status, document = self.post(sql)
        while outcome.status == 200:
            outcome.query_id = document["id"]
            outcome.rows += document.get("data", [])
            outcome.error = document.get("error")
            outcome.state = document["stats"]["state"]
            if "nextUri" not in document:
                break
            outcome.status, document = self.get(document["nextUri"])
        return outcome

    def close(self) -> None:
        """Drop the connection without a word."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_over(connection: http.client.HTTPConnection) -> bool:
    """Has the server closed a connection on which nothing happened for long? It says nothing unasked."""
    if connection.sock is None:
        return False
    watch = select.poll()
    watch.register(connection.sock, select.POLLIN)
    return bool(watch.poll(0))
