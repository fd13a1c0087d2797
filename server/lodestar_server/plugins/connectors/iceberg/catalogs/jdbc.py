"""A catalog in two tables of a SQL database, as Iceberg's specification of the JDBC catalog has them.

A commit swaps a table's metadata location where it still is what the commit was based on: one UPDATE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from lodestar_server.plugins.connectors.iceberg.catalogs.interface import CatalogWithViews
from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc_config import SchemaVersion
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_CATALOG_ERROR, ICEBERG_COMMIT_ERROR
from lodestar_server.plugins.toolkit.files import child_of
from lodestar_server.plugins.toolkit.metastore.interface import TableWrite
from lodestar_server.plugins.toolkit.metastore.model import Database, Table, TableType
from lodestar_server.plugins.toolkit.metastore.partition_names import escape_name
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.errors import (
    NOT_SUPPORTED,
    SCHEMA_ALREADY_EXISTS,
    SCHEMA_NOT_EMPTY,
    SCHEMA_NOT_FOUND,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName

METADATA_LOCATION = "metadata_location"
PREVIOUS_LOCATION = "previous_metadata_location"
_LOCATION = "location"
_COMMENT = "comment"
_EXISTS = "exists"
"""The property of a namespace that has no other."""
_TABLE = "TABLE"
_VIEW = "VIEW"


class JdbcCatalog(CatalogWithViews):
    """A `Catalog`. The tables are made when they are not there. Thread-safe."""

    def __init__(self, engine: sa.Engine, name: str, warehouse: str, version: SchemaVersion = SchemaVersion.V1) -> None:
        self._engine = engine
        self._name = name
        self._warehouse = warehouse.rstrip("/")
        self._typed = version is SchemaVersion.V1
        metadata = sa.MetaData()
        self._tables = sa.Table("iceberg_tables", metadata, *_table_columns(self._typed))
        self._properties = sa.Table("iceberg_namespace_properties", metadata, *_property_columns())
        self._metadata = metadata
        self._ready = False

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[sa.Connection]:
        """Raises: ICEBERG_CATALOG_ERROR. IntegrityError is the caller's business."""
        try:
            if not self._ready:
                self._metadata.create_all(self._engine)
                self._ready = True
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as fault:
            raise LodestarError(ICEBERG_CATALOG_ERROR, f"Failed to {doing}: {_reason(fault)}") from fault

    # schemas
    def list_databases(self) -> list[str]:
        """Namespaces of one level, those that only have tables among them."""
        with self._transaction("list namespaces") as connection:
            return sorted(self._namespaces(connection))

    def _namespaces(self, connection: sa.Connection, name: str | None = None) -> set[str]:
        found: set[str] = set()
        for table, column in ((self._tables, "table_namespace"), (self._properties, "namespace")):
            wanted = sa.select(table.c[column]).where(table.c.catalog_name == self._name).distinct()
            if name is not None:
                wanted = wanted.where(table.c[column] == name)
            found.update(row[0] for row in connection.execute(wanted))
        return {one for one in found if "." not in one}

    def find_database(self, name: str) -> Database | None:
        """With its properties."""
        with self._transaction(f"load namespace {name}") as connection:
            return self._database(connection, name)

    def _database(self, connection: sa.Connection, name: str) -> Database | None:
        if not self._namespaces(connection, name):
            return None
        known = self._properties
        wanted = sa.select(known.c.property_key, known.c.property_value).where(
            known.c.catalog_name == self._name, known.c.namespace == name
        )
        found = {str(key): str(value) for key, value in connection.execute(wanted)}
        found.pop(_EXISTS, None)
        return Database(name, found.pop(_LOCATION, None), None, found.get(_COMMENT), found)

    def create_database(self, database: Database) -> None:
        """Raises: SCHEMA_ALREADY_EXISTS."""
        given = {**database.parameters, _LOCATION: database.location, _COMMENT: database.comment}
        kept = {key: value for key, value in given.items() if value is not None} or {_EXISTS: "true"}
        rows = [
            {"catalog_name": self._name, "namespace": database.name, "property_key": key, "property_value": value}
            for key, value in kept.items()
        ]
        exists = LodestarError(SCHEMA_ALREADY_EXISTS, f"Schema already exists: '{database.name}'")
        try:
            with self._transaction(f"create namespace {database.name}") as connection:
                if self._namespaces(connection, database.name):
                    raise exists
                connection.execute(sa.insert(self._properties), rows)
        except IntegrityError:
            raise exists from None

    def replace_database(self, database: Database) -> None:
        """Raises: NOT_SUPPORTED, because a namespace has no owner."""
        not_supported("setNamespacePrincipal")

    def rename_database(self, name: str, new_name: str) -> None:
        """Raises: NOT_SUPPORTED."""
        not_supported("renameNamespace")

    def drop_database(self, name: str) -> None:
        """Raises: SCHEMA_NOT_FOUND, SCHEMA_NOT_EMPTY."""
        with self._transaction(f"drop namespace {name}") as connection:
            if self._database(connection, name) is None:
                raise LodestarError(SCHEMA_NOT_FOUND, f"Schema {name} not found")
            inside = sa.select(self._tables.c.table_name).where(
                self._tables.c.catalog_name == self._name, self._tables.c.table_namespace == name
            )
            if connection.execute(inside.limit(1)).first() is not None:
                raise LodestarError(SCHEMA_NOT_EMPTY, f"Schema not empty: {name}")
            known = self._properties
            connection.execute(sa.delete(known).where(known.c.catalog_name == self._name, known.c.namespace == name))

    # tables
    def table_directory(self, name: SchemaTableName) -> str:
        """Below the warehouse."""
        return child_of(child_of(self._warehouse, escape_name(name.schema)), escape_name(name.table))

    def list_tables(self, schema: str) -> list[str]:
        """Without views."""
        wanted = sa.select(self._tables.c.table_name).where(
            self._tables.c.catalog_name == self._name, self._tables.c.table_namespace == schema, *self._are_tables()
        )
        with self._transaction(f"list tables from namespace: {schema}") as connection:
            return sorted(str(row[0]) for row in connection.execute(wanted))

    def _are_tables(self) -> tuple[sa.ColumnElement[bool], ...]:
        if not self._typed:
            return ()
        # Rows from before there were views have no type.
        return (sa.or_(self._tables.c.iceberg_type == _TABLE, self._tables.c.iceberg_type.is_(None)),)

    def _is(self, name: SchemaTableName) -> tuple[sa.ColumnElement[bool], ...]:
        known = self._tables
        return (
            known.c.catalog_name == self._name,
            known.c.table_namespace == name.schema,
            known.c.table_name == name.table,
        )

    def find_table(self, name: SchemaTableName) -> Table | None:
        """None for a view."""
        with self._transaction(f"load table {name}") as connection:
            return self._find(connection, name)

    def _find(self, connection: sa.Connection, name: SchemaTableName) -> Table | None:
        known = self._tables
        wanted = sa.select(known.c.metadata_location, known.c.previous_metadata_location)
        found = connection.execute(wanted.where(*self._is(name), *self._are_tables())).first()
        if found is None:
            return None
        parameters = {"table_type": "ICEBERG", METADATA_LOCATION: found[0], PREVIOUS_LOCATION: found[1]}
        kept = {key: value for key, value in parameters.items() if value is not None}
        return Table(name, None, TableType.EXTERNAL_TABLE, (), parameters=kept)

    def create_table(self, table: Table, write: TableWrite | None, user: str) -> None:
        """Raises: TABLE_ALREADY_EXISTS, SCHEMA_NOT_FOUND; NOT_SUPPORTED for views of either kind."""
        _check_table(table)
        name = table.name
        row = {
            "catalog_name": self._name,
            "table_namespace": name.schema,
            "table_name": name.table,
            METADATA_LOCATION: table.parameters[METADATA_LOCATION],
            **({"iceberg_type": _TABLE} if self._typed else {}),
        }
        try:
            with self._transaction(f"create table {name}") as connection:
                if not self._namespaces(connection, name.schema):
                    raise LodestarError(SCHEMA_NOT_FOUND, f"Schema {name.schema} not found")
                connection.execute(sa.insert(self._tables).values(row))
        except IntegrityError:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table already exists: '{name}'") from None

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """Swaps the metadata location. Raises: TABLE_NOT_FOUND, what `change` raises, ICEBERG_COMMIT_ERROR."""
        while True:
            entry = self.find_table(name)
            if entry is None:
                raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
            made = change(entry)
            _check_table(made)
            # Whoever was faster is seen by `change` when it is asked again.
            if self._swap(name, entry.parameters, made.parameters[METADATA_LOCATION]):
                return

    def _swap(self, name: SchemaTableName, known: Mapping[str, str], location: str) -> bool:
        before = known[METADATA_LOCATION]
        swap = (
            sa.update(self._tables)
            .where(*self._is(name), self._tables.c.metadata_location == before)
            .values({METADATA_LOCATION: location, PREVIOUS_LOCATION: before})
        )
        try:
            with self._transaction(f"commit to table {name}") as connection:
                return connection.execute(swap).rowcount == 1
        except LodestarError as fault:
            return self._outcome(name, before, location, fault)

    def _outcome(self, name: SchemaTableName, before: str, location: str, fault: LodestarError) -> bool:
        """Of a swap whose answer was lost: the database is asked what became of it."""
        try:
            entry = self.find_table(name)
        except LodestarError:
            entry = None
        now = None if entry is None else entry.parameters.get(METADATA_LOCATION)
        if now == location:
            return True
        if now == before:
            raise fault
        raise LodestarError(
            ICEBERG_COMMIT_ERROR, f"Cannot tell whether the commit to table {name} has happened: {fault.message}"
        ) from fault

    def replace_view(self, view: Table) -> None:
        """Raises: NOT_SUPPORTED."""
        _check_table(view)

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        self._rename(name, new_name, self._are_tables(), "Table")

    def _rename(
        self,
        name: SchemaTableName,
        new_name: SchemaTableName,
        kind: tuple[sa.ColumnElement[bool], ...],
        word: str,
    ) -> None:
        change = {"table_namespace": new_name.schema, "table_name": new_name.table}
        renamed = sa.update(self._tables).where(*self._is(name), *kind).values(change)
        try:
            with self._transaction(f"rename {word.lower()} from {name} to {new_name}") as connection:
                if connection.execute(renamed).rowcount == 0:
                    raise LodestarError(TABLE_NOT_FOUND, f"{word} '{name}' not found")
        except IntegrityError:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"{word} already exists: '{new_name}'") from None

    def drop_table(self, name: SchemaTableName) -> None:
        """The files are the caller's. Raises: TABLE_NOT_FOUND."""
        with self._transaction(f"drop table {name}") as connection:
            gone = sa.delete(self._tables).where(*self._is(name), *self._are_tables())
            if connection.execute(gone).rowcount == 0:
                raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")

    # views: rows of another type, which only the newer form of the tables has
    def check_views(self) -> None:
        """Raises: NOT_SUPPORTED."""
        if not self._typed:
            not_supported("createView")

    def _views(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (self._tables.c.iceberg_type == _VIEW,) if self._typed else (sa.false(),)

    def list_view_names(self, schema: str) -> list[str]:
        """Views of a namespace."""
        if not self._typed:
            return []
        wanted = sa.select(self._tables.c.table_name).where(
            self._tables.c.catalog_name == self._name, self._tables.c.table_namespace == schema, *self._views()
        )
        with self._transaction(f"list views from namespace: {schema}") as connection:
            return sorted(str(row[0]) for row in connection.execute(wanted))

    def find_view_location(self, name: SchemaTableName) -> str | None:
        """Where the view's metadata is."""
        if not self._typed:
            return None
        with self._transaction(f"load view {name}") as connection:
            wanted = sa.select(self._tables.c.metadata_location).where(*self._is(name), *self._views())
            found = connection.execute(wanted).first()
        return None if found is None else str(found[0])

    def insert_view(self, name: SchemaTableName, location: str) -> None:
        """Raises: TABLE_ALREADY_EXISTS."""
        row = {
            "catalog_name": self._name,
            "table_namespace": name.schema,
            "table_name": name.table,
            METADATA_LOCATION: location,
            "iceberg_type": _VIEW,
        }
        try:
            with self._transaction(f"create view {name}") as connection:
                connection.execute(sa.insert(self._tables).values(row))
        except IntegrityError:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"View already exists: '{name}'") from None

    def swap_view(self, name: SchemaTableName, before: str, location: str) -> bool:
        """False when it is not at `before` any more."""
        swap = (
            sa.update(self._tables)
            .where(*self._is(name), *self._views(), self._tables.c.metadata_location == before)
            .values({METADATA_LOCATION: location, PREVIOUS_LOCATION: before})
        )
        with self._transaction(f"commit to view {name}") as connection:
            return connection.execute(swap).rowcount == 1

    def rename_view(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        self._rename(name, new_name, self._views(), "View")

    def drop_view(self, name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND."""
        with self._transaction(f"drop view {name}") as connection:
            if connection.execute(sa.delete(self._tables).where(*self._is(name), *self._views())).rowcount == 0:
                raise LodestarError(TABLE_NOT_FOUND, f"View '{name}' not found")

    def beans(self, catalog: str) -> Iterable[Bean]:
        """None."""
        return ()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _table_columns(typed: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column("catalog_name", sa.String(255), primary_key=True),
        sa.Column("table_namespace", sa.String(255), primary_key=True),
        sa.Column("table_name", sa.String(255), primary_key=True),
        sa.Column(METADATA_LOCATION, sa.String(1000)),
        sa.Column(PREVIOUS_LOCATION, sa.String(1000)),
        *([sa.Column("iceberg_type", sa.String(5))] if typed else []),
    ]


def _property_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("catalog_name", sa.String(255), primary_key=True),
        sa.Column("namespace", sa.String(255), primary_key=True),
        sa.Column("property_key", sa.String(255), primary_key=True),
        sa.Column("property_value", sa.String(1000)),
    ]


def _check_table(entry: Table) -> None:
    if entry.is_view:
        materialized = "Materialized" in (entry.view_expanded_text or "")
        not_supported("createMaterializedView" if materialized else "createView")


def not_supported(what: str) -> NoReturn:
    """Raises: NOT_SUPPORTED, in the words that Trino has for it."""
    raise LodestarError(NOT_SUPPORTED, f"{what} is not supported for Iceberg JDBC catalogs")


def _reason(fault: SQLAlchemyError) -> str:
    """What the database says, without the statement."""
    text = str(fault.orig) if isinstance(fault, DBAPIError) else str(fault)
    return text.splitlines()[0] if text else type(fault).__name__
