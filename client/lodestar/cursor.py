"""Cursors: statements in, rows out."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from lodestar.errors import Error, InterfaceError, NotSupportedError, ProgrammingError
from lodestar.parameters import (
    MAX_HEADER_CHARACTERS,
    PREPARED_NAME,
    execute_immediate,
    execute_prepared,
    find_insert_template,
    insert_batches,
)
from lodestar.protocol.documents import PageData, SegmentedData, WireColumn
from lodestar.protocol.encodings import read_json_segment, require_encoding
from lodestar.protocol.operations import Operation, Pending, advance, begin, cancel, fetch_segment, heartbeat, start
from lodestar.protocol.statement import Statement
from lodestar.types.codes import ColumnDescription, describe_column
from lodestar.types.decoding import RowDecoder

if TYPE_CHECKING:
    from lodestar.connection import Connection, ConnectionCore

T = TypeVar("T")
RowValues = tuple[Any, ...]


Part = list[list[Any]] | bytes | bytearray
"""Rows as they came: JSON, or the bytes of an Arrow stream."""

ARROW_ENCODINGS = ("arrow",)
ARROW_ENCODINGS_FAR = ("arrow+zstd", "arrow")


class CursorCore:
    """What both kinds of cursors are: the statement, the rows at hand, and operations. No I/O."""

    def __init__(self, core: ConnectionCore, *, wire_values: bool, arrow: bool) -> None:
        self._core = core
        self._wire_values = wire_values
        self._arrow = arrow
        self.statement: Statement | None = None
        self.description: list[ColumnDescription] | None = None
        self.rowcount = -1
        self.closed = False
        self._parts: deque[Part] = deque()
        self._front: Part = []
        self._rows: list[RowValues] = []
        self._position = 0
        self._ahead: Pending | None = None
        self.last_contact = 0.0
        """When the server was last asked about the statement, in monotonic seconds."""
        self._beats = True
        self._decoder: RowDecoder | None = None

    # Operations.

    def execution(self, operation: str, parameters: Sequence[Any] | None, seconds: float | None) -> Operation[None]:
        """Run a statement until its first rows are here; anything but a query to its end."""
        core = self._core
        yield from self.forgetting()
        self._check()
        text = _statement_text(operation)
        if parameters:
            text = execute_immediate(text, parameters)
        limits = core.limits(seconds)
        if core.isolation_level is not None:
            yield from core.begin_lazily(limits)
        headers = core.request_headers(self._encodings(), at_once=True)
        self.statement = statement = Statement(core.settings.origin, text, headers)
        self._limits = limits
        data = yield from start(statement, limits, core.apply)
        while data is not None or not statement.done:
            if data is not None:
                if statement.update_type is None and not statement.done:
                    self._ahead = yield from begin(statement.next_request(), limits)
                yield from self._take(statement, data)
                if statement.update_type is None or statement.done:
                    break
            data = yield from advance(statement, limits, core.apply)
        self.last_contact = time.monotonic()
        self._describe(statement)

    def many_execution(self, operation: str, rows: Iterable[Sequence[Any]], seconds: float | None) -> Operation[None]:
        """Run a statement once for each row of values. Rows of one INSERT are joined where that means the same."""
        core = self._core
        yield from self.forgetting()
        self._check()
        text = _statement_text(operation)
        limits = core.limits(seconds)
        if core.isolation_level is not None:
            yield from core.begin_lazily(limits)
        template = find_insert_template(text)
        statements: Iterable[str]
        prepared: dict[str, str] = {}
        if template is not None:
            statements = (batch for batch, _ in insert_batches(template, rows))
        elif len(text) <= MAX_HEADER_CHARACTERS:
            prepared = {PREPARED_NAME: text}
            statements = (execute_prepared(row) if row else text for row in rows)
        else:
            statements = (execute_immediate(text, row) if row else text for row in rows)
        total: int | None = 0
        for one in statements:
            headers = core.request_headers((), prepared)
            self.statement = statement = Statement(core.settings.origin, one, headers)
            self._limits = limits
            yield from start(statement, limits, core.apply)
            while not statement.done:
                yield from advance(statement, limits, core.apply)
            if total is not None:
                total = None if statement.update_count is None else total + statement.update_count
        self.rowcount = -1 if total is None else total

    def filling(self) -> Operation[bool]:
        """Get more rows; false when there are none."""
        statement = self._required()
        while not statement.done:
            ahead, self._ahead = self._ahead, None
            data = yield from advance(statement, self._limits, self._core.apply, ahead)
            if data is not None:
                if not statement.done:
                    # While these rows are used the server makes the next ones.
                    self._ahead = yield from begin(statement.next_request(), self._limits)
                yield from self._take(statement, data)
                self.last_contact = time.monotonic()
                return True
        return False

    def forgetting(self) -> Operation[None]:
        """Let go of the statement; a running one is cancelled."""
        self._beats = True
        statement, self.statement = self.statement, None
        ahead, self._ahead = self._ahead, None
        self._drop_rows()
        self.description, self.rowcount = None, -1
        self._decoder = None
        if ahead is not None:
            ahead.close()
        if statement is not None and not statement.done:
            yield from cancel(statement, self._core.limits())

    def cancelling(self) -> Operation[None]:
        """Cancel the running statement. It may be running on another thread, which gets the error."""
        if self.statement is not None:
            yield from cancel(self.statement, self._core.limits())

    @property
    def unfinished(self) -> bool:
        """Whether the server waits for this cursor, and is to be told that it is alive."""
        return self._beats and self.statement is not None and not self.statement.done

    def heartbeat(self) -> Operation[None]:
        """Tell the server that the rows are still wanted."""
        if self.statement is not None:
            self.last_contact = time.monotonic()
            self._beats = yield from heartbeat(self.statement, self._core.limits())

    def _take(self, statement: Statement, data: PageData) -> Operation[None]:
        if not isinstance(data, SegmentedData):
            self._parts.append(cast(Part, data))
            return
        encoding = require_encoding(data.encoding)
        for segment in data.segments:
            found = yield from fetch_segment(statement, segment, self._limits)
            self._parts.append(found if encoding.arrow else read_json_segment(encoding, segment, found))

    # The rows at hand.

    def take_row(self) -> RowValues | None:
        """The next of the rows at hand."""
        if self._position >= len(self._rows) and not self._next_part():
            return None
        self._position += 1
        return self._rows[self._position - 1]

    def take_rows(self, count: int | None = None) -> list[RowValues]:
        """The next of the rows at hand, all without `count`."""
        found: list[RowValues] = []
        while count is None or len(found) < count:
            if self._position >= len(self._rows) and not self._next_part():
                break
            end = len(self._rows) if count is None else min(len(self._rows), self._position + count - len(found))
            rows = self._rows[self._position : end] if self._position or end < len(self._rows) else self._rows
            self._position = end
            found = found + rows if found else rows
        if self._position >= len(self._rows):
            # They are the caller's now.
            self._rows, self._front, self._position = [], [], 0
        return found

    def _next_part(self) -> bool:
        if not self._parts:
            return False
        self._front, self._position = self._parts.popleft(), 0
        self._rows = self._decoded(self._front)
        return True

    def _decoded(self, part: Part) -> list[RowValues]:
        columns = self._columns()
        if isinstance(part, (bytes, bytearray)):
            from lodestar import arrow

            batches = arrow.batches_of_stream(part, columns, arrow.arrow_schema(columns))
            values = [[column.to_pylist() for column in batch.columns] for batch in batches]
            return [row for batch in values for row in zip(*batch, strict=True)]
        if self._wire_values:
            return list(map(tuple, part))
        if self._decoder is None:
            signatures = [column.signature for column in columns]
            self._decoder = RowDecoder(signatures, decode_json=self._core.settings.decode_json)
        return self._decoder.decode(part)

    def take_batches(self) -> list[Any]:
        """The rows at hand as Arrow record batches. Raises: DataError."""
        from lodestar import arrow

        columns = self._columns()
        schema = arrow.arrow_schema(columns)
        parts, skipped = list(self._parts), self._position
        if self._position < len(self._rows):
            parts.insert(0, self._front)
        else:
            skipped = 0
        self._drop_rows()
        found: list[Any] = []
        for part in parts:
            if isinstance(part, (bytes, bytearray)):
                found += arrow.batches_of_stream(part, columns, schema)
            else:
                found.append(arrow.batch_of_rows(part, columns, schema))
        while skipped and found:
            size = found[0].num_rows
            found[0] = found[0].slice(skipped)
            skipped = max(0, skipped - size)
            if not found[0].num_rows:
                del found[0]
        return found

    def make_table(self, batches: list[Any]) -> Any:
        """Record batches of this result as one table, which has its schema even without rows."""
        import pyarrow as pa

        from lodestar.arrow import arrow_schema

        return pa.Table.from_batches(batches, arrow_schema(self._columns()))

    def _drop_rows(self) -> None:
        self._parts.clear()
        self._rows, self._front, self._position = [], [], 0

    def _columns(self) -> tuple[WireColumn, ...]:
        statement = self._required()
        assert statement.columns is not None
        return statement.columns

    def _encodings(self) -> tuple[str, ...] | None:
        """What to offer the server for this cursor's results; None for what the connection offers."""
        if not self._arrow:
            return None
        require_encoding("arrow")
        return ARROW_ENCODINGS_FAR if self._core.settings.compression else ARROW_ENCODINGS

    def check_result(self) -> None:
        """Raises: InterfaceError, ProgrammingError when there are no rows to fetch."""
        self._check()
        self._required()
        if self.description is None:
            raise ProgrammingError("The statement has no rows to fetch")

    def _describe(self, statement: Statement) -> None:
        if statement.update_count is not None:
            # The count also comes as a row, which nobody who executes an INSERT expects.
            self.rowcount = statement.update_count
            self._drop_rows()
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


