"""Plans that are nothing but constants, `SELECT 1` first of all: their rows need no engine."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from types import TracebackType
from typing import Any

import orjson
import pyarrow as pa

from lodestar_server.execution.kernel.lowering.statement import LoweredStatement, RowFormat
from lodestar_server.ir import Constant, Expression, Symbol, SymbolRef
from lodestar_server.ir.nodes import Output, PlanNode, Project, TableWrite, Values
from lodestar_server.session import QueryContext
from lodestar_server.spi.types import BIGINT, BOOLEAN, INTEGER, SMALLINT, TINYINT, UNKNOWN, Type, VarcharType
from lodestar_server.spi.types.arrow import arrow_type

_PLAIN = (BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, UNKNOWN)
"""Types whose constants are what JSON and Arrow take, besides varchar."""


def constant_rows(root: PlanNode) -> list[list[Any]] | None:
    """The rows of an Output or a TableWrite of constants; None for any other plan."""
    if not isinstance(root, Output | TableWrite):
        return None
    source = root.source
    if isinstance(source, Project):
        if not isinstance(source.source, Values) or len(source.source.rows) != 1:
            return None
        given = dict(zip(source.source.symbols, source.source.rows[0], strict=True))
        rows = [[_resolved(value, given) for _, value in source.assignments]]
    elif isinstance(source, Values):
        rows = [list(row) for row in source.rows]
    else:
        return None
    places = [source.outputs.index(symbol) for symbol in root.columns]
    made: list[list[Any]] = []
    for row in rows:
        values = [row[place] for place in places]
        if not all(isinstance(value, Constant) and _is_plain(value.type) for value in values):
            return None
        made.append([value.value for value in values if isinstance(value, Constant)])
    return made


def _resolved(value: Expression, given: dict[Symbol, Expression]) -> Expression:
    return given.get(value.symbol, value) if isinstance(value, SymbolRef) else value


def _is_plain(type_: Type) -> bool:
    return type_ in _PLAIN or isinstance(type_, VarcharType)


def constant_batch(rows: list[list[Any]], columns: tuple[Type, ...], form: RowFormat) -> pa.RecordBatch:
    """The rows as the engine would give them."""
    if form is RowFormat.ARROW:
        arrays = [pa.array([row[index] for row in rows], arrow_type(type_)) for index, type_ in enumerate(columns)]
        return pa.RecordBatch.from_arrays(arrays, names=[f"c{index}" for index in range(len(columns))])
    texts = [orjson.dumps(row) + b"," for row in rows]
    offsets = array("i", accumulate(map(len, texts), initial=0))
    # Not `pa.array`: the first call of it in a process imports pandas, where that is installed.
    column = pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(texts)))
    return pa.RecordBatch.from_arrays([column], names=["row"])


@dataclass(slots=True)
class ConstantExecution:
    """As `Execution`, without an instance."""

    statement: LoweredStatement
    context: QueryContext

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows."""
        self.context.cancellation.check()
        batch = self.statement.constants
        assert batch is not None
        if batch.num_rows:
            self.context.progress.output_rows += batch.num_rows
            self.context.progress.output_bytes += batch.nbytes
            yield batch

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> ConstantExecution:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
