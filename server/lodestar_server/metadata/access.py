"""The seams to access control.

`AccessFilter` is the server's own: what a user may see in listings of all catalogs; the default allows all. What a
catalog decides itself is `spi.security.ConnectorAccessControl`, asked after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.session import Identity
from lodestar_server.spi.values import frozen


@frozen
class Reader:
    """For whom a query or a view in it reads. `hands_on`: the owner of a view, read by somebody else."""

    user: str
    hands_on: bool = False


class AccessFilter(Protocol):
    """Each method answers the part that `identity` may see, in the order given."""

    def filter_catalogs(self, identity: Identity, catalogs: Iterable[str]) -> list[str]:
        """Catalog names."""
        ...

    def filter_schemas(self, identity: Identity, catalog: str, schemas: Iterable[str]) -> list[str]:
        """Schema names."""
        ...

    def filter_tables(
        self, identity: Identity, catalog: str, tables: Iterable[SchemaTableName]
    ) -> list[SchemaTableName]:
        """Names of tables and views."""
        ...

    def filter_columns(
        self, identity: Identity, table: QualifiedName, columns: Sequence[ColumnMetadata]
    ) -> Sequence[ColumnMetadata]:
        """Columns of one table."""
        ...


class AllowAll:
    """Everybody sees everything."""

    def filter_catalogs(self, identity: Identity, catalogs: Iterable[str]) -> list[str]:
        """All."""
        return list(catalogs)

    def filter_schemas(self, identity: Identity, catalog: str, schemas: Iterable[str]) -> list[str]:
        """All."""
        return list(schemas)

    def filter_tables(
        self, identity: Identity, catalog: str, tables: Iterable[SchemaTableName]
    ) -> list[SchemaTableName]:
        """All."""
        return list(tables)

    def filter_columns(
        self, identity: Identity, table: QualifiedName, columns: Sequence[ColumnMetadata]
    ) -> Sequence[ColumnMetadata]:
        """All."""
        return columns
