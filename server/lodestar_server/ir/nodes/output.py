"""The roots of a plan: rows for the client, rows for a table, rows that a connector removes as a whole."""

from __future__ import annotations

from lodestar_server.ir import Symbol
from lodestar_server.ir.nodes.base import PlanNode
from lodestar_server.ir.nodes.relational import Unary
from lodestar_server.spi.handles import CatalogTable, WriteTarget
from lodestar_server.spi.values import frozen


@frozen
class Output(Unary):
    """The result: users' names over columns of the source; a column may be repeated."""

    names: tuple[str, ...]
    columns: tuple[Symbol, ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.columns


@frozen
class TableWrite(Unary):
    """Rows of the source into a table, `columns` in the order of the target's columns; gives the row count."""

    target: WriteTarget
    columns: tuple[Symbol, ...]
    row_count: Symbol

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return (self.row_count,)


@frozen
class TableDelete(PlanNode):
    """All that the handle gives is removed by its connector; gives the row count. Nothing for the kernel to run."""

    table: CatalogTable
    row_count: Symbol

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return (self.row_count,)
