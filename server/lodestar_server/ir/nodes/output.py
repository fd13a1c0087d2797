"""The roots of a plan: rows for the client, rows for a table."""

from __future__ import annotations

from dataclasses import dataclass

from lodestar_server.ir import Symbol
from lodestar_server.ir.nodes.relational import Unary
from lodestar_server.spi.handles import WriteTarget


@dataclass(frozen=True, slots=True)
class Output(Unary):
    """The result: users' names over columns of the source; a column may be repeated."""

    names: tuple[str, ...]
    columns: tuple[Symbol, ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.columns


@dataclass(frozen=True, slots=True)
class TableWrite(Unary):
    """Rows of the source into a table, `columns` in the order of the target's columns; gives the row count."""

    target: WriteTarget
    columns: tuple[Symbol, ...]
    row_count: Symbol

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return (self.row_count,)
