"""All tables of the `system` catalog."""

from lodestar_server.metadata.computed import EngineTable
from lodestar_server.metadata.system_catalog.jdbc_empty import EMPTY_TABLES
from lodestar_server.metadata.system_catalog.jdbc_relations import (
    JdbcCatalogsTable,
    JdbcColumnsTable,
    JdbcSchemasTable,
    JdbcTablesTable,
    JdbcTableTypesTable,
)
from lodestar_server.metadata.system_catalog.jdbc_types import JdbcTypesTable
from lodestar_server.metadata.system_catalog.properties import PROPERTY_TABLES
from lodestar_server.metadata.system_catalog.relations import CatalogsTable, MaterializedViewsTable, TableCommentsTable
from lodestar_server.metadata.system_catalog.runtime import (
    NodesTable,
    QueriesTable,
    RuleStatsTable,
    TasksTable,
    TransactionsTable,
)

SYSTEM_TABLES: tuple[EngineTable, ...] = (
    JdbcCatalogsTable(),
    JdbcSchemasTable(),
    JdbcTablesTable(),
    JdbcTableTypesTable(),
    JdbcColumnsTable(),
    JdbcTypesTable(),
    *EMPTY_TABLES,
    CatalogsTable(),
    TableCommentsTable(),
    MaterializedViewsTable(),
    *PROPERTY_TABLES,
    NodesTable(),
    QueriesTable(),
    TasksTable(),
    TransactionsTable(),
    RuleStatsTable(),
)
