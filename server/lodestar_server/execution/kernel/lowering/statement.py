"""A whole plan as one DuckDB statement, with slots for what only execution knows. Pure: nothing is run here."""

from __future__ import annotations

from enum import Enum

import pyarrow as pa

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.json import json_row
from lodestar_server.execution.kernel.functions.macros import referenced_names
from lodestar_server.execution.kernel.lowering import (
    aggregates,
    basic,
    comparisons,
    joins,
    logic,
    patterns,
    routines,
    sets,
    subqueries,
    unnest,
    values,
    windows,
)
from lodestar_server.execution.kernel.lowering.block import Block, Stage
from lodestar_server.execution.kernel.lowering.context import Lowering, split_slots
from lodestar_server.execution.kernel.lowering.functions import StatementFunction
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Expression, Symbol
from lodestar_server.ir.nodes import Output, PlanNode, TableScan, TableWrite
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen

_REGISTERED = (
    aggregates,
    basic,
    comparisons,
    joins,
    logic,
    patterns,
    routines,
    sets,
    subqueries,
    unnest,
    values,
    windows,
)
"""Imported for the lowerings that they register."""


class RowFormat(Enum):
    """How result rows leave the statement."""

    JSON = "JSON"
    LEGACY_JSON = "LEGACY_JSON"
    ARROW = "ARROW"


@frozen
class ScanSlot:
    """A table scan of the statement; `repeated`: it may be read several times."""

    name: str
    scan: TableScan
    repeated: bool


@frozen
class LoweredStatement:
    """DuckDB text in pieces: text, slot name, text, slot name, … text. Frozen, to be cached beside its plan."""

    pieces: tuple[str, ...]
    scans: tuple[ScanSlot, ...]
    columns: tuple[Type, ...]
    names: frozenset[str]
    """Macros and functions of ours that it may need."""
    functions: tuple[StatementFunction, ...] = ()
    guarded: bool = False
    """It has errors that are to be caught; see `sql.GUARD`."""
    constants: pa.RecordBatch | None = None
    """The rows themselves, where the plan is nothing but constants; then there is no text."""

    def text(self, slots: dict[str, str]) -> str:
        """The statement with its slots filled."""
        if len(self.pieces) == 1:
            return self.pieces[0]
        return "".join([slots[piece] if index % 2 else piece for index, piece in enumerate(self.pieces)])


def lower_statement(root: PlanNode, zone: str, locale: str, rows: RowFormat) -> LoweredStatement:
    """Lower a plan whose root is an Output or a TableWrite (its rows, as ARROW).

    `zone` and `locale` are the session's. Raises: LodestarError for what the kernel cannot run.
    """
    if not isinstance(root, Output | TableWrite):
        raise LodestarError(NOT_SUPPORTED, f"The kernel does not run {type(root).__name__} as the root of a plan")
    context = Lowering(zone, locale)
    block = context.relation(root.source)
    return _finished(context, _rows(context, block, root.columns, rows), tuple(one.type for one in root.columns))


def lower_expression(expression: Expression, zone: str, locale: str) -> LoweredStatement:
    """Lower an expression without columns as a statement of one row, for evaluation."""
    context = Lowering(zone, locale)
    block = Block({})
    return _finished(context, block.query([("c0", context.expression(expression))]), (expression.type,))


def _finished(context: Lowering, query: Sql, columns: tuple[Type, ...]) -> LoweredStatement:
    text = sql.render(query)
    scans = tuple(ScanSlot(name, scan, repeated) for name, scan, repeated in context.scans)
    names = referenced_names(text)
    for function in context.functions:
        names = names.union(*(referenced_names("".join(one)) for one in function.pieces))
    return LoweredStatement(split_slots(text), scans, columns, names, tuple(context.functions), sql.GUARD in text)


def _rows(context: Lowering, block: Block, columns: tuple[Symbol, ...], rows: RowFormat) -> Sql:
    if rows is RowFormat.ARROW:
        # Names that no column has (they are c0, c1 … too): ORDER BY would mean the output.
        return block.query([(f"o{index}", block.columns[symbol]) for index, symbol in enumerate(columns)])
    if block.stage >= Stage.ORDER or not all(sql.is_simple(block.columns[symbol]) for symbol in columns):
        # The text is made of the rows that are left, and of values that are computed once.
        block.columns = {symbol: block.columns[symbol] for symbol in dict.fromkeys(columns)}
        block = block.wrapped(context)
    cells = [(block.columns[symbol], symbol.type) for symbol in columns]
    return block.query([("row", json_row(cells, legacy=rows is RowFormat.LEGACY_JSON))])
