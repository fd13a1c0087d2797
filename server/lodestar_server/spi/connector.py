"""The contract of a connector: polite defaults, every ability optional.

The SPI blocks: the engine calls it from bounded executors. A method that a connector does not offer raises
NOT_SUPPORTED with Trino's text, or answers "no effect" (None, empty). `find_x` may return None, `apply_x` returns None
for no effect, `begin_x`/`finish_x`/`abort_x` come as a set. Source: Trino ConnectorMetadata and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any, NoReturn

from lodestar_server.spi.beans import Bean
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.materialized_views import MaterializedViewFreshness, RefreshSources, RefreshTarget
from lodestar_server.spi.names import QualifiedName, SchemaTableName, TablePrefix
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.procedures import Procedure, TableProcedure
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.roles import RoleMetadata
from lodestar_server.spi.row_changes import RowIdColumn
from lodestar_server.spi.scalar_functions import ConnectorFunction
from lodestar_server.spi.security import ALLOW_ALL, ConnectorAccessControl, Principal
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.statistics import UNKNOWN_STATISTICS, TableStatistics
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.table_functions import TableFunction, TableFunctionCall
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen

MODIFYING_ROWS = "This connector does not support modifying table rows"


def not_supported(message: str) -> NoReturn:
    """Refuse with NOT_SUPPORTED."""
    raise LodestarError(NOT_SUPPORTED, message)


@frozen
class ColumnMetadata:
    """A column as DESCRIBE shows it. Names are lower case. Hidden columns are selectable by name, not by `*`."""

    name: str
    type: Type
    nullable: bool = True
    comment: str | None = None
    extra_info: str | None = None
    hidden: bool = False
    default: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


@frozen
class TableMetadata:
    """A table's definition."""

    name: SchemaTableName
    columns: tuple[ColumnMetadata, ...]
    properties: Mapping[str, Any] = field(default_factory=dict)
    comment: str | None = None


@frozen
class ViewColumn:
    """A column of a view."""

    name: str
    type: Type
    comment: str | None = None


@frozen
class ViewDefinition:
    """A stored view: its text, the catalog and schema in which names resolve, its columns and whose rights it uses.

    `owner` None with `run_as_invoker`.
    """

    original_sql: str
    catalog: str | None
    schema: str | None
    columns: tuple[ViewColumn, ...]
    comment: str | None = None
    owner: str | None = None
    run_as_invoker: bool = False
    path: tuple[str, ...] = ()


@frozen
class MaterializedViewDefinition:
    """A stored materialized view.

    `storage` holds its rows; `grace_period` is in seconds, None: stale rows are fine forever.
    """

    original_sql: str
    storage: QualifiedName | None
    catalog: str | None
    schema: str | None
    columns: tuple[ViewColumn, ...]
    grace_period: float | None = None
    comment: str | None = None
    owner: str | None = None
    path: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)


@frozen
class LanguageFunction:
    """A stored SQL routine: `signature` is the types of its parameters as `(integer,varchar)`, `sql` its FUNCTION
    specification, `path` the SQL path when it was created. `owner` None with SECURITY INVOKER.
    """

    signature: str
    sql: str
    path: str | None = None
    owner: str | None = None


@frozen
class AnalyzeTarget:
    """ANALYZE reads these columns (at least one) of `table` (perhaps less of it than was named) into the sinks of
    `handle`. `counts_rows`: the number of rows is the statement's answer, else there is none."""

    table: TableHandle
    columns: tuple[ColumnHandle, ...]
    handle: WriteHandle
    counts_rows: bool = True


class RelationKind(Enum):
    """What a name in a schema is."""

    TABLE = "TABLE"
    VIEW = "VIEW"
    MATERIALIZED_VIEW = "MATERIALIZED VIEW"


@frozen
class TableVersion:
    """FOR VERSION AS OF (`is_timestamp` False) or FOR TIMESTAMP AS OF; `value` as in `ir.Constant` of `type`."""

    is_timestamp: bool
    type: Type
    value: Any


