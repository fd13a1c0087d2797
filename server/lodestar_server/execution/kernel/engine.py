"""The kernel: runs plans on DuckDB. Lowering is pure and can be cached; running leases an instance for one query."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, NoReturn

import pyarrow as pa

from lodestar_server.execution.kernel import streams
from lodestar_server.execution.kernel.constant_rows import ConstantExecution, constant_batch, constant_rows
from lodestar_server.execution.kernel.encoding.values import python_value
from lodestar_server.execution.kernel.errors import breaks_instance, engine_error
from lodestar_server.execution.kernel.files import scan_query
from lodestar_server.execution.kernel.functions.macros import referenced_names
from lodestar_server.execution.kernel.instances import Instance, InstancePool
from lodestar_server.execution.kernel.lowering.context import GATHERING_SLOT, SHARING_SLOT, START_SLOT
from lodestar_server.execution.kernel.lowering.statement import (
    LoweredStatement,
    RowFormat,
    lower_expression,
    lower_statement,
)
from lodestar_server.execution.kernel.remote import REMOTE_THREADS
from lodestar_server.execution.kernel.scans import OpenedScan, ScanSources, open_scan
from lodestar_server.ir import Constant, Expression
from lodestar_server.ir.nodes import Output, PlanNode, TableWrite
from lodestar_server.session import QueryContext
from lodestar_server.spi.page import PageSink
from lodestar_server.spi.types.arrow import arrow_type

JSON_BATCH_ROWS = 16_384
"""About two megabytes of text: two pages for a client."""
_GATHERED_ROWS = 1 << 23
"""Rows of a statement's tables of which all values are gathered, where distinct ones would do and take longer."""
_COUNTED_FILES = 64
"""Files of which the rows are counted beforehand."""
ARROW_BATCH_ROWS = 65_536
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Kernel:
    """Runs lowered statements. Thread-safe; `readers` is the number of splits of one scan read at once."""

    pool: InstancePool
    readers: int = 2

    def lower(self, root: PlanNode, context: QueryContext, rows: RowFormat) -> LoweredStatement:
        """The statement of a plan; frozen, to be kept as long as the plan."""
        constants = constant_rows(root)
        if constants is not None and isinstance(root, Output | TableWrite):
            columns = tuple(symbol.type for symbol in root.columns)
            return LoweredStatement((), (), columns, frozenset(), constants=constant_batch(constants, columns, rows))
        return lower_statement(root, context.time_zone, context.session.locale, rows)

    def run(
        self, statement: LoweredStatement, context: QueryContext, sources: ScanSources, rows: RowFormat
    ) -> Execution | ConstantExecution:
        """Start a lowered statement. Raises: LodestarError; after that, from the execution's batches."""
        if statement.constants is not None:
            return ConstantExecution(statement, context)
        opened = [
            (one, open_scan(one.scan, sources, context.cancellation, context.progress, self.readers))
            for one in statement.scans
        ]
        needed = frozenset(one.root for _, scan in opened for one in scan.files if one.root is not None)
        instance = self.pool.acquire(needed, context.cancellation)
        execution = Execution(self.pool, instance, context, statement, [scan for _, scan in opened])
        try:
            execution.start({slot.name: scan for slot, scan in opened}, rows)
        except BaseException as error:
            _raise(execution.failed(error), error)
        return execution

    def write(self, root: PlanNode, context: QueryContext, sources: ScanSources, sink: PageSink) -> int:
        """Run a TableWrite into its sink: pages in the target's Arrow types. The number of rows.

        The caller finishes or aborts the sink.
        """
        statement = self.lower(root, context, RowFormat.ARROW)
        schema = pa.schema([(f"c{i}", arrow_type(type_)) for i, type_ in enumerate(statement.columns)])
        count = 0
        with self.run(statement, context, sources, RowFormat.ARROW) as execution:
            for batch in execution.batches():
                count += batch.num_rows
                sink.append(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
                context.progress.physical_written_bytes = sink.written_bytes
        return count

    def evaluate(self, expression: Expression, context: QueryContext) -> Any:
        """The value of an expression without columns, as in `ir.Constant`. Raises: LodestarError."""
        if isinstance(expression, Constant):
            return expression.value
        statement = lower_expression(expression, context.time_zone, context.session.locale)
        with self.run(statement, context, _NoSources(), RowFormat.ARROW) as execution:
            (batch,) = (one for one in execution.batches() if one.num_rows)
            return python_value(expression.type, batch.column(0)[0])


class _NoSources:
    """An expression scans nothing."""

    def splits(self, scan: Any) -> Any:
        raise AssertionError("an expression has no tables")

    def read(self, scan: Any, splits: Any) -> Any:
        raise AssertionError("an expression has no tables")


@dataclass(slots=True)
class Execution:
    """A running statement. Pull `batches`, then close; closing early stops the work."""

    pool: InstancePool
    instance: Instance
    context: QueryContext
    statement: LoweredStatement
    scans: list[OpenedScan]
    _cursor: Any = None
    _reader: Any = None
    _handles: list[Any] = field(default_factory=list)
    _forget: Callable[[], None] | None = None
    _closed: bool = False

    def start(self, scans: dict[str, OpenedScan], rows: RowFormat) -> None:
        """Submit the statement; rows come as they are pulled."""
        memory = self.context.memory_limit
        files = [one for scan in scans.values() for one in scan.files]
        remote = any(one.file_system is not None for one in files)
        self._cursor = self.instance.cursor(
            memory, guarded=self.statement.guarded, threads=REMOTE_THREADS if remote else None
        )
        if remote:
            self.instance.open_remote(files, self._count)
        slots = {name: self._scan_text(scan) for name, scan in scans.items()}
        self.instance.ensure(self.statement.names.union(*map(referenced_names, slots.values())))
        slots[SHARING_SLOT] = "MATERIALIZED" if any(scan.pages is not None for scan in scans.values()) else ""
        slots[START_SLOT] = f"CAST({_micros(self.context.session.start)} AS BIGINT)"
        for function in self.statement.functions:
            self.instance.define(function, function.bind(self.instance.nested_cursor, self._check, slots))
        self._forget = self.context.cancellation.on_cancel(self._interrupt)
        if GATHERING_SLOT in self.statement.pieces[1::2]:
            slots[GATHERING_SLOT] = "" if self._has_few_rows(scans, slots) else "DISTINCT"
        text = self.statement.text(slots)
        batch_rows = ARROW_BATCH_ROWS if rows is RowFormat.ARROW else JSON_BATCH_ROWS
        self._reader = streams.submit(self._cursor, text, batch_rows)

    def _has_few_rows(self, scans: dict[str, OpenedScan], texts: dict[str, str]) -> bool:
        """Whether all scans together have no more rows than are gathered, as far as that is known beforehand."""
        total = 0
        for name, scan in scans.items():
            if scan.pages is not None:
                count = scan.pages.row_count
            elif sum(len(one.slices) for one in scan.files) > _COUNTED_FILES:
                count = None
            else:
                # Parquet says it at the end of each file.
                ((count,),) = self._cursor.execute(f"SELECT count(*) FROM {texts[name]}").fetchall()
            if count is None:
                return False
            total += count
        return total <= _GATHERED_ROWS

    def _scan_text(self, scan: OpenedScan) -> str:
        if scan.pages is None:
            return scan_query(scan.scan, scan.files)
        handle = streams.register(self._cursor, scan.pages)
        self._handles.append(handle)
        return handle.name

    def _count(self, size: int) -> None:
        self.context.progress.physical_input_bytes += size

    def _check(self) -> None:
        self.context.check(time.monotonic())

    def _interrupt(self) -> None:
        self._cursor.interrupt()
        if self.instance.remote is not None:
            self.instance.remote.stop()
        for scan in self.scans:
            if scan.pages is not None:
                scan.pages.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows. Raises: LodestarError."""
        try:
            while True:
                self.context.check(time.monotonic())
                batch = next(self._reader, None)
                if batch is None:
                    break
                self.context.progress.output_rows += batch.num_rows
                self.context.progress.output_bytes += batch.nbytes
                yield batch
        except GeneratorExit:
            raise
        except BaseException as error:
            _raise(self.failed(error), error)
        self.close()

    def failed(self, error: BaseException) -> BaseException:
        """What to raise for an error of the engine: the query's own reason, a source's error, or the engine's."""
        if breaks_instance(error):
            self.instance.broken = True
        remote = self.instance.remote
        unread = None if remote is None else remote.failure
        self.close()
        reason = self.context.cancellation.reason
        if reason is not None:
            return reason
        for scan in self.scans:
            if scan.pages is not None and scan.pages.failure is not None:
                return engine_error(scan.pages.failure)
        if unread is not None:
            return engine_error(unread)
        limit = self.context.memory_limit
        return engine_error(error, memory_limit="" if limit is None else str(limit))

    def close(self) -> None:
        """Stop what still runs and give the instance back; may be called again."""
        if self._closed:
            return
        self._closed = True
        if self._forget is not None:
            self._forget()
        try:
            if self._reader is not None:
                self._reader.close()
            for handle in self._handles:
                handle.close()
            if self._cursor is not None:
                self._cursor.close()
            for function in self.statement.functions:
                self.instance.forget(function.name)
        finally:
            for scan in self.scans:
                if scan.pages is not None:
                    scan.pages.close()
            if self.instance.remote is not None:
                self.instance.remote.stop()
            self.pool.release(self.instance)

    def __enter__(self) -> Execution:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _raise(error: BaseException, cause: BaseException) -> NoReturn:
    if error is cause:
        raise error
    raise error from cause


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