def _statement_text(operation: str) -> str:
    """Without the semicolon that ends it."""
    text = operation.rstrip()
    return text[:-1].rstrip() if text.endswith(";") else text


class Cursor(CursorCore):
    """A cursor of PEP 249. Use it from one thread; `cancel` may be called from any."""

    arraysize = 1000

    def __init__(self, connection: Connection, *, wire_values: bool = False, arrow: bool = False) -> None:
        super().__init__(connection._core, wire_values=wire_values, arrow=arrow)
        self._connection = connection

    def _run(self, operation: Operation[T]) -> T:
        try:
            return self._connection.run(operation)
        except KeyboardInterrupt:
            # Who interrupts a program does not want the server to go on.
            with contextlib.suppress(Error):
                self._connection.run(self.cancelling())
            raise
        finally:
            if self.unfinished:
                self._connection.watch()

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

    def executemany(
        self, operation: str, seq_of_parameters: Iterable[Sequence[Any]], *, timeout: float | None = None
    ) -> Self:
        """Run a statement once for each row of values; `rowcount` is the sum. Rows of an INSERT go many at a time."""
        self._run(self.many_execution(operation, seq_of_parameters, timeout))
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

    def fetch_arrow_batches(self) -> Iterator[Any]:
        """The rows that are left, as Arrow record batches, as they come. See `lodestar.arrow` for the types.

        With `cursor(arrow=True)` a Lodestar server sends Arrow; otherwise rows are converted here.
        """
        require_encoding("arrow")
        self.check_result()
        while True:
            yield from self.take_batches()
            if not self._run(self.filling()):
                return

    def fetch_arrow_table(self) -> Any:
        """The rows that are left, as one Arrow table."""
        return self.make_table(list(self.fetch_arrow_batches()))

    def fetch_df(self) -> Any:
        """The rows that are left, as a pandas data frame."""
        return self.fetch_arrow_table().to_pandas()

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

    def __del__(self) -> None:
        # Nobody can fetch its rows any more, but here is no place to talk to servers.
        if self.unfinished and self.statement is not None:
            self._connection.orphans.append(self.statement)

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
