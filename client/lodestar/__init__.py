"""Lodestar's driver: PEP 249 and its asynchronous twin, over the Trino protocol.

import lodestar

with lodestar.connect("lodestar://localhost:8080/tpch/tiny") as connection:
    for name, key in connection.execute("SELECT name, nationkey FROM nation WHERE regionkey = ?", [1]):
        print(name, key)
"""

from __future__ import annotations

import datetime as _dt
import time as _time
from typing import TYPE_CHECKING, Any

from lodestar.auth import Authentication, BasicAuthentication, CertificateAuthentication, JwtAuthentication
from lodestar.connection import Connection
from lodestar.cursor import Cursor
from lodestar.errors import (
    AuthenticationError,
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    QueryTimeout,
    TransportError,
    Warning,
)
from lodestar.settings import find_settings
from lodestar.types.codes import BINARY, DATETIME, NUMBER, ROWID, STRING
from lodestar.types.literals import Typed
from lodestar.types.rows import Row
from lodestar.types.temporal import TemporalText, Time, Timestamp, YearMonth
from lodestar.version import VERSION as __version__

if TYPE_CHECKING:
    from lodestar.aio import AsyncConnection

apilevel = "2.0"
threadsafety = 2
paramstyle = "qmark"

Date = _dt.date
Binary = bytes


def DateFromTicks(ticks: float) -> _dt.date:
    """The local date at a number of seconds since the epoch."""
    return Date(*_time.localtime(ticks)[:3])


def TimeFromTicks(ticks: float) -> Time:
    """The local time of day at a number of seconds since the epoch."""
    return Time(*_time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> Timestamp:
    """The local date and time at a number of seconds since the epoch."""
    return Timestamp(*_time.localtime(ticks)[:6])


def connect(target: str | None = None, /, **arguments: Any) -> Connection:
    """A connection. `target` is a URL (`lodestar://user@host:8080/catalog/schema?source=x`) or a host.

    The arguments are those of `lodestar.settings.make_settings`; they are stronger than the URL. Nothing is sent yet.
    `local://` (`local:///catalog/schema?data_dir=…`) starts a server inside this process, if one is installed.
    Raises: InterfaceError, NotSupportedError.
    """
    return Connection(find_settings(target, arguments))


async def aconnect(target: str | None = None, /, **arguments: Any) -> AsyncConnection:
    """A connection for asyncio; the same arguments as `connect`."""
    import asyncio

    from lodestar.aio import AsyncConnection

    # A local server takes a second to start.
    settings = await asyncio.get_running_loop().run_in_executor(None, find_settings, target, arguments)
    return AsyncConnection(settings)


__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Authentication",
    "AuthenticationError",
    "BasicAuthentication",
    "Binary",
    "CertificateAuthentication",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "JwtAuthentication",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "QueryTimeout",
    "Row",
    "TemporalText",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "TransportError",
    "Typed",
    "Warning",
    "YearMonth",
    "__version__",
    "aconnect",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]
