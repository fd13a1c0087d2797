"""`lodestar+asyncio://`: the driver's asynchronous connections behind SQLAlchemy's asyncio.

SQLAlchemy speaks to a driver without `await`; its adapters turn every call into one, on the greenlet that the caller's
coroutine runs in.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from sqlalchemy import pool
from sqlalchemy.connectors.asyncio import (
    AsyncAdapt_dbapi_connection,
    AsyncAdapt_dbapi_cursor,
    AsyncAdapt_dbapi_module,
    AsyncAdapt_dbapi_ss_cursor,
)

from sqlalchemy_lodestar.dialect import LodestarDialect, LodestarExecutionContext

try:
    from sqlalchemy.util.concurrency import await_
except ImportError:  # SQLAlchemy 2.0
    from sqlalchemy.util.concurrency import await_only as await_


class AsyncAdaptCursor(AsyncAdapt_dbapi_cursor):
    """Reads all rows when it executes."""

    __slots__ = ()


class AsyncAdaptStreamingCursor(AsyncAdapt_dbapi_ss_cursor):
    """Reads rows as they are fetched (`stream_results`, `AsyncConnection.stream`)."""

    __slots__ = ()


class AsyncAdaptConnection(AsyncAdapt_dbapi_connection):
    """The driver's connection, with the attributes that the dialect looks at."""

    __slots__ = ()
    _cursor_cls = AsyncAdaptCursor
    _ss_cursor_cls = AsyncAdaptStreamingCursor

    @property
    def isolation_level(self) -> str:
        """As the driver has it."""
        return str(self._connection.isolation_level)

    @isolation_level.setter
    def isolation_level(self, level: str) -> None:
        self._connection.isolation_level = level

    @property
    def session(self) -> Any:
        """The driver's view of the session."""
        return self._connection.session


class AsyncAdaptDriver(AsyncAdapt_dbapi_module):
    """The driver's module, whose `connect` gives adapted connections."""

    def __init__(self, driver: ModuleType) -> None:
        # not super().__init__: it is another one in SQLAlchemy 2.0
        self.driver = self._driver = driver
        self.dbapi_module = None
        self.paramstyle = driver.paramstyle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def connect(self, *arguments: Any, **keywords: Any) -> AsyncAdaptConnection:
        """`lodestar.aconnect`, or the coroutine function given as `async_creator_fn`."""
        creator = keywords.pop("async_creator_fn", None) or self._driver.aconnect
        return AsyncAdaptConnection(self, await_(creator(*arguments, **keywords)))


class LodestarAsyncExecutionContext(LodestarExecutionContext):
    """One execution."""

    def create_server_side_cursor(self) -> Any:
        """A cursor that does not read ahead."""
        return self._dbapi_connection.cursor(server_side=True)


class LodestarAsyncDialect(LodestarDialect):
    """For `create_async_engine("lodestar+asyncio://…")`."""

    driver = "asyncio"
    is_async = True
    supports_statement_cache = True
    execution_ctx_cls = LodestarAsyncExecutionContext

    @classmethod
    def import_dbapi(cls) -> Any:
        """The driver, adapted."""
        import lodestar

        return AsyncAdaptDriver(lodestar)

    @classmethod
    def get_pool_class(cls, url: Any) -> type[pool.Pool]:
        """A pool that waits without blocking the loop."""
        return pool.AsyncAdaptedQueuePool

    def get_driver_connection(self, connection: Any) -> Any:
        """The driver's own connection."""
        return connection._connection