class SaveMode(Enum):
    """What CREATE does when the name is taken."""

    FAIL = "FAIL"
    IGNORE = "IGNORE"
    REPLACE = "REPLACE"


@frozen
class FilterResult:
    """`handle` takes over part of a predicate; `remaining` still has to be checked by the engine."""

    handle: TableHandle
    remaining: TupleDomain


@frozen
class LimitResult:
    """`guaranteed`: the engine need not limit again."""

    handle: TableHandle
    guaranteed: bool


class ConnectorMetadata(RoleMetadata):
    """Names to handles, handles to facts, and changes. One per transaction and catalog."""

    # schemas
    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """All schemas but information_schema."""
        return []

    def schema_exists(self, session: ConnectorSession, schema: str) -> bool:
        """Whether the schema is there."""
        return schema in self.list_schema_names(session)

    def schema_properties(self, session: ConnectorSession, schema: str) -> Mapping[str, Any]:
        """For SHOW CREATE SCHEMA."""
        return {}

    def schema_owner(self, session: ConnectorSession, schema: str) -> Principal | None:
        """The owning user or role, None when schemas have none."""
        return None

    def create_schema(self, session: ConnectorSession, schema: str, properties: Mapping[str, Any], owner: str) -> None:
        """CREATE SCHEMA [AUTHORIZATION owner]; the engine has checked that the name is free."""
        not_supported("This connector does not support creating schemas")

    def drop_schema(self, session: ConnectorSession, schema: str, cascade: bool) -> None:
        """DROP SCHEMA. Raises: SCHEMA_NOT_EMPTY."""
        not_supported("This connector does not support dropping schemas")

    def rename_schema(self, session: ConnectorSession, schema: str, new_name: str) -> None:
        """ALTER SCHEMA … RENAME TO."""
        not_supported("This connector does not support renaming schemas")

    def set_schema_owner(self, session: ConnectorSession, schema: str, owner: Principal) -> None:
        """ALTER SCHEMA … SET AUTHORIZATION."""
        not_supported("This connector does not support setting an owner on a schema")

    # tables: reading
    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """The table's handle, None when there is none (or it is a view)."""
        return None

    def find_system_table(self, session: ConnectorSession, name: SchemaTableName) -> SystemTable | None:
        """A table of computed rows that belongs to another one, like `t$partitions`; asked before `find_table`."""
        return None

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """Its definition, hidden columns included."""
        raise NotImplementedError

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """Column name → handle, in order, hidden columns included."""
        raise NotImplementedError

    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Tables, views and materialized views of one schema or of all."""
        return {}

    def list_table_columns(
        self, session: ConnectorSession, prefix: TablePrefix
    ) -> Iterator[tuple[SchemaTableName, Sequence[ColumnMetadata]]]:
        """Columns of all tables under the prefix (views excluded), for information_schema; one bad table is skipped."""
        for name, kind in self.list_tables(session, prefix.schema).items():
            if kind is not RelationKind.TABLE or not prefix.matches(name):
                continue
            table = self.find_table(session, name)
            if table is not None:
                yield name, self.table_metadata(session, table).columns

    def table_comments(
        self, session: ConnectorSession, prefix: TablePrefix
    ) -> Iterator[tuple[SchemaTableName, str | None]]:
        """Comments of tables and views under the prefix."""
        for name, kind in self.list_tables(session, prefix.schema).items():
            if not prefix.matches(name):
                continue
            if kind is RelationKind.TABLE:
                table = self.find_table(session, name)
                if table is not None:
                    yield name, self.table_metadata(session, table).comment
            else:
                view = self.find_view(session, name)
                yield name, None if view is None else view.comment

    def statistics(self, session: ConnectorSession, table: TableHandle) -> TableStatistics:
        """Figures for the optimizer and SHOW STATS."""
        return UNKNOWN_STATISTICS

    def table_info(self, table: TableHandle) -> Mapping[str, str]:
        """What EXPLAIN shows of the handle: pushed predicate, limit and the like, name → text."""
        return {}

    def call_table_function(
        self, session: ConnectorSession, function: TableFunction, arguments: Mapping[str, Any]
    ) -> TableFunctionCall:
        """What a call of one of the connector's `table_functions` reads; values as in `ir.Constant`."""
        raise NotImplementedError

    # pushdown
    def apply_filter(
        self, session: ConnectorSession, table: TableHandle, predicate: TupleDomain
    ) -> FilterResult | None:
        """Take over what the connector can; None when nothing changes."""
        return None

    def apply_limit(self, session: ConnectorSession, table: TableHandle, limit: int) -> LimitResult | None:
        """Take over a limit."""
        return None

    # tables: changing
    def supported_type(self, session: ConnectorSession, type_: Type, properties: Mapping[str, Any]) -> Type:
        """The type that a new column gets when this one is asked for; itself when it is supported, or refused later."""
        return type_

    def create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> None:
        """CREATE TABLE without rows."""
        not_supported("This connector does not support creating tables")

    def drop_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """DROP TABLE."""
        not_supported("This connector does not support dropping tables")

    def truncate_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """TRUNCATE TABLE."""
        not_supported("This connector does not support truncating tables")

    def rename_table(self, session: ConnectorSession, table: TableHandle, new_name: SchemaTableName) -> None:
        """ALTER TABLE … RENAME TO; the engine has checked that the new name is free."""
        not_supported("This connector does not support renaming tables")

    def set_table_comment(self, session: ConnectorSession, table: TableHandle, comment: str | None) -> None:
        """COMMENT ON TABLE."""
        not_supported("This connector does not support setting table comments")

    def set_column_comment(
        self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN."""
        not_supported("This connector does not support setting column comments")

    def set_table_properties(
        self, session: ConnectorSession, table: TableHandle, properties: Mapping[str, Any]
    ) -> None:
        """ALTER TABLE … SET PROPERTIES; a value None is DEFAULT."""
        not_supported("This connector does not support setting table properties")

    def add_column(self, session: ConnectorSession, table: TableHandle, column: ColumnMetadata) -> None:
        """ALTER TABLE … ADD COLUMN."""
        not_supported("This connector does not support adding columns")

    def add_column_after(
        self, session: ConnectorSession, table: TableHandle, column: ColumnMetadata, after: str | None
    ) -> None:
        """ALTER TABLE … ADD COLUMN … AFTER a column that there is; None: FIRST."""
        where = "FIRST" if after is None else "AFTER"
        not_supported(f"This connector does not support adding columns with {where} clause")

    def drop_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle) -> None:
        """ALTER TABLE … DROP COLUMN."""
        not_supported("This connector does not support dropping columns")

    def rename_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, name: str) -> None:
        """ALTER TABLE … RENAME COLUMN."""
        not_supported("This connector does not support renaming columns")

    def set_column_type(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, type_: Type) -> None:
        """ALTER TABLE … ALTER COLUMN … SET DATA TYPE."""
        not_supported("This connector does not support setting column types")

    def add_field(
        self, session: ConnectorSession, table: TableHandle, path: Sequence[str], name: str, type_: Type
    ) -> None:
        """ALTER TABLE … ADD COLUMN a.b.name: a field inside the row at `path`."""
        not_supported("This connector does not support adding fields")

    def rename_field(self, session: ConnectorSession, table: TableHandle, path: Sequence[str], name: str) -> None:
        """ALTER TABLE … RENAME COLUMN a.b.c TO name."""
        not_supported("This connector does not support renaming fields")

    def drop_field(
        self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, path: Sequence[str]
    ) -> None:
        """ALTER TABLE … DROP COLUMN a.b.c: `path` is b.c inside the column."""
        not_supported("This connector does not support dropping fields")

    def set_field_type(self, session: ConnectorSession, table: TableHandle, path: Sequence[str], type_: Type) -> None:
        """ALTER TABLE … ALTER COLUMN a.b.c SET DATA TYPE."""
        not_supported("This connector does not support setting field types")

    def set_table_owner(self, session: ConnectorSession, name: SchemaTableName, owner: str) -> None:
        """ALTER TABLE … SET AUTHORIZATION."""
        not_supported("This connector does not support setting an owner on a table")

    def drop_not_null(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle) -> None:
        """ALTER TABLE … ALTER COLUMN … DROP NOT NULL."""
        not_supported("This connector does not support dropping a not null constraint")

    # writing
    def begin_create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> WriteHandle:
        """CREATE TABLE AS: prepare a place for the rows; nothing is visible before `finish_create_table`."""
        not_supported("This connector does not support creating tables with data")

    def finish_create_table(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Publish table and rows at once."""
        raise NotImplementedError

    def begin_insert(
        self, session: ConnectorSession, table: TableHandle, columns: Sequence[ColumnHandle]
    ) -> WriteHandle:
        """INSERT: rows come with exactly these columns."""
        not_supported("This connector does not support inserts")

    def finish_insert(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Publish the rows at once."""
        raise NotImplementedError

    def begin_analyze(
        self, session: ConnectorSession, table: TableHandle, properties: Mapping[str, Any]
    ) -> AnalyzeTarget | None:
        """ANALYZE: what to read and where the rows go; None when there is nothing to find out.

        Raises: INVALID_ANALYZE_PROPERTY.
        """
        not_supported("This connector does not support analyze")

    def finish_analyze(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Record what the sinks have found out."""
        raise NotImplementedError

    def abort_write(self, session: ConnectorSession, handle: WriteHandle) -> None:
        """The write that has begun will not finish: clean up; never raises."""

    def supports_missing_columns_on_insert(self) -> bool:
        """The sink fills columns that an INSERT leaves out; otherwise the engine sends NULLs for all columns."""
        return False

    def apply_delete(self, session: ConnectorSession, table: TableHandle) -> TableHandle | None:
        """A handle whose whole content `execute_delete` removes; None when rows have to be found one by one."""
        return None

    def execute_delete(self, session: ConnectorSession, table: TableHandle) -> int | None:
        """Remove what the handle gives; the number of rows when it is known."""
        raise NotImplementedError

    def row_id_column(self, session: ConnectorSession, table: TableHandle) -> RowIdColumn:
        """The column that tells the table's rows apart; see `spi.row_changes`.

        Asked before the statement is looked at. Raises NOT_SUPPORTED when rows cannot be changed one by one.
        """
        not_supported(MODIFYING_ROWS)

    def begin_row_changes(self, session: ConnectorSession, table: TableHandle) -> WriteHandle:
        """UPDATE, MERGE, and DELETE of what `apply_delete` did not take begin; see `spi.row_changes` for the pages.

        `table` is the handle that is scanned for the rows to change, with what `apply_filter` put into it: whatever
        else happens to other rows of the table at the same time is no conflict. Raises NOT_SUPPORTED for tables whose
        rows cannot be changed.
        """
        not_supported(MODIFYING_ROWS)

    def finish_row_changes(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Publish all changes at once. Raises: the connector's error for a conflict with another change."""
        raise NotImplementedError

    # table procedures
    def execute_on_table(
        self, session: ConnectorSession, table: TableHandle, procedure: str, arguments: Mapping[str, Any]
    ) -> None:
        """ALTER TABLE … EXECUTE of a procedure that is one call; arguments are decoded, with their defaults."""
        raise NotImplementedError

    def begin_table_execute(
        self, session: ConnectorSession, table: TableHandle, procedure: str, arguments: Mapping[str, Any]
    ) -> tuple[WriteHandle, TableHandle]:
        """ALTER TABLE … EXECUTE of a procedure that rewrites rows: where they go, and the table to read instead.

        `table` has the WHERE pushed into it; rows come with the table's columns that are not hidden.
        """
        raise NotImplementedError

    def finish_table_execute(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """The new rows take the place of those that were read, at once."""
        raise NotImplementedError

    # functions
    def find_language_functions(self, session: ConnectorSession, name: SchemaTableName) -> Sequence[LanguageFunction]:
        """The overloads of a stored routine."""
        return ()

    def list_language_functions(
        self, session: ConnectorSession, schema: str
    ) -> Sequence[tuple[SchemaTableName, LanguageFunction]]:
        """The stored routines of a schema."""
        return ()

    def create_language_function(
        self, session: ConnectorSession, name: SchemaTableName, function: LanguageFunction, replace: bool
    ) -> None:
        """CREATE FUNCTION; `replace`: in place of the overload that is there."""
        not_supported("This connector does not support creating functions")

    def drop_language_function(self, session: ConnectorSession, name: SchemaTableName, signature: str) -> None:
        """DROP FUNCTION of one overload."""
        not_supported("This connector does not support dropping functions")

    # views
    def find_view(self, session: ConnectorSession, name: SchemaTableName) -> ViewDefinition | None:
        """The view's definition, None when there is none."""
        return None

    def create_view(
        self, session: ConnectorSession, name: SchemaTableName, view: ViewDefinition, replace: bool
    ) -> None:
        """CREATE [OR REPLACE] VIEW."""
        not_supported("This connector does not support creating views")

    def drop_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        """DROP VIEW."""
        not_supported("This connector does not support dropping views")

    def rename_view(self, session: ConnectorSession, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """ALTER VIEW … RENAME TO."""
        not_supported("This connector does not support renaming views")

    def set_view_comment(self, session: ConnectorSession, name: SchemaTableName, comment: str | None) -> None:
        """COMMENT ON VIEW."""
        not_supported("This connector does not support setting view comments")

    def set_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN of a view."""
        not_supported("This connector does not support setting view column comments")

    def set_view_owner(self, session: ConnectorSession, name: SchemaTableName, owner: str) -> None:
        """ALTER VIEW … SET AUTHORIZATION."""
        not_supported("This connector does not support setting an owner on a view")

    # materialized views
    def find_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName
    ) -> MaterializedViewDefinition | None:
        """The materialized view's definition, None when there is none."""
        return None

    def create_materialized_view(
        self,
        session: ConnectorSession,
        name: SchemaTableName,
        view: MaterializedViewDefinition,
        save_mode: SaveMode,
    ) -> None:
        """CREATE [OR REPLACE] MATERIALIZED VIEW [IF NOT EXISTS]."""
        not_supported("This connector does not support creating materialized views")

    def drop_materialized_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        """DROP MATERIALIZED VIEW."""
        not_supported("This connector does not support dropping materialized views")

    def rename_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName, new_name: SchemaTableName
    ) -> None:
        """ALTER MATERIALIZED VIEW … RENAME TO."""
        not_supported("This connector does not support renaming materialized views")

    def set_materialized_view_properties(
        self, session: ConnectorSession, name: SchemaTableName, properties: Mapping[str, Any]
    ) -> None:
        """ALTER MATERIALIZED VIEW … SET PROPERTIES; a value None is DEFAULT."""
        not_supported("This connector does not support setting materialized view properties")

    def set_materialized_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN of a materialized view."""
        not_supported("This connector does not support setting materialized view column comments")

    def materialized_view_freshness(
        self, session: ConnectorSession, name: SchemaTableName
    ) -> MaterializedViewFreshness:
        """Whether the rows in storage are those that the query would give now; asked each time the view is read."""
        raise NotImplementedError

    def begin_refresh_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName, storage: TableHandle, sources: RefreshSources
    ) -> RefreshTarget:
        """REFRESH MATERIALIZED VIEW: rows come with the columns of the storage table that are not hidden.

        They take the place of all that is there, unless the connector appends (`RefreshTarget.tables`).
        """
        not_supported("This connector does not support materialized views")

    def finish_refresh_materialized_view(
        self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]
    ) -> None:
        """Publish the new rows at once and remember the state of the sources that they were made from."""
        raise NotImplementedError


class Connector:
    """One configured catalog. Thread-safe."""

    single_statement_writes: bool = True
    """Writes only in autocommit: in a transaction they raise AUTOCOMMIT_WRITE_CONFLICT."""

    supports_not_null_columns: bool = False
    """CREATE TABLE and ADD COLUMN may say NOT NULL; the engine checks the rows."""

    manages_owners: bool = False
    """Schemas, tables and views have owners that SET AUTHORIZATION changes; otherwise it is refused."""

    controls_access: bool = False
    """`access_control` may refuse something; else it is not asked."""

    supports_grace_period: bool = False
    """CREATE MATERIALIZED VIEW may say GRACE PERIOD."""

    local_roots: tuple[str, ...] = ()
    """Directories of the local file system that the kernel may read for this catalog's FileScans."""

    def begin_transaction(self, isolation: str, read_only: bool, autocommit: bool) -> TransactionHandle:
        """Raises UNSUPPORTED_ISOLATION_LEVEL when the level is too high for the connector."""
        return TransactionHandle()

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """The metadata of one transaction; called once each."""
        raise NotImplementedError

    def access_control(self, transaction: TransactionHandle, session: ConnectorSession) -> ConnectorAccessControl:
        """What the session's user may do, as the transaction sees the catalog."""
        return ALLOW_ALL

    def commit(self, transaction: TransactionHandle) -> None:
        """Make the transaction's changes durable."""

    def rollback(self, transaction: TransactionHandle) -> None:
        """Undo what has not been committed."""

    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """The table's pieces, lazily. `predicate` is what the engine knows beyond the handle: only a hint to prune."""
        raise NotImplementedError

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """How to read some splits: pages to pull, or files for the kernel to read."""
        raise NotImplementedError

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """A writer for a write that has begun."""
        raise NotImplementedError

    def session_properties(self) -> Sequence[PropertyMetadata]:
        """Catalog session properties: `catalog.name`."""
        return ()

    def schema_properties(self) -> Sequence[PropertyMetadata]:
        """For CREATE SCHEMA … WITH."""
        return ()

    def table_properties(self) -> Sequence[PropertyMetadata]:
        """For CREATE TABLE … WITH."""
        return ()

    def column_properties(self) -> Sequence[PropertyMetadata]:
        """For column definitions … WITH."""
        return ()

    def materialized_view_properties(self) -> Sequence[PropertyMetadata]:
        """For CREATE MATERIALIZED VIEW … WITH."""
        return ()

    def analyze_properties(self) -> Sequence[PropertyMetadata]:
        """For ANALYZE … WITH."""
        return ()

    def procedures(self) -> Sequence[Procedure]:
        """For CALL catalog.schema.name(…)."""
        return ()

    def table_procedures(self) -> Sequence[TableProcedure]:
        """For ALTER TABLE … EXECUTE."""
        return ()

    def system_tables(self) -> Sequence[SystemTable]:
        """Tables that are made from rows of Python values on demand, beside the connector's own tables.

        They are listed with the catalog's tables, and so are their schemas.
        """
        return ()

    def table_functions(self) -> Sequence[TableFunction]:
        """For TABLE(catalog.schema.name(…))."""
        return ()

    def functions(self) -> Sequence[ConnectorFunction]:
        """Scalar functions of its schemas."""
        return ()

    def list_beans(self) -> Iterable[Bean]:
        """Counters of this catalog, for the jmx catalog."""
        return ()

    def shutdown(self) -> None:
        """Free everything; the catalog is gone."""
