"""Errors on the wire: the `error` object of a failed query, and the plain-text body of a refused request.

The only place where an unknown exception becomes GENERIC_INTERNAL_ERROR. Its own text (Python's, DuckDB's) stays in
the log: it may hold paths, generated SQL or credentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from lodestar_server.session import QueryWarning
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, SYNTAX_ERROR, ErrorCode, LodestarError
from lodestar_server.spi.values import frozen

REASONS = {
    200: "OK",
    202: "Accepted",
    204: "No Content",
    303: "See Other",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class RequestFault(Exception):
    """A request that is refused before there is a query: HTTP status and a message for the client.

    An empty message sends an empty body. `headers` are added to the answer. Never carries bytes of the request.
    """

    def __init__(self, status: int, message: str = "", *, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = tuple(headers)

    def body(self) -> bytes:
        """The plain text: `Error 404 Not Found: Query not found`."""
        if not self.message:
            return b""
        return f"Error {self.status} {REASONS[self.status]}: {self.message}".encode()


def bad_request(message: str) -> RequestFault:
    """A 400."""
    return RequestFault(400, message)


@frozen
class Failure:
    """Why a query failed. `cause` is what the client is not told; it goes to the log."""

    error: LodestarError
    cause: BaseException | None = None

    @property
    def code(self) -> ErrorCode:
        """The error's name, number and type."""
        return self.error.code


def failure_of(exception: BaseException, query_id: str) -> Failure:
    """What an exception means to the client."""
    if isinstance(exception, LodestarError):
        return Failure(exception, exception.__cause__)
    message = f"Internal error; the server's log has the details under query {query_id}"
    return Failure(LodestarError(GENERIC_INTERNAL_ERROR, message), exception)


def error_object(error: LodestarError) -> dict[str, Any]:
    """The `error` key of a QueryResults document."""
    info = {"code": error.code.code, "name": error.code.name, "type": error.code.type.value}
    location = None
    if error.location is not None and error.location.line >= 1 and error.location.column >= 1:
        location = {"lineNumber": error.location.line, "columnNumber": error.location.column}
    text = str(error)
    found: dict[str, Any] = {
        "message": text,
        "errorCode": error.code.code,
        "errorName": error.code.name,
        "errorType": error.code.type.value,
    }
    failure = {"type": _java_type(error.code), "message": text, "suppressed": [], "stack": [], "errorInfo": info}
    if location is not None:
        found["errorLocation"] = location
        failure["errorLocation"] = location
    found["failureInfo"] = failure
    return found


def failure_info(error: LodestarError) -> dict[str, Any]:
    """The `failureInfo` of a query's info document, which spells its code differently."""
    found = error_object(error)["failureInfo"]
    found.pop("errorInfo")
    return {**found, "errorCode": error_code(error.code)}


def error_code(code: ErrorCode) -> dict[str, Any]:
    """An error code as the info documents show it."""
    return {"code": code.code, "name": code.name, "type": code.type.value, "fatal": code.name in _FATAL}


def warning_objects(warnings: Sequence[QueryWarning]) -> list[dict[str, Any]]:
    """The `warnings` array."""
    return [
        {"warningCode": {"code": warning.code, "name": warning.name}, "message": warning.message}
        for warning in warnings
    ]


def render_warnings(warnings: Sequence[QueryWarning]) -> bytes:
    """The `warnings` array as JSON."""
    return orjson.dumps(warning_objects(warnings)) if warnings else b"[]"


def _java_type(code: ErrorCode) -> str:
    """Java clients build an exception of this class when they know it; others show it."""
    return "io.trino.sql.parser.ParsingException" if code == SYNTAX_ERROR else "io.trino.spi.TrinoException"


_FATAL = frozenset({"INVALID_SPATIAL_PARTITIONING"})
