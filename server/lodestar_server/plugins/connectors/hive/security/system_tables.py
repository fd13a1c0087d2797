"""`"t$partitions"` and `"t$properties"` may be seen and read by whoever may see and read t.

Source: Trino's SystemTableAwareAccessControl.
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.plugins.connectors.hive.security.sql_standard import SqlStandardAccessControl
from lodestar_server.plugins.connectors.hive.system_tables import PARTITIONS, PROPERTIES
from lodestar_server.plugins.toolkit.security.file_rules import FileAccessControl
from lodestar_server.spi.errors import PERMISSION_DENIED, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import ConnectorAccessControl


class _SystemTables(ConnectorAccessControl):
    """Stands before the access control that decides."""

    def filter_tables(self, tables: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        seen = frozenset(super().filter_tables(list(dict.fromkeys(_source(table) for table in tables))))
        return [table for table in tables if _source(table) in seen]

    def check_can_show_columns(self, table: SchemaTableName) -> None:
        try:
            super().check_can_show_columns(_source(table))
        except LodestarError as error:
            if error.code is not PERMISSION_DENIED or _source(table) == table:
                raise
            self.deny(f"Cannot show columns of table {table}")

    def filter_columns(self, table: SchemaTableName, columns: Sequence[str]) -> Sequence[str]:
        return super().filter_columns(_source(table), columns)

    def check_can_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        try:
            super().check_can_select_from_columns(_source(table), columns)
        except LodestarError as error:
            if error.code is not PERMISSION_DENIED or _source(table) == table:
                raise
            self.deny(f"Cannot select from table {table}")


class HiveSqlStandard(_SystemTables, SqlStandardAccessControl):
    """hive.security=sql-standard."""


class HiveFileRules(_SystemTables, FileAccessControl):
    """hive.security=file."""


def _source(table: SchemaTableName) -> SchemaTableName:
    for suffix in (PARTITIONS, PROPERTIES):
        if table.table.endswith(suffix) and table.table != suffix:
            return SchemaTableName(table.schema, table.table.removesuffix(suffix))
    return table
