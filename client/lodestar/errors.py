"""The exceptions of PEP 249, and which of them an error of the server becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "AuthenticationError",
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "QueryTimeout",
    "TransportError",
    "Warning",
    "error_of_query",
]


class Warning(Exception):
    """Important warnings; the driver raises none: those of the server are in `cursor.warnings`."""


class Error(Exception):
    """The base of every error of the driver."""


class InterfaceError(Error):
    """The driver was used wrongly: a closed cursor, a setting that makes no sense."""


class DatabaseError(Error):
    """Something about the database. The fields are those of the server's error, None where it gave none.

    `error_code` and `error_name` are Trino's (47, `COLUMN_NOT_FOUND`), `error_type` one of USER_ERROR, INTERNAL_ERROR,
    INSUFFICIENT_RESOURCES, EXTERNAL; `line` and `column` count from 1; `failure_info` is the document with the stack.
    """

    def __init__(
        self,
        message: str,
        *,
        error_code: int | None = None,
        error_name: str | None = None,
        error_type: str | None = None,
        query_id: str | None = None,
        line: int | None = None,
        column: int | None = None,
        failure_info: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = error_code
        self.error_name = error_name
        self.error_type = error_type
        self.query_id = query_id
        self.line = line
        self.column = column
        self.failure_info = failure_info

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, {**self.__dict__})


class DataError(DatabaseError):
    """A value is at fault: out of range, not castable, divided by zero."""


class OperationalError(DatabaseError):
    """Not the statement's fault: the network, the server's resources, an outside system, a cancelled query."""


class TransportError(OperationalError):
    """The server was not reached, or its answer was none of the protocol. `status` is that of HTTP, if there was one.

    `sent` is false when the request cannot have reached the server. `retry_after_seconds` is what the server asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        sent: bool = True,
        retry_after_seconds: float | None = None,
        query_id: str | None = None,
    ) -> None:
        super().__init__(message, query_id=query_id)
        self.status = status
        self.sent = sent
        self.retry_after_seconds = retry_after_seconds


class AuthenticationError(TransportError):
    """The server does not accept the credentials (401), or forbids the request (403)."""


class QueryTimeout(OperationalError):
    """The time given to the statement or the request is over."""


class IntegrityError(DatabaseError):
    """A constraint is violated."""


class InternalError(DatabaseError):
    """The server failed in itself."""


class ProgrammingError(DatabaseError):
    """The statement is wrong: its syntax, a name, a type, a permission."""


class NotSupportedError(DatabaseError):
    """The server or the driver does not do this."""


def _restore(kind: type[DatabaseError], message: str, fields: Mapping[str, Any]) -> DatabaseError:
    found = kind(message)
    found.__dict__.update(fields)
    return found


_BY_TYPE: Mapping[str, type[DatabaseError]] = {
    "USER_ERROR": ProgrammingError,
    "INTERNAL_ERROR": InternalError,
    "INSUFFICIENT_RESOURCES": OperationalError,
    "EXTERNAL": OperationalError,
}

_BY_NAME: Mapping[str, type[DatabaseError]] = {
    **dict.fromkeys(
        (
            "DIVISION_BY_ZERO",
            "INVALID_ARRAY_LITERAL",
            "INVALID_CAST_ARGUMENT",
            "INVALID_FUNCTION_ARGUMENT",
            "INVALID_JSON_LITERAL",
            "INVALID_LITERAL",
            "JSON_INPUT_CONVERSION_ERROR",
            "JSON_OUTPUT_CONVERSION_ERROR",
            "JSON_VALUE_RESULT_ERROR",
            "NUMERIC_VALUE_OUT_OF_RANGE",
            "PATH_EVALUATION_ERROR",
            "SUBQUERY_MULTIPLE_ROWS",
        ),
        DataError,
    ),
    **dict.fromkeys(("CONSTRAINT_VIOLATION", "MERGE_TARGET_ROW_MULTIPLE_MATCHES"), IntegrityError),
    **dict.fromkeys(
        ("INCOMPATIBLE_CLIENT", "NOT_SUPPORTED", "UNSUPPORTED_ISOLATION_LEVEL", "UNSUPPORTED_SUBQUERY"),
        NotSupportedError,
    ),
    **dict.fromkeys(
        (
            "ABANDONED_QUERY",
            "ADMINISTRATIVELY_KILLED",
            "CATALOG_UNAVAILABLE",
            "QUERY_REJECTED",
            "SERVER_SHUTTING_DOWN",
            "SERVER_STARTING_UP",
            "TRANSACTION_CONFLICT",
            "USER_CANCELED",
        ),
        OperationalError,
    ),
}
"""What the name says better than the type."""


def error_of_query(document: Mapping[str, Any], query_id: str | None) -> DatabaseError:
    """The exception for the `error` object of a QueryResults document."""
    name, kind = document.get("errorName"), document.get("errorType")
    found = _BY_NAME.get(str(name)) or _BY_TYPE.get(str(kind), DatabaseError)
    location = document.get("errorLocation") or {}
    return found(
        str(document.get("message") or name or "Query failed"),
        error_code=document.get("errorCode"),
        error_name=name,
        error_type=kind,
        query_id=query_id,
        line=location.get("lineNumber"),
        column=location.get("columnNumber"),
        failure_info=document.get("failureInfo"),
    )
