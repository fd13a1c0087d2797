"""Nodes without sources: table scans, VALUES, references to a shared WITH query, table functions of connectors."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from lodestar_server.ir import Expression, Symbol
from lodestar_server.ir.nodes.base import PlanNode
from lodestar_server.spi.handles import CatalogTable, ColumnHandle
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.values import frozen


@frozen
class TableScan(PlanNode):
    """Columns of a table. `table.handle` carries what the connector took over (predicate, limit, projection …).

    `enforced` is the part of the query's predicate that the connector guarantees; EXPLAIN prints it. `function`: the
    table function whose rows are scanned, empty for a table's own rows.
    """

    table: CatalogTable
    columns: tuple[tuple[Symbol, ColumnHandle], ...]
    enforced: TupleDomain = field(default_factory=TupleDomain.all)
    function: str = ""

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return tuple(symbol for symbol, _ in self.columns)


@frozen
class Values(PlanNode):
    """Literal rows, one expression per symbol each. Without symbols: n empty rows (SELECT without FROM)."""

    symbols: tuple[Symbol, ...]
    rows: tuple[tuple[Expression, ...], ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.symbols


@frozen
class SharedScan(PlanNode):
    """Reads the shared relation `key` of the plan around it (`Shared`), under symbols of its own, by position."""

    key: int
    symbols: tuple[Symbol, ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.symbols


@frozen
class TableFunctionScan(PlanNode):
    """A table function without table arguments, a built-in of the kernel."""

    name: str
    arguments: tuple[tuple[str, Any], ...]
    symbols: tuple[Symbol, ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.symbols


@frozen
class RecursiveScan(PlanNode):
    """Inside the step of a `RecursiveUnion`: the rows of the step before, by position."""

    key: int
    symbols: tuple[Symbol, ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.symbols
