"""What lowering one statement carries along: its columns' scopes, the session's zone and locale, scans it meets.

Rendered SQL has slots where something is known only at execution: the query's start and what each table scan reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Expression, Routine, Symbol
from lodestar_server.ir.nodes import PlanNode, TableScan
from lodestar_server.spi.errors import NOT_SUPPORTED, ErrorCode, LodestarError
from lodestar_server.spi.types import Type

if TYPE_CHECKING:
    from lodestar_server.execution.kernel.lowering.block import Block
    from lodestar_server.execution.kernel.lowering.functions import StatementFunction

START_SLOT = "start"
SHARING_SLOT = "sharing"
"""Stands before a relation that is read more than once: MATERIALIZED where it must be computed once, or nothing."""
GATHERING_SLOT = "gathering"
"""Stands in an aggregate to which distinct values are enough: DISTINCT, or nothing where all fit into memory."""
_SLOT_MARK = "\0"
_OWN_IDS = 10**9
"""Of columns that lowering adds: beyond those of a plan."""

Lower = Callable[["Lowering", Expression], Sql]
EXPRESSIONS: dict[type[Expression], Callable[..., Sql]] = {}
"""Class of an expression → its lowering; filled by the modules of this package."""
NODES: dict[type[PlanNode], Callable[..., Block]] = {}
"""Class of a plan node → its lowering; filled by the modules of this package."""


def column_name(symbol: Symbol) -> str:
    """The generated name under which a symbol's column goes."""
    return f"c{symbol.id}"


def slot(name: str) -> Sql:
    """A hole in the rendered text, filled at execution."""
    return sql.fragment(f"{_SLOT_MARK}{name}{_SLOT_MARK}")


def split_slots(text: str) -> tuple[str, ...]:
    """Rendered text cut at its slots: text, slot name, text, slot name, … text."""
    return tuple(text.split(_SLOT_MARK))


class Lowering:
    """One statement being lowered."""

    def __init__(self, zone: str, locale: str) -> None:
        self.zone, self.locale = zone, locale
        self.inside_try = False
        self.inside_recursion = False
        self.lambda_depth = 0
        self.scans: list[tuple[str, TableScan, bool]] = []
        """Slot, scan, whether it may be read more than once."""
        self.shared: dict[int, list[str]] = {}
        """Key of a shared or recursive relation → the names of its columns."""
        self.functions: list[StatementFunction] = []
        """Functions that the statement calls and that belong to it alone."""
        self.routines: dict[Routine, str] = {}
        """Names of those that are SQL routines."""
        self._scopes: list[Mapping[Symbol, Sql]] = []
        self._aliases = count(1)

    def expression(self, node: Expression) -> Sql:
        """Lower an expression in the current scopes."""
        return EXPRESSIONS[node.__class__](self, node)

    def expressions(self, nodes: tuple[Expression, ...]) -> list[Sql]:
        """Lower several."""
        return [EXPRESSIONS[node.__class__](self, node) for node in nodes]

    def relation(self, node: PlanNode) -> Block:
        """Lower a plan node."""
        lower = NODES.get(node.__class__)
        if lower is None:
            raise LodestarError(NOT_SUPPORTED, f"The kernel does not run {type(node).__name__}")
        return lower(self, node)

    def alias(self, prefix: str = "t") -> str:
        """A fresh name for a derived table."""
        return f"{prefix}{next(self._aliases)}"

    def own_symbol(self, held: Type) -> Symbol:
        """A column that no plan knows."""
        return Symbol(_OWN_IDS + next(self._aliases), held)

    @contextmanager
    def scope(self, columns: Mapping[Symbol, Sql]) -> Iterator[None]:
        """Symbols inside are found in `columns` first, then in the scopes around."""
        self._scopes.append(columns)
        try:
            yield
        finally:
            self._scopes.pop()

    def symbol(self, symbol: Symbol) -> Sql:
        """A column of the innermost scope that has it; otherwise a lambda's parameter."""
        for columns in reversed(self._scopes):
            found = columns.get(symbol)
            if found is not None:
                return found
        return sql.name(column_name(symbol))

    def start_micros(self) -> Sql:
        """The query's start in microseconds since the epoch, a BIGINT."""
        return slot(START_SLOT)

    def fail(self, code: ErrorCode, message: str | Sql, duckdb_type: str) -> Sql:
        """An expression that raises."""
        return failure(code, message, duckdb_type, inside_try=self.inside_try)
