"""Cursors: statements in, rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lodestar.errors import InterfaceError, NotSupportedError, ProgrammingError
from lodestar.parameters import execute_immediate
from lodestar.protocol.documents import PageData, SegmentedData
from lodestar.protocol.operations import Operation, advance, cancel, start
from lodestar.protocol.statement import Statement
from lodestar.types.codes import ColumnDescription, describe_column
from lodestar.types.decoding import RowDecoder

if TYPE_CHECKING:
    from lodestar.connection import Connection, ConnectionCore

T = TypeVar("T")
RowValues = tuple[Any, ...]


class CursorCore:
    """What both kinds of cursors are: the statement, the rows at hand, and operations. No I/O."""

    def __init__(self, core: ConnectionCore, *, wire_values: bool) -> None:
        self._core = core
        self._wire_values = wire_values
        self.statement: Statement | None = None
        self.rows: list[RowValues] = []
        self.position = 0
        self.description: list[ColumnDescription] | None = None
        self.rowcount = -1
        self.closed = False
        self._decode: Callable[[Sequence[Sequence[Any]]], list[RowValues]] | None = None
        self._seconds: float | None = None

    def execution(self, operation: str, parameters: Sequence[Any] | None, seconds: float | None) -> Operation[None]:
        """Run a statement until its first rows are here; anything but a query to its end."""
        core = self._core
        yield from self.forgetting()
        self._check()
        text = operation.rstrip()
        if text.endswith(";"):
            text = text[:-1].rstrip()
        if parameters:
            if isinstance(parameters, (str, bytes, Mapping)):
                raise ProgrammingError("Parameters are a sequence of values, one per question mark")
            text = execute_immediate(text, parameters)
        limits = core.limits(seconds)
        if core.isolation_level is not None:
            yield from core.begin_lazily(limits)
        self.statement = statement = Statement(core.settings.origin, text, core.request_headers())
        self._limits = limits
        yield from start(statement, limits, core.apply)
        while not statement.done:
            data = yield from advance(statement, limits, core.apply)
            if data is not None:
                self._take(statement, data)
                if statement.update_type is None:
                    break
        self._describe(statement)

    def filling(self) -> Operation[bool]:
        """Get more rows; false when there are none."""
        statement = self._required()
        while not statement.done:
            data = yield from advance(statement, self._limits, self._core.apply)
            if data is not None:
                self._take(statement, data)
                return True
        return False

    def forgetting(self) -> Operation[None]:
        """Let go of the statement; a running one is cancelled."""
        statement, self.statement = self.statement, None
        self.rows, self.position = [], 0
        self.description, self.rowcount = None, -1
        self._decode = None
        if statement is not None and not statement.done:
            yield from cancel(statement, self._core.limits())

    def cancelling(self) -> Operation[None]:
        """Cancel the running statement. It may be running on another thread, which gets the error."""
        if self.statement is not None:
            yield from cancel(self.statement, self._core.limits())

    def take_row(self) -> RowValues | None:
        """The next of the rows at hand."""
        if self.position < len(self.rows):
            self.position += 1
            return self.rows[self.position - 1]
        return None

    def take_rows(self, count: int | None = None) -> list[RowValues]:
        """The next of the rows at hand, all without `count`."""
        end = len(self.rows) if count is None else min(len(self.rows), self.position + count)
        found = self.rows[self.position : end] if self.position or end < len(self.rows) else self.rows
        if end == len(self.rows):
            self.rows, self.position = [], 0
        else:
            self.position = end
        return found

    def check_result(self) -> None:
        """Raises: InterfaceError, ProgrammingError when there are no rows to fetch."""
        self._check()
        self._required()
        if self.description is None:
            raise ProgrammingError("The statement has no rows to fetch")

    def _take(self, statement: Statement, data: PageData) -> None:
        if isinstance(data, SegmentedData):
            raise NotSupportedError(f"Results encoded as {data.encoding} are not supported here")
        if self._decode is None:
            assert statement.columns is not None
            if self._wire_values:
                self._decode = _as_tuples
            else:
                signatures = [column.signature for column in statement.columns]
                self._decode = RowDecoder(signatures, decode_json=self._core.settings.decode_json).decode
        rows = self._decode(data)
        if self.position < len(self.rows):
            self.rows = self.rows[self.position :] + rows
        else:
            self.rows = rows
        self.position = 0

    def _describe(self, statement: Statement) -> None:
        if statement.update_count is not None:
            # The count also comes as a row, which nobody who executes an INSERT expects.
            self.rowcount = statement.update_count
            self.rows, self.position = [], 0
        elif statement.columns:
            self.description = [describe_column(column) for column in statement.columns]

    def _required(self) -> Statement:
        if self.statement is None:
            raise InterfaceError("Nothing was executed")
        return self.statement

    def _check(self) -> None:
        if self.closed:
            raise InterfaceError("The cursor is closed")
        self._core.check_open()

    # What both kinds of cursors tell without asking anybody.

    @property
    def query_id(self) -> str | None:
        """The server's name for the query."""
        return None if self.statement is None else self.statement.query_id

    @property
    def info_uri(self) -> str | None:
        """The page of the query in the server's user interface."""
        return None if self.statement is None else self.statement.info_uri

    @property
    def stats(self) -> dict[str, Any]:
        """The server's figures as of its last answer (`state`, `processedRows` …), and `queryId`."""
        if self.statement is None:
            return {}
        return {"queryId": self.statement.query_id, **self.statement.stats}

    @property
    def warnings(self) -> list[Mapping[str, Any]]:
        """Warnings of the server: `{"warningCode": {"code", "name"}, "message"}`."""
        return [] if self.statement is None else list(self.statement.warnings)

    @property
    def update_type(self) -> str | None:
        """`INSERT`, `CREATE TABLE` …, None for queries."""
        return None if self.statement is None else self.statement.update_type

    @property
    def update_count(self) -> int | None:
        """How many rows were written, None when the server does not say."""
        return None if self.statement is None else self.statement.update_count

    @property
    def partial_cancel_uri(self) -> str | None:
        """Where a DELETE ends the work but keeps the rows made so far."""
        return None if self.statement is None else self.statement.partial_cancel_uri


