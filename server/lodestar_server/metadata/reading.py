"""The reading half of the metadata facade: names to handles, handles to facts, pushdown, splits and pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lodestar_server.metadata.base import listing
from lodestar_server.metadata.catalogs import INFORMATION_SCHEMA, SYSTEM_CATALOG, Catalog
from lodestar_server.metadata.computed import (
    ComputedPageSource,
    ComputedSplit,
    ComputedTable,
    ComputedTableHandle,
    push_filter,
)
from lodestar_server.metadata.properties import PropertyKind, list_properties
from lodestar_server.metadata.roles import MetadataRoles
from lodestar_server.metadata.transactions import CatalogTransaction
from lodestar_server.spi.connector import (
    ColumnMetadata,
    MaterializedViewDefinition,
    RelationKind,
    TableMetadata,
    TableVersion,
    ViewDefinition,
    not_supported,
)
from lodestar_server.spi.errors import (
    CATALOG_NOT_FOUND,
    GENERIC_INTERNAL_ERROR,
    PROCEDURE_NOT_FOUND,
    SCHEMA_NOT_FOUND,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable, ColumnHandle
from lodestar_server.spi.materialized_views import MaterializedViewFreshness
from lodestar_server.spi.names import QualifiedName, SchemaTableName, TablePrefix
from lodestar_server.spi.page import FileScan, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.procedures import Procedure
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.security import Principal
from lodestar_server.spi.statistics import UNKNOWN_STATISTICS, TableStatistics
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.table_functions import TableFunction, TableFunctionCall

Relation = MaterializedViewDefinition | ViewDefinition | CatalogTable


class MetadataReading(MetadataRoles):
    """Nothing here changes a catalog."""

    # catalogs
    def list_catalogs(self) -> list[str]:
        """Catalogs that the user may see, in alphabetical order."""
        return self.services.access.filter_catalogs(self.session.identity, self.services.catalogs.names())

    def find_catalog(self, name: str) -> Catalog | None:
        """The catalog, None when there is none."""
        return self.transaction.find_catalog(name)

    def require_catalog(self, name: str) -> Catalog:
        """Raises: CATALOG_NOT_FOUND."""
        return self.transaction.require_catalog(name)

    def property_metadata(self, catalog: str, kind: PropertyKind) -> Sequence[PropertyMetadata]:
        """The catalog's declared properties of a kind."""
        return list_properties(self.require_catalog(catalog).connector, kind)

    def session_property_metadata(self, catalog: str) -> Mapping[str, PropertyMetadata]:
        """The catalog's session properties by name."""
        return self.require_catalog(catalog).session_properties

    def find_procedure(self, catalog: str, schema: str, name: str) -> Procedure | None:
        """What CALL catalog.schema.name runs."""
        for procedure in self.require_catalog(catalog).connector.procedures():
            if (procedure.schema, procedure.name) == (schema, name):
                return procedure
        return None

    def require_procedure(self, catalog: str, schema: str, name: str) -> Procedure:
        """Raises: CATALOG_NOT_FOUND, PROCEDURE_NOT_FOUND."""
        procedure = self.find_procedure(catalog, schema, name)
        if procedure is None:
            raise LodestarError(PROCEDURE_NOT_FOUND, f"Procedure not registered: {schema}.{name}")
        return procedure

    # schemas
    def list_schemas(self, catalog: str) -> list[str]:
        """Schemas that the user may see, information_schema among them, in alphabetical order."""
        begun, session = self._enter(catalog)
        with listing("schemas", catalog):
            found = {*begun.metadata.list_schema_names(session), INFORMATION_SCHEMA}
        found.update(one.name.schema for one in begun.connector.system_tables())
        visible = self.services.access.filter_schemas(self.session.identity, catalog, sorted(found))
        return list(self.access(catalog).filter_schemas(visible))

    def schema_is_empty(self, catalog: str, schema: str) -> bool:
        """There is nothing in it, not even what the user may not see."""
        if schema == INFORMATION_SCHEMA:
            return False
        begun, session = self._enter(catalog)
        with listing("tables", catalog):
            return not _own_tables(begun, schema) and not begun.metadata.list_tables(session, schema)

    def schema_exists(self, catalog: str, schema: str) -> bool:
        """Whether the schema is there; false for an unknown catalog."""
        if self.find_catalog(catalog) is None:
            return False
        if schema == INFORMATION_SCHEMA:
            return True
        begun, session = self._enter(catalog)
        return _own_tables(begun, schema) != [] or begun.metadata.schema_exists(session, schema)

    def schema_properties(self, catalog: str, schema: str) -> Mapping[str, object]:
        """Decoded properties of a schema, for SHOW CREATE SCHEMA."""
        if schema == INFORMATION_SCHEMA:
            return {}
        begun, session = self._enter(catalog)
        return begun.metadata.schema_properties(session, schema)

    def schema_owner(self, catalog: str, schema: str) -> Principal | None:
        """The owning user or role, None when schemas of the catalog have none."""
        if schema == INFORMATION_SCHEMA:
            return None
        begun, session = self._enter(catalog)
        return begun.metadata.schema_owner(session, schema)

    # relations
    def list_tables(
        self, catalog: str, schema: str | None = None, table: str | None = None
    ) -> dict[SchemaTableName, RelationKind]:
        """Tables and views that the user may see: of all schemas, of one, or the one name when it is there."""
        begun, session = self._enter(catalog)
        found: dict[SchemaTableName, RelationKind] = {}
        if schema != INFORMATION_SCHEMA:
            with listing("tables", catalog):
                if schema is not None and table is not None:
                    kind = self.relation_kind(QualifiedName(catalog, schema, table))
                    if kind is not None:
                        found[SchemaTableName(schema, table)] = kind
                else:
                    found.update(begun.metadata.list_tables(session, schema))
                    found.update((one.name, RelationKind.TABLE) for one in _own_tables(begun, schema))
        if schema in (None, INFORMATION_SCHEMA):
            found.update(dict.fromkeys(self.services.information_schema, RelationKind.TABLE))
        if table is not None:
            found = {name: kind for name, kind in found.items() if name.table == table}
        return {name: found[name] for name in self._visible(catalog, found)}

    def _visible(self, catalog: str, names: Iterable[SchemaTableName]) -> Sequence[SchemaTableName]:
        """Those that the user may see."""
        visible = self.services.access.filter_tables(self.session.identity, catalog, names)
        return self.access(catalog).filter_tables(visible)

    def relation_kind(self, name: QualifiedName) -> RelationKind | None:
        """What is under the name: views before tables."""
        if self.find_materialized_view(name) is not None:
            return RelationKind.MATERIALIZED_VIEW
        if self.find_view(name) is not None:
            return RelationKind.VIEW
        return None if self._named_table(name) is None else RelationKind.TABLE

    def list_columns(
        self, catalog: str, prefix: TablePrefix
    ) -> Iterator[tuple[SchemaTableName, Sequence[ColumnMetadata]]]:
        """Columns of the tables and views under the prefix that the user may see, hidden columns left out."""
        identity, access = self.session.identity, self.services.access
        own = self.access(catalog) if self.require_catalog(catalog).connector.controls_access else None
        for name, columns in self._columns(catalog, prefix):
            if self._visible(catalog, [name]):
                shown = [column for column in columns if not column.hidden]
                visible = access.filter_columns(identity, QualifiedName(catalog, name.schema, name.table), shown)
                if own is not None:
                    allowed = set(own.filter_columns(name, [column.name for column in visible]))
                    visible = [column for column in visible if column.name in allowed]
                yield name, visible

    def _columns(self, catalog: str, prefix: TablePrefix) -> Iterator[tuple[SchemaTableName, Sequence[ColumnMetadata]]]:
        begun, session = self._enter(catalog)
        if prefix.schema in (None, INFORMATION_SCHEMA):
            for name, table in self.services.information_schema.items():
                if prefix.matches(name):
                    yield name, table.columns
            if prefix.schema == INFORMATION_SCHEMA:
                return
        if catalog == SYSTEM_CATALOG:
            for name, table in self.services.system_tables.items():
                if prefix.matches(name):
                    yield name, table.columns
            return
        if prefix.schema is not None and prefix.table is not None:
            columns = self.relation_columns(QualifiedName(catalog, prefix.schema, prefix.table))
            if columns is not None:
                yield SchemaTableName(prefix.schema, prefix.table), columns
            return
        for own in _own_tables(begun, prefix.schema):
            if prefix.matches(own.name):
                yield own.name, own.columns
        with listing("table columns", catalog):
            yield from begun.metadata.list_table_columns(session, prefix)
            for name, kind in begun.metadata.list_tables(session, prefix.schema).items():
                if kind is not RelationKind.TABLE and prefix.matches(name):
                    columns = self.relation_columns(QualifiedName(catalog, name.schema, name.table))
                    if columns is not None:
                        yield name, columns

    def relation_columns(self, name: QualifiedName) -> Sequence[ColumnMetadata] | None:
        """Columns of a table or view, None when there is none."""
        view = self.find_materialized_view(name) or self.find_view(name)
        if view is not None:
            return [ColumnMetadata(column.name.lower(), column.type, comment=column.comment) for column in view.columns]
        table = self._named_table(name)
        return None if table is None else self.table_metadata(table).columns

    def table_comments(self, catalog: str, prefix: TablePrefix) -> Iterator[tuple[SchemaTableName, str | None]]:
        """Comments of tables and views under the prefix that the user may see."""
        for name, comment in self._comments(catalog, prefix):
            if self._visible(catalog, [name]):
                yield name, comment

    def _comments(self, catalog: str, prefix: TablePrefix) -> Iterator[tuple[SchemaTableName, str | None]]:
        begun, session = self._enter(catalog)
        engine = self._engine_tables(catalog)
        for name in engine:
            if prefix.matches(name):
                yield name, None
        if catalog != SYSTEM_CATALOG and prefix.schema != INFORMATION_SCHEMA:
            for own in _own_tables(begun, prefix.schema):
                if prefix.matches(own.name):
                    yield own.name, None
            with listing("table comments", catalog):
                yield from begun.metadata.table_comments(session, prefix)

    def find_view(self, name: QualifiedName) -> ViewDefinition | None:
        """The view, None when the name is no view or the catalog is unknown."""
        if self.find_catalog(name.catalog) is None or self._computed_only(name):
            return None
        begun, session = self._enter(name.catalog)
        return begun.metadata.find_view(session, name.schema_table)

    def find_materialized_view(self, name: QualifiedName) -> MaterializedViewDefinition | None:
        """The materialized view, None when the name is none or the catalog is unknown."""
        if self.find_catalog(name.catalog) is None or self._computed_only(name):
            return None
        begun, session = self._enter(name.catalog)
        return begun.metadata.find_materialized_view(session, name.schema_table)

    def materialized_view_freshness(self, name: QualifiedName) -> MaterializedViewFreshness:
        """How fresh the stored rows of a materialized view are."""
        begun, session = self._enter(name.catalog)
        return begun.metadata.materialized_view_freshness(session, name.schema_table)

    def find_table(self, name: QualifiedName, version: TableVersion | None = None) -> CatalogTable | None:
        """The table, None when there is none (or it is a view, or the catalog is unknown).

        Raises: GENERIC_INTERNAL_ERROR for a table that the catalog `system` does not have.
        """
        if self.find_catalog(name.catalog) is None:
            return None
        if self._computed(name) is not None:
            if version is not None:
                not_supported("This connector does not support versioned tables")
            return CatalogTable(name.catalog, name.schema_table, ComputedTableHandle(name.schema_table))
        if name.schema == INFORMATION_SCHEMA:
            return None
        if name.catalog == SYSTEM_CATALOG:
            # That connector was never made to be asked for a table that it does not have.
            raise LodestarError(GENERIC_INTERNAL_ERROR, "ConnectorMetadata getTableHandle() is not implemented")
        begun, session = self._enter(name.catalog)
        handle = begun.metadata.find_table(session, name.schema_table, version)
        return None if handle is None else CatalogTable(name.catalog, name.schema_table, handle)

    def _named_table(self, name: QualifiedName) -> CatalogTable | None:
        """`find_table` of a name that a listing was asked for: none is no error."""
        return None if self._computed_only(name) and self._computed(name) is None else self.find_table(name)

    def find_relation(self, name: QualifiedName, version: TableVersion | None = None) -> Relation | None:
        """Whatever the name is in a FROM clause: materialized view, view, table, in this order."""
        return self.find_materialized_view(name) or self.find_view(name) or self.find_table(name, version)

    def require_table(self, name: QualifiedName, version: TableVersion | None = None) -> CatalogTable:
        """Raises: CATALOG_NOT_FOUND, SCHEMA_NOT_FOUND, TABLE_NOT_FOUND; the caller adds the position."""
        table = self.find_table(name, version)
        if table is None:
            raise self.missing_table(name)
        return table

    def missing_table(self, name: QualifiedName) -> LodestarError:
        """The error of a name in FROM, DESCRIBE and the like that is no relation: the first part that is missing."""
        if self.find_catalog(name.catalog) is None:
            return LodestarError(CATALOG_NOT_FOUND, f"Catalog '{name.catalog}' not found")
        if not self.schema_exists(name.catalog, name.schema):
            return LodestarError(SCHEMA_NOT_FOUND, f"Schema '{name.schema}' does not exist")
        return LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist")

    # table functions
    def find_table_function(self, catalog: str, schema: str, name: str) -> TableFunction | None:
        """The function of the catalog, None when there is none or the catalog is unknown."""
        if self.find_catalog(catalog) is None:
            return None
        functions = self.require_catalog(catalog).connector.table_functions()
        return next((one for one in functions if (one.schema, one.name) == (schema, name)), None)

    def call_table_function(
        self, catalog: str, function: TableFunction, arguments: Mapping[str, object]
    ) -> TableFunctionCall:
        """The scan that a call is."""
        begun, session = self._enter(catalog)
        return begun.metadata.call_table_function(session, function, arguments)

    # a table
    def table_metadata(self, table: CatalogTable) -> TableMetadata:
        """Its definition, hidden columns included."""
        computed = self._computed_of(table)
        if computed is not None:
            return TableMetadata(table.name, computed.columns)
        begun, session = self._enter(table.catalog)
        return begun.metadata.table_metadata(session, table.handle)

    def column_handles(self, table: CatalogTable) -> Mapping[str, ColumnHandle]:
        """Column name → handle, in order, hidden columns included."""
        computed = self._computed_of(table)
        if computed is not None:
            return computed.handles
        begun, session = self._enter(table.catalog)
        return begun.metadata.column_handles(session, table.handle)

    def statistics(self, table: CatalogTable) -> TableStatistics:
        """Figures of the rows that the handle gives."""
        if isinstance(table.handle, ComputedTableHandle):
            return UNKNOWN_STATISTICS
        begun, session = self._enter(table.catalog)
        return begun.metadata.statistics(session, table.handle)

    def table_info(self, table: CatalogTable) -> Mapping[str, str]:
        """What EXPLAIN shows of the handle."""
        if isinstance(table.handle, ComputedTableHandle):
            return {}
        begun, _ = self._enter(table.catalog)
        return begun.metadata.table_info(table.handle)

    # pushdown
    def apply_filter(self, table: CatalogTable, predicate: TupleDomain) -> tuple[CatalogTable, TupleDomain] | None:
        """The table with a part of the predicate taken over, and what the engine still has to check."""
        if isinstance(table.handle, ComputedTableHandle):
            pushed = push_filter(table.handle, predicate)
            return None if pushed is None else (CatalogTable(table.catalog, table.name, pushed[0]), pushed[1])
        begun, session = self._enter(table.catalog)
        result = begun.metadata.apply_filter(session, table.handle, predicate)
        return None if result is None else (CatalogTable(table.catalog, table.name, result.handle), result.remaining)

    def apply_limit(self, table: CatalogTable, limit: int) -> tuple[CatalogTable, bool] | None:
        """The table with the limit taken over, and whether it is guaranteed."""
        if isinstance(table.handle, ComputedTableHandle):
            return None
        begun, session = self._enter(table.catalog)
        result = begun.metadata.apply_limit(session, table.handle, limit)
        return None if result is None else (CatalogTable(table.catalog, table.name, result.handle), result.guaranteed)

    # rows
    def splits(
        self, table: CatalogTable, columns: Sequence[ColumnHandle], predicate: TupleDomain | None = None
    ) -> Iterable[Split]:
        """The table's pieces, lazily; `predicate` is a hint to prune."""
        if isinstance(table.handle, ComputedTableHandle):
            return (ComputedSplit(),)
        begun, session = self._enter(table.catalog)
        hint = TupleDomain.all() if predicate is None else predicate
        return begun.connector.splits(begun.handle, session, table.handle, columns, hint)

    def read(
        self, table: CatalogTable, columns: Sequence[ColumnHandle], splits: Sequence[Split]
    ) -> PageSource | Sequence[FileScan]:
        """How to read some splits: pages to pull, or files for the kernel to read."""
        computed = self._computed_of(table)
        if computed is not None:
            assert isinstance(table.handle, ComputedTableHandle)
            return ComputedPageSource(computed, table.handle, columns)
        begun, session = self._enter(table.catalog)
        return begun.connector.read(begun.handle, session, table.handle, columns, splits)

    # computed tables
    def _engine_tables(self, catalog: str) -> Iterable[SchemaTableName]:
        yield from self.services.information_schema
        if catalog == SYSTEM_CATALOG:
            yield from self.services.system_tables

    def _computed_only(self, name: QualifiedName) -> bool:
        """The connector is never asked for this name."""
        return name.schema == INFORMATION_SCHEMA or name.catalog == SYSTEM_CATALOG

    def _computed_of(self, table: CatalogTable) -> ComputedTable | None:
        if not isinstance(table.handle, ComputedTableHandle):
            return None
        name = QualifiedName(table.catalog, table.name.schema, table.name.table)
        computed = self._computed(name)
        if computed is None:
            raise self.missing_table(name)
        return computed

    def _computed(self, name: QualifiedName) -> ComputedTable | None:
        key = name.schema_table
        tables = self.services.information_schema
        if name.schema != INFORMATION_SCHEMA and name.catalog == SYSTEM_CATALOG:
            tables = self.services.system_tables
        engine = tables.get(key)
        if engine is not None:
            return ComputedTable(engine.columns, lambda constraint: engine.rows(self, name.catalog, constraint))
        if self._computed_only(name):
            return None
        begun, session = self._enter(name.catalog)
        found = begun.metadata.find_system_table(session, key)
        if found is None:
            found = next((one for one in begun.connector.system_tables() if one.name == key), None)
        if found is None:
            return None
        system = found
        return ComputedTable(system.columns, lambda constraint: system.rows(session, dict(constraint)))


def _own_tables(begun: CatalogTransaction, schema: str | None) -> list[SystemTable]:
    """Tables that the connector computes, of one schema or of all."""
    return [one for one in begun.connector.system_tables() if schema in (None, one.name.schema)]
