"""Names, facts and changes of a hive catalog inside one transaction."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.hive.config import HiveConfig
from lodestar_server.plugins.connectors.hive.definitions import (
    COMMENT,
    Definition,
    hive_column,
)
from lodestar_server.plugins.connectors.hive.foreign import check_own_format, other_format
from lodestar_server.plugins.connectors.hive.handles import ColumnKind, HiveColumnHandle, HiveTableHandle
from lodestar_server.plugins.connectors.hive.hive_views import hive_view, is_hive_view
from lodestar_server.plugins.connectors.hive.listing import find_partitions, layout_of, typed_partitions
from lodestar_server.plugins.connectors.hive.security.metadata import HiveRoleMetadata
from lodestar_server.plugins.connectors.hive.session import flag, timestamp_precision
from lodestar_server.plugins.connectors.hive.statistics import partitioned_statistics, table_statistics
from lodestar_server.plugins.connectors.hive.system_tables import find_system_table
from lodestar_server.plugins.connectors.hive.table_properties import LOCATION
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction
from lodestar_server.plugins.connectors.hive.writing import AVRO_SCHEMAS, HiveWriting
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, split_location
from lodestar_server.plugins.toolkit.metastore.model import Database, Table
from lodestar_server.plugins.toolkit.metastore.views import decode_view, is_materialized, is_trino_view, view_table
from lodestar_server.spi.connector import (
    ColumnMetadata,
    FilterResult,
    LanguageFunction,
    RelationKind,
    TableMetadata,
    TableVersion,
    ViewDefinition,
    not_supported,
)
from lodestar_server.spi.errors import (
    INVALID_SCHEMA_PROPERTY,
    NOT_FOUND,
    SCHEMA_NOT_EMPTY,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName, TablePrefix
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.security import Principal
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.statistics import UNKNOWN_STATISTICS, TableStatistics
from lodestar_server.spi.system_tables import SystemTable


class HiveMetadata(HiveRoleMetadata, HiveWriting):
    """Changes wait for the commit; this transaction sees them before. Writing rows is in `writing.py`."""

    def __init__(
        self, transaction: HiveTransaction, files: FileSystem, config: HiveConfig, catalog: str = "hive"
    ) -> None:
        super().__init__(transaction, files, config)
        self._catalog = catalog

    # schemas
    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """All databases."""
        return self._transaction.list_databases()

    def schema_exists(self, session: ConnectorSession, schema: str) -> bool:
        """Looked up by name."""
        return self._transaction.find_database(schema) is not None

    def _database(self, schema: str) -> Database:
        database = self._transaction.find_database(schema)
        if database is None:
            raise LodestarError(NOT_FOUND, f"Schema {schema} not found")
        return database

    def schema_properties(self, session: ConnectorSession, schema: str) -> Mapping[str, Any]:
        """Its location."""
        return {LOCATION: self._schema_location(self._database(schema))}

    def _schema_location(self, database: Database) -> str:
        if database.location:
            return database.location
        inside = self._transaction.metastore.table_directory(SchemaTableName(database.name, "t"))
        return inside.rpartition("/")[0]

    def schema_owner(self, session: ConnectorSession, schema: str) -> Principal | None:
        """Without sql-standard nobody: owners are recorded, but the catalog gives them no rights."""
        return self._database(schema).owner_principal if self._config.keeps_roles else None

    def create_schema(self, session: ConnectorSession, schema: str, properties: Mapping[str, Any], owner: str) -> None:
        """Raises: INVALID_SCHEMA_PROPERTY for a location that is none."""
        location = properties.get(LOCATION)
        if location is not None and not self._is_location(location):
            raise LodestarError(INVALID_SCHEMA_PROPERTY, f"Invalid location URI: {location}")
        database = Database(schema, location, owner, None, {"trino_query_id": session.query_id})
        self._transaction.metastore.check_schema_name(schema)
        self._transaction.see_database(schema, database)
        self._transaction.add(lambda: self._transaction.metastore.create_database(database))

    def _is_location(self, location: str) -> bool:
        try:
            split_location(location)
            self._files.local_path(location)
        except (ValueError, LodestarError):
            return False
        return True

    def drop_schema(self, session: ConnectorSession, schema: str, cascade: bool) -> None:
        """With cascade its tables and views go first. Raises: SCHEMA_NOT_EMPTY."""
        self._database(schema)
        tables = self._transaction.list_tables(schema)
        if tables and not cascade:
            raise LodestarError(SCHEMA_NOT_EMPTY, f"Schema not empty: {schema}")
        for table in tables:
            self._drop(SchemaTableName(schema, table))
        self._transaction.see_database(schema, None)
        self._transaction.add(lambda: self._transaction.metastore.drop_database(schema))

    def rename_schema(self, session: ConnectorSession, schema: str, new_name: str) -> None:
        """Everything in it moves along."""
        database = self._database(schema)
        self._transaction.see_database(schema, None)
        self._transaction.see_database(new_name, replace(database, name=new_name))
        self._transaction.add(lambda: self._transaction.metastore.rename_database(schema, new_name))

    def set_schema_owner(self, session: ConnectorSession, schema: str, owner: Principal) -> None:
        """ALTER SCHEMA … SET AUTHORIZATION."""
        database = replace(self._database(schema), owner=owner.name, owner_kind=owner.kind)
        self._transaction.see_database(schema, database)
        self._transaction.add(lambda: self._transaction.metastore.replace_database(database))

    # tables: reading
    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Tables and views; a document that cannot be read counts as a table."""
        schemas = self._transaction.list_databases() if schema is None else [schema]
        found = {}
        for one in schemas:
            for table in self._transaction.list_tables(one):
                name = SchemaTableName(one, table)
                found[name] = RelationKind.VIEW if self._is_view(name) else RelationKind.TABLE
        return found

    def _is_view(self, name: SchemaTableName) -> bool:
        try:
            table = self._transaction.find_table(name)
        except LodestarError:
            return False
        return table is not None and table.is_view

    def list_table_columns(
        self, session: ConnectorSession, prefix: TablePrefix
    ) -> Iterator[tuple[SchemaTableName, Sequence[ColumnMetadata]]]:
        """Tables under the prefix; one that cannot be read is left out."""
        for name, kind in self.list_tables(session, prefix.schema).items():
            if kind is RelationKind.TABLE and prefix.matches(name):
                try:
                    table = self._transaction.find_table(name)
                    if table is not None and other_format(table) is None:
                        yield name, self._definition(session, table).metadata.columns
                except LodestarError:
                    continue

    def table_comments(
        self, session: ConnectorSession, prefix: TablePrefix
    ) -> Iterator[tuple[SchemaTableName, str | None]]:
        """Comments of tables and views."""
        for name, kind in self.list_tables(session, prefix.schema).items():
            if not prefix.matches(name):
                continue
            try:
                if kind is RelationKind.VIEW:
                    view = self.find_view(session, name)
                    yield name, None if view is None else view.comment
                else:
                    table = self._transaction.find_table(name)
                    yield name, None if table is None else table.parameters.get(COMMENT)
            except LodestarError:
                continue

    def find_system_table(self, session: ConnectorSession, name: SchemaTableName) -> SystemTable | None:
        """`$partitions` and `$properties`."""
        return find_system_table(self._transaction, session, name)

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """The table as this transaction sees it. Raises: UNSUPPORTED_TABLE_TYPE for one of another format."""
        if version is not None:
            not_supported("This connector does not support versioned tables")
        table = self._transaction.find_table(name)
        if table is None or table.is_view:
            return None
        check_own_format(table)
        return HiveTableHandle(name, self._definition(session, table).partition_keys)

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """With hidden columns."""
        return self._definition(session, self._table(table)).metadata

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """With hidden columns."""
        return self._definition(session, self._table(table)).columns

    def _definition(self, session: ConnectorSession, table: Table) -> Definition:
        return self._transaction.definition_of(table, timestamp_precision(session))

    def statistics(self, session: ConnectorSession, table: TableHandle) -> TableStatistics:
        """From the metastore's figures; of partitions a sample."""
        if not flag(session, "statistics_enabled"):
            return UNKNOWN_STATISTICS
        found = self._table(table)
        assert isinstance(table, HiveTableHandle)
        columns = [
            handle
            for handle in self._definition(session, found).columns.values()
            if handle.kind is not ColumnKind.HIDDEN
        ]
        if not found.partition_columns:
            return table_statistics(self._transaction.metastore.with_figures(found), columns)
        partitions = typed_partitions(self._transaction, found, table.partition_columns, table.constraint)
        size = session.properties["partition_statistics_sample_size"]
        chosen = partitions
        if len(partitions) > size:
            chosen = random.Random(str(found.name)).sample(partitions, size)
        values = [values for values, _ in chosen]
        known = find_partitions(self._transaction, found, table.partition_columns, values, with_figures=True)
        sample = [(typed, known[values]) for values, typed in chosen if values in known]
        return partitioned_statistics(columns, [typed for _, typed in partitions], sample)

    def table_info(self, table: TableHandle) -> Mapping[str, str]:
        """Nothing beyond the enforced predicate."""
        return {}

    def apply_filter(
        self, session: ConnectorSession, table: TableHandle, predicate: TupleDomain
    ) -> FilterResult | None:
        """Partition columns are taken over; the rest is left to the reader and the engine."""
        assert isinstance(table, HiveTableHandle)
        if predicate.is_none:
            return None
        keys = set(table.partition_columns)
        taken = predicate.filter(lambda column, _: column in keys)
        rest = predicate.filter(lambda column, _: column not in keys)
        constraint = table.constraint.intersect(taken)
        hint = table.hint.intersect(
            rest.filter(lambda column, _: isinstance(column, HiveColumnHandle) and column.kind is ColumnKind.DATA)
        )
        if (constraint, hint) == (table.constraint, table.hint):
            return None
        return FilterResult(replace(table, constraint=constraint, hint=hint), rest)

    # tables: changing
    def drop_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """Files of a managed table go, those of an external one stay."""
        self._drop(self._table(table).name)

    def _drop(self, name: SchemaTableName) -> None:
        self._transaction.see_table(name, None)
        self._transaction.add(lambda: self._transaction.metastore.drop_table(name))

    def rename_table(self, session: ConnectorSession, table: TableHandle, new_name: SchemaTableName) -> None:
        """Files of a managed table move along. Raises: NOT_FOUND without the schema."""
        self._rename(self._table(table), new_name)

    def _rename(self, table: Table, new_name: SchemaTableName) -> None:
        self._check_schema(new_name.schema)
        metastore = self._transaction.metastore
        directory = metastore.table_directory(new_name)
        moved = table.location == metastore.table_directory(table.name)
        self._transaction.see_table(table.name, None)
        self._transaction.see_table(
            new_name, replace(table, name=new_name, location=directory if moved else table.location)
        )
        self._transaction.add(lambda: metastore.rename_table(table.name, new_name))

    def set_table_comment(self, session: ConnectorSession, table: TableHandle, comment: str | None) -> None:
        """COMMENT ON TABLE."""

        def change(found: Table) -> Table:
            parameters = {key: value for key, value in found.parameters.items() if key != COMMENT}
            if comment is not None:
                parameters[COMMENT] = comment
            return replace(found, parameters=parameters)

        self._alter(table, change)

    def set_column_comment(
        self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN."""
        assert isinstance(column, HiveColumnHandle)

        def change(found: Table) -> Table:
            def comments(columns: Sequence[Any]) -> tuple[Any, ...]:
                return tuple(replace(one, comment=comment) if one.name == column.name else one for one in columns)

            return replace(found, columns=comments(found.columns), partition_columns=comments(found.partition_columns))

        self._alter(table, change)

    def add_column(self, session: ConnectorSession, table: TableHandle, column: ColumnMetadata) -> None:
        """Before the partition columns."""
        self._check_no_avro_schema(table)
        made = hive_column(column)
        self._alter(table, lambda found: replace(found, columns=(*found.columns, made)))

    def drop_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle) -> None:
        """Raises: NOT_SUPPORTED for a partition column and for the last one."""
        self._check_no_avro_schema(table)
        assert isinstance(column, HiveColumnHandle)
        if column.kind is ColumnKind.PARTITION_KEY:
            not_supported("Cannot drop partition columns")
        if len(self._table(table).columns) <= 1:
            not_supported("Cannot drop the only non-partition column in a table")
        self._alter(
            table,
            lambda found: replace(
                found,
                columns=tuple(one for one in found.columns if one.name != column.name),
                statistics={name: figures for name, figures in found.statistics.items() if name != column.name},
            ),
        )

    def rename_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, name: str) -> None:
        """Files that are there still have the old name. Raises: NOT_SUPPORTED for a partition column."""
        self._check_no_avro_schema(table)
        assert isinstance(column, HiveColumnHandle)
        if column.kind is ColumnKind.PARTITION_KEY:
            not_supported("Renaming partition columns is not supported")
        self._alter(
            table,
            lambda found: replace(
                found,
                columns=tuple(replace(one, name=name) if one.name == column.name else one for one in found.columns),
                statistics={name if old == column.name else old: figures for old, figures in found.statistics.items()},
            ),
        )

    def _check_no_avro_schema(self, table: TableHandle) -> None:
        parameters = layout_of(self._table(table)).properties
        for parameter, words in AVRO_SCHEMAS.items():
            if any(name == parameter for name, _ in parameters):
                not_supported(f"ALTER TABLE not supported when Avro schema {words} is set")

    def set_table_owner(self, session: ConnectorSession, name: SchemaTableName, owner: str) -> None:
        """ALTER TABLE … SET AUTHORIZATION."""
        self._alter_named(name, lambda found: replace(found, owner=owner))

    def _alter(self, table: TableHandle, change: Callable[[Table], Table]) -> None:
        self._alter_named(self._table(table).name, change)

    def _alter_named(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        found = self._transaction.find_table(name)
        if found is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
        self._transaction.see_table(name, change(found))
        self._transaction.add(lambda: self._transaction.metastore.alter_table(name, change))

    # views
    def find_view(self, session: ConnectorSession, name: SchemaTableName) -> ViewDefinition | None:
        """Trino's views; Hive's own where they are enabled. Raises: NOT_SUPPORTED, HIVE_VIEW_TRANSLATION_ERROR."""
        table = self._transaction.find_table(name)
        if table is None or not table.is_view or is_materialized(table):
            return None
        if self._config.hive_views and is_hive_view(table):
            return hive_view(
                table,
                self._catalog,
                legacy=flag(session, "hive_views_legacy_translation"),
                as_invoker=self._config.hive_views_as_invoker,
                precision=timestamp_precision(session),
            )
        return decode_view(table)

    def _view(self, name: SchemaTableName) -> Table:
        table = self._transaction.find_table(name)
        if table is None or not is_trino_view(table):
            raise LodestarError(NOT_FOUND, f"View '{name}' not found")
        return table

    def create_view(
        self, session: ConnectorSession, name: SchemaTableName, view: ViewDefinition, replace: bool
    ) -> None:
        """CREATE [OR REPLACE] VIEW."""
        self._check_schema(name.schema)
        made = view_table(name, view, session.user, session.query_id)
        made = self._with_location(made)
        old = self._transaction.find_table(name)
        self._transaction.see_table(name, made)
        if old is not None and old.is_view and replace:
            self._transaction.add(lambda: self._transaction.metastore.replace_view(made))
        else:
            self._transaction.add(lambda: self._transaction.metastore.create_table(made, None, session.user))

    def _with_location(self, view: Table) -> Table:
        return replace(view, location=self._transaction.metastore.table_directory(view.name))

    def drop_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        """DROP VIEW."""
        self._drop(self._view(name).name)

    def rename_view(self, session: ConnectorSession, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """ALTER VIEW … RENAME TO."""
        self._rename(self._view(name), new_name)

    def set_view_comment(self, session: ConnectorSession, name: SchemaTableName, comment: str | None) -> None:
        """COMMENT ON VIEW."""
        view = replace(decode_view(self._view(name)), comment=comment)
        self.create_view(session, name, view, True)

    def set_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN of a view."""
        view = decode_view(self._view(name))
        columns = tuple(replace(one, comment=comment) if one.name == column else one for one in view.columns)
        self.create_view(session, name, replace(view, columns=columns), True)

    def set_view_owner(self, session: ConnectorSession, name: SchemaTableName, owner: str) -> None:
        """ALTER VIEW … SET AUTHORIZATION: a definer view runs with the new owner's rights."""
        view = decode_view(self._view(name))
        if not view.run_as_invoker:
            self.create_view(session, name, replace(view, owner=owner), True)
        self._alter_named(name, lambda found: replace(found, owner=owner))

    def begin_table_execute(
        self, session: ConnectorSession, table: TableHandle, procedure: str, arguments: Mapping[str, Any]
    ) -> tuple[WriteHandle, TableHandle]:
        """ALTER TABLE … EXECUTE optimize: files are not rewritten here."""
        if not flag(session, "non_transactional_optimize_enabled"):
            not_supported(
                "OPTIMIZE procedure must be explicitly enabled via non_transactional_optimize_enabled session property"
            )
        not_supported("Optimizing Hive tables is not supported")

    def _location_below(self, schema: str, table: str) -> str:
        return child_of(self._schema_location(self._database(schema)), table)

    # functions
    def find_language_functions(self, session: ConnectorSession, name: SchemaTableName) -> Sequence[LanguageFunction]:
        """The overloads of a stored routine."""
        listed = self._transaction.metastore.list_functions(name.schema)
        return [function for found, function in listed if found == name.table]

    def list_language_functions(
        self, session: ConnectorSession, schema: str
    ) -> Sequence[tuple[SchemaTableName, LanguageFunction]]:
        """The stored routines of a schema."""
        listed = self._transaction.metastore.list_functions(schema)
        return [(SchemaTableName(schema, name), function) for name, function in listed]

    def create_language_function(
        self, session: ConnectorSession, name: SchemaTableName, function: LanguageFunction, replace: bool
    ) -> None:
        """There at once."""
        self._transaction.metastore.put_function(name, function, replace=replace)

    def drop_language_function(self, session: ConnectorSession, name: SchemaTableName, signature: str) -> None:
        """Gone at once."""
        self._transaction.metastore.drop_function(name, signature)
