"""`"t$partitions"` and `"t$properties"`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lodestar_server.plugins.connectors.hive.definitions import partition_handles
from lodestar_server.plugins.connectors.hive.handles import HiveColumnHandle
from lodestar_server.plugins.connectors.hive.listing import typed_partitions
from lodestar_server.plugins.connectors.hive.session import timestamp_precision
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.errors import NOT_FOUND, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.types import VARCHAR

PARTITIONS = "$partitions"
PROPERTIES = "$properties"


class PartitionsTable(SystemTable):
    """A row per partition with its values."""

    def __init__(
        self,
        name: SchemaTableName,
        table: Table,
        transaction: HiveTransaction,
        handles: tuple[HiveColumnHandle, ...],
    ) -> None:
        self.name = name
        self.columns = tuple(ColumnMetadata(handle.name, handle.type) for handle in handles)
        self._table = table
        self._transaction = transaction
        self._handles = handles

    def rows(self, session: ConnectorSession, constraint: dict[str, Domain]) -> Iterable[Sequence[Any]]:
        """Only partitions that the constraint allows are looked at."""
        wanted = TupleDomain.of(
            {handle: constraint[handle.name] for handle in self._handles if handle.name in constraint}
        )
        for _, typed in typed_partitions(self._transaction, self._table, self._handles, wanted):
            yield typed


class PropertiesTable(SystemTable):
    """One row with the table's parameters as they are in the metastore."""

    def __init__(self, name: SchemaTableName, table: Table) -> None:
        self.name = name
        self._parameters = sorted(table.parameters.items())
        self.columns = tuple(ColumnMetadata(key.lower(), VARCHAR) for key, _ in self._parameters)

    def rows(self, session: ConnectorSession, constraint: dict[str, Domain]) -> Iterable[Sequence[Any]]:
        """The values."""
        return ([value for _, value in self._parameters],)


def find_system_table(
    transaction: HiveTransaction, session: ConnectorSession, name: SchemaTableName
) -> SystemTable | None:
    """Raises: NOT_FOUND for the properties of a table that is not there."""
    base, mark, kind = name.table.rpartition("$")
    if not mark or mark + kind not in (PARTITIONS, PROPERTIES):
        return None
    table = transaction.find_table(SchemaTableName(name.schema, base))
    if mark + kind == PROPERTIES:
        if table is None:
            raise LodestarError(NOT_FOUND, f"Table '{name}' not found")
        return None if table.is_view else PropertiesTable(name, table)
    if table is None or not table.partition_columns:
        return None
    return PartitionsTable(name, table, transaction, partition_handles(table, timestamp_precision(session)))
