"""information_schema, in every catalog."""

from lodestar_server.metadata.information_schema.privileges import (
    ApplicableRolesTable,
    EnabledRolesTable,
    RolesTable,
    TablePrivilegesTable,
)
from lodestar_server.metadata.information_schema.relations import (
    ColumnsTable,
    SchemataTable,
    TablesTable,
    ViewsTable,
)

INFORMATION_SCHEMA_TABLES = (
    ColumnsTable(),
    TablesTable(),
    ViewsTable(),
    SchemataTable(),
    TablePrivilegesTable(),
    RolesTable(),
    ApplicableRolesTable(),
    EnabledRolesTable(),
)

__all__ = ["INFORMATION_SCHEMA_TABLES"]