def _as_tuples(rows: Sequence[Sequence[Any]]) -> list[RowValues]:
    return list(map(tuple, rows))


class Cursor(CursorCore):
    """A cursor of PEP 249. Use it from one thread; `cancel` may be called from any."""

    arraysize = 1000

    def __init__(self, connection: Connection, *, wire_values: bool = False) -> None:
        super().__init__(connection._core, wire_values=wire_values)
        self._connection = connection
        self._run = connection.run

    @property
    def connection(self) -> Connection:
        """The connection that made this cursor."""
        return self._connection

    def execute(self, operation: str, parameters: Sequence[Any] | None = None, *, timeout: float | None = None) -> Self:
        """Run a statement with a value for each question mark, within `timeout` seconds in all (fetching included).

        Raises: the errors of PEP 249; QueryTimeout.
        """
        self._run(self.execution(operation, parameters, timeout))
        return self

    def fetchone(self) -> RowValues | None:
        """The next row, None after the last."""
        row = self.take_row()
        if row is not None:
            return row
        self.check_result()
        return self.take_row() if self._run(self.filling()) else None

    def fetchmany(self, size: int | None = None) -> list[RowValues]:
        """The next `size` rows (`arraysize` without), fewer at the end."""
        self.check_result()
        wanted = self.arraysize if size is None else size
        found = self.take_rows(wanted)
        while len(found) < wanted and self._run(self.filling()):
            found += self.take_rows(wanted - len(found))
        return found

    def fetchall(self) -> list[RowValues]:
        """All rows that are left."""
        self.check_result()
        found = self.take_rows()
        while self._run(self.filling()):
            found += self.take_rows()
        return found

    def cancel(self) -> None:
        """Cancel the running statement; the thread that waits for it gets an OperationalError."""
        self._run(self.cancelling())

    def close(self) -> None:
        """Cancel what runs and let go of the rows."""
        if not self.closed:
            self.closed = True
            self._run(self.forgetting())

    def callproc(self, name: str, parameters: Sequence[Any] | None = None) -> None:
        """Raises: NotSupportedError; procedures are called by `CALL`."""
        raise NotSupportedError("Procedures are called by execute('CALL …')")

    def nextset(self) -> None:
        """None: a statement has one result."""
        return None

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Does nothing, as PEP 249 allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Does nothing, as PEP 249 allows."""

    def __iter__(self) -> Iterator[RowValues]:
        self.check_result()
        while True:
            yield from self.take_rows()
            if not self._run(self.filling()):
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
