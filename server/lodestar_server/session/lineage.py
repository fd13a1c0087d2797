"""What a statement reads, calls and writes: for its query document. Names and type texts only, so that it is small."""

from __future__ import annotations

from dataclasses import dataclass

from lodestar_server.spi.values import frozen


@frozen
class CatalogIdentity:
    """A catalog, its connector, and a hash that changes with its configuration."""

    name: str
    connector: str
    version: str


@frozen
class TableColumn:
    """A column and its type as clients see it."""

    name: str
    type: str


@frozen
class InputTable:
    """A scan: the columns that are really read."""

    catalog: CatalogIdentity
    schema: str
    table: str
    columns: tuple[TableColumn, ...]


@frozen
class ReferencedTable:
    """A table that the statement or a view in it names. `user` is who needs to have access."""

    catalog: str
    schema: str
    table: str
    user: str
    columns: tuple[str, ...]
    direct: bool


@dataclass(frozen=True, slots=True, order=True)
class SourceColumn:
    """`table` is catalog.schema.table."""

    table: str
    column: str


@frozen
class OutputTable:
    """The target; each column with those that its values are made of."""

    catalog: CatalogIdentity
    schema: str
    table: str
    columns: tuple[tuple[TableColumn, tuple[SourceColumn, ...]], ...]


@frozen
class Lineage:
    """Of one statement. `routines` are (function, user)."""

    inputs: tuple[InputTable, ...] = ()
    referenced: tuple[ReferencedTable, ...] = ()
    routines: tuple[tuple[str, str], ...] = ()
    output: OutputTable | None = None
