"""A connector that keeps rows in Arrow and changes them one by one; its materialized views are kept as Iceberg's are.

A small true implementation of the parts of the SPI that no connector in memory offers. Every write makes a new version
of its table; a row is known by its table and its number, in a row type, and keeps its number for as long as it lives.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.spi.connector import (
    ColumnMetadata,
    Connector,
    ConnectorMetadata,
    MaterializedViewDefinition,
    RelationKind,
    SaveMode,
    TableMetadata,
    TableVersion,
    ViewDefinition,
)
from lodestar_server.spi.errors import ALREADY_EXISTS, GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.materialized_views import (
    Freshness,
    MaterializedViewFreshness,
    RefreshSources,
    RefreshTarget,
)
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.row_changes import FIRST_COLUMN, RowIdColumn, RowOperation
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import BIGINT, VARCHAR, RowField, RowType, Type
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page

ROW_ID = RowType((RowField("table", VARCHAR), RowField("number", BIGINT)))
STORAGE = "$materialized_view_storage"


@dataclass(frozen=True, slots=True)
class RowColumn(ColumnHandle):
    """A column by its place; None: the row id."""

    place: int | None
    type: Type


@dataclass(frozen=True, slots=True)
class RowTable(TableHandle):
    """A table as it is at a version; with `since`, only the rows that came after that version."""

    name: SchemaTableName
    version: int
    since: int | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class RowWrite(WriteHandle):
    """Rows for a table: `kind` says what is done with them. `sources`: versions of tables that a refresh reads."""

    name: SchemaTableName
    kind: str
    version: int = 0
    definition: TableMetadata | None = None
    replace: bool = False
    view: SchemaTableName | None = None
    sources: tuple[tuple[SchemaTableName, int], ...] = ()
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A version of a table: its rows, and for each its number and the version that it came with."""

    definition: TableMetadata
    version: int
    rows: pa.Table
    numbers: pa.Int64Array
    born: pa.Int64Array
    next_number: int
    appended_only_since: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a materialized view was made from the last time."""

    sources: tuple[tuple[SchemaTableName, int], ...]
    foreign: bool
    at: datetime


@dataclass
class RowStore:
    """The content of the catalog."""

    schemas: set[str] = field(default_factory=lambda: {"default"})
    tables: dict[SchemaTableName, Stored] = field(default_factory=dict)
    history: dict[tuple[SchemaTableName, int], Stored] = field(default_factory=dict)
    views: dict[SchemaTableName, ViewDefinition] = field(default_factory=dict)
    materialized: dict[SchemaTableName, MaterializedViewDefinition] = field(default_factory=dict)
    refreshed: dict[SchemaTableName, Refreshed] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    aborted: list[str] = field(default_factory=list)
    """Writes that did not finish, by kind."""
    clock: list[datetime] = field(default_factory=list)
    """Instants to use instead of the time, the next one first."""

    def now(self) -> datetime:
        return self.clock.pop(0) if self.clock else datetime.now(UTC)

    def put(self, stored: Stored) -> None:
        self.tables[stored.definition.name] = stored
        self.history[stored.definition.name, stored.version] = stored

    def create(self, definition: TableMetadata) -> None:
        version = max((v for name, v in self.history if name == definition.name), default=0) + 1
        empty = pa.schema([(f"c{i}", arrow_type(one.type)) for i, one in enumerate(definition.columns)]).empty_table()
        numbers = pa.array([], pa.int64())
        self.put(Stored(definition, version, empty, numbers, numbers, 0, version))

    def append(self, name: SchemaTableName, rows: pa.Table) -> None:
        old = self.tables[name]
        self.put(_with_rows(replace(old, version=old.version + 1), rows))

    def empty(self, name: SchemaTableName) -> None:
        old = self.tables[name]
        none = pa.array([], pa.int64())
        version = old.version + 1
        self.put(
            replace(
                old, version=version, rows=old.rows.slice(0, 0), numbers=none, born=none, appended_only_since=version
            )
        )

    def change(self, name: SchemaTableName, pages: Sequence[pa.RecordBatch], seen: int) -> None:
        """Apply pages of row changes to the version that they were made from."""
        old = self.tables[name]
        if old.version != seen:
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"Table {name} was changed meanwhile")
        gone: list[int] = []
        new: list[pa.RecordBatch] = []
        for page in pages:
            operations = page.column(0)
            removes = pc.is_in(operations, pa.array([RowOperation.DELETE, RowOperation.UPDATE], pa.int8()))
            adds = pc.is_in(operations, pa.array([RowOperation.INSERT, RowOperation.UPDATE], pa.int8()))
            ids = page.column(1).filter(removes)
            assert set(ids.field("f0").to_pylist()) <= {str(name)}, "row ids of another table"
            gone += ids.field("f1").to_pylist()
            added = page.filter(adds)
            new.append(pa.RecordBatch.from_arrays(added.columns[FIRST_COLUMN:], schema=old.rows.schema))
            deleted = page.filter(pc.equal(operations, pa.scalar(RowOperation.DELETE, pa.int8())))
            assert all(column.null_count == len(column) for column in deleted.columns[FIRST_COLUMN:])
            inserted = page.filter(pc.equal(operations, pa.scalar(RowOperation.INSERT, pa.int8())))
            assert inserted.column(1).null_count == inserted.num_rows, "a new row has no id yet"
        assert set(gone) <= set(old.numbers.to_pylist()), "rows that are there"
        keep = pc.invert(pc.is_in(old.numbers, pa.array(gone, pa.int64())))
        version = old.version + 1
        kept = replace(
            old,
            version=version,
            rows=old.rows.filter(keep),
            numbers=old.numbers.filter(keep),
            born=old.born.filter(keep),
            appended_only_since=version if gone else old.appended_only_since,
        )
        self.put(_with_rows(kept, pa.Table.from_batches(new, old.rows.schema)))


def _with_rows(stored: Stored, rows: pa.Table) -> Stored:
    first, count = stored.next_number, rows.num_rows
    return replace(
        stored,
        rows=pa.concat_tables([stored.rows, rows]).combine_chunks(),
        numbers=pa.concat_arrays([stored.numbers, pa.array(range(first, first + count), pa.int64())]),
        born=pa.concat_arrays([stored.born, pa.array([stored.version] * count, pa.int64())]),
        next_number=first + count,
    )


class RowStoreMetadata(ConnectorMetadata):
    """Names, facts and changes."""

    def __init__(self, catalog: str, store: RowStore) -> None:
        self._catalog = catalog
        self._store = store

    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        return sorted(self._store.schemas)

    def create_schema(
        self, session: ConnectorSession, schema: str, properties: Mapping[str, object], owner: str
    ) -> None:
        self._store.schemas.add(schema)

    def drop_schema(self, session: ConnectorSession, schema: str, cascade: bool) -> None:
        self._store.schemas.discard(schema)
        for names in (self._store.tables, self._store.views, self._store.materialized, self._store.refreshed):
            for name in [one for one in names if one.schema == schema]:
                del names[name]  # type: ignore[attr-defined]

    # tables
    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        found = self._store.tables.get(name)
        return None if found is None else RowTable(name, found.version)

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        return self._stored(table).definition

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        columns = self._stored(table).definition.columns
        return {column.name: RowColumn(place, column.type) for place, column in enumerate(columns)}

    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        found = {name: RelationKind.TABLE for name in self._store.tables if not name.table.endswith(STORAGE)}
        found |= dict.fromkeys(self._store.views, RelationKind.VIEW)
        found |= dict.fromkeys(self._store.materialized, RelationKind.MATERIALIZED_VIEW)
        return {name: kind for name, kind in found.items() if schema in (None, name.schema)}

    def create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> None:
        self._store.create(table)

    def drop_table(self, session: ConnectorSession, table: TableHandle) -> None:
        del self._store.tables[_table(table).name]

    def begin_create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> WriteHandle:
        return RowWrite(table.name, "create", definition=table)

    def finish_create_table(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        write = _write(handle)
        assert write.definition is not None
        self._store.create(write.definition)
        self._store.append(write.name, _rows(fragments, self._store.tables[write.name].rows.schema))

    def begin_insert(
        self, session: ConnectorSession, table: TableHandle, columns: Sequence[ColumnHandle]
    ) -> WriteHandle:
        return RowWrite(_table(table).name, "insert")

    def finish_insert(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        write = _write(handle)
        self._store.append(write.name, _rows(fragments, self._store.tables[write.name].rows.schema))

    def abort_write(self, session: ConnectorSession, handle: WriteHandle) -> None:
        self._store.aborted.append(_write(handle).kind)

    # rows
    def apply_delete(self, session: ConnectorSession, table: TableHandle) -> TableHandle | None:
        return table

    def execute_delete(self, session: ConnectorSession, table: TableHandle) -> int | None:
        count: int = self._stored(table).rows.num_rows
        self._store.empty(_table(table).name)
        return count

    def row_id_column(self, session: ConnectorSession, table: TableHandle) -> RowIdColumn:
        return RowIdColumn(RowColumn(None, ROW_ID), ROW_ID)

    def begin_row_changes(self, session: ConnectorSession, table: TableHandle) -> WriteHandle:
        return RowWrite(_table(table).name, "changes", _table(table).version)

    def finish_row_changes(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        write = _write(handle)
        pages = [batch for fragment in fragments for batch in pa.ipc.open_stream(fragment)]
        self._store.change(write.name, pages, write.version)

    # views
    def find_view(self, session: ConnectorSession, name: SchemaTableName) -> ViewDefinition | None:
        return self._store.views.get(name)

    def drop_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        del self._store.views[name]

    def create_view(
        self, session: ConnectorSession, name: SchemaTableName, view: ViewDefinition, replace: bool
    ) -> None:
        self._store.views[name] = view

    def find_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName
    ) -> MaterializedViewDefinition | None:
        return self._store.materialized.get(name)

    def create_materialized_view(
        self,
        session: ConnectorSession,
        name: SchemaTableName,
        view: MaterializedViewDefinition,
        save_mode: SaveMode,
    ) -> None:
        if name in self._store.materialized:
            if save_mode is SaveMode.IGNORE:
                return
            if save_mode is SaveMode.FAIL:
                raise LodestarError(ALREADY_EXISTS, f"Materialized view already exists: {name}")
            self.drop_materialized_view(session, name)
        storage = SchemaTableName(name.schema, name.table + STORAGE)
        columns = tuple(ColumnMetadata(column.name.lower(), column.type) for column in view.columns)
        self._store.create(TableMetadata(storage, columns))
        place = QualifiedName(self._catalog, storage.schema, storage.table)
        self._store.materialized[name] = replace(view, storage=place)

    def drop_materialized_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        storage = self._store.materialized.pop(name).storage
        assert storage is not None
        del self._store.tables[storage.schema_table]
        self._store.refreshed.pop(name, None)

    def rename_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName, new_name: SchemaTableName
    ) -> None:
        # The storage keeps its name: the definition knows it.
        self._store.materialized[new_name] = self._store.materialized.pop(name)
        if name in self._store.refreshed:
            self._store.refreshed[new_name] = self._store.refreshed.pop(name)

    def set_materialized_view_properties(
        self, session: ConnectorSession, name: SchemaTableName, properties: Mapping[str, object]
    ) -> None:
        view = self._store.materialized[name]
        self._store.materialized[name] = replace(view, properties={**view.properties, **properties})

    def set_materialized_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        view = self._store.materialized[name]
        columns = tuple(replace(one, comment=comment) if one.name == column else one for one in view.columns)
        self._store.materialized[name] = replace(view, columns=columns)

    def materialized_view_freshness(
        self, session: ConnectorSession, name: SchemaTableName
    ) -> MaterializedViewFreshness:
        last = self._store.refreshed.get(name)
        if last is None or not (last.sources or last.foreign):
            return MaterializedViewFreshness(Freshness.STALE)
        tables = self._store.tables
        if any(one not in tables or tables[one].version != version for one, version in last.sources):
            return MaterializedViewFreshness(Freshness.STALE, last.at)
        if last.foreign:
            return MaterializedViewFreshness(Freshness.UNKNOWN, last.at)
        return MaterializedViewFreshness(Freshness.FRESH)

    def begin_refresh_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName, storage: TableHandle, sources: RefreshSources
    ) -> RefreshTarget:
        seen = tuple((_table(one).name, _table(one).version) for one in sources.tables)
        last = self._store.refreshed.get(name)
        tables = sources.tables
        kind = "refresh"
        if (
            last is not None
            and sources.row_wise
            and not sources.foreign_tables
            and len(tables) == 1 == len(last.sources)
        ):
            ((known, version),) = last.sources
            one = _table(tables[0])
            if known == one.name and self._stored(one).appended_only_since <= version:
                kind, tables = "append", (replace(one, since=version),)
        write = RowWrite(
            _table(storage).name,
            kind,
            view=name,
            sources=seen,
            foreign=sources.foreign_tables,
        )
        return RefreshTarget(write, tables)

    def finish_refresh_materialized_view(
        self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]
    ) -> None:
        write = _write(handle)
        if write.kind == "refresh":
            self._store.empty(write.name)
        self._store.append(write.name, _rows(fragments, self._store.tables[write.name].rows.schema))
        assert write.view is not None
        self._store.refreshed[write.view] = Refreshed(write.sources, write.foreign, self._store.now())

    def _stored(self, table: TableHandle) -> Stored:
        return self._store.history[_table(table).name, _table(table).version]


class RowStoreConnector(Connector):
    """The catalog `catalog`."""

    def __init__(self, catalog: str) -> None:
        self.store = RowStore()
        self._metadata = RowStoreMetadata(catalog, self.store)

    supports_not_null_columns = True
    supports_grace_period = True

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        return self._metadata

    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        return (Split(),)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        found = _table(table)
        return _Rows(self.store.history[found.name, found.version], found.since, columns)

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        return _Sink()


class _Rows(PageSource):
    def __init__(self, stored: Stored, since: int | None, columns: Sequence[ColumnHandle]) -> None:
        self._stored = stored
        self._since = since
        self._columns = columns

    def pages(self) -> Iterator[pa.RecordBatch]:
        stored = self._stored
        chosen = pc.greater(stored.born, -1 if self._since is None else self._since)
        if not self._columns:
            yield empty_columns_page(pc.sum(chosen).as_py() or 0)
            return
        arrays = [self._array(column).filter(chosen) for column in self._columns]
        yield pa.RecordBatch.from_arrays(arrays, [f"c{i}" for i in range(len(arrays))])

    def _array(self, column: ColumnHandle) -> pa.Array:
        assert isinstance(column, RowColumn)
        if column.place is not None:
            return pa.concat_arrays(
                self._stored.rows.column(column.place).chunks or [pa.array([], arrow_type(column.type))]
            )
        names = pa.array([str(self._stored.definition.name)] * len(self._stored.numbers), pa.string())
        return pa.StructArray.from_arrays([names, self._stored.numbers], ["f0", "f1"])


class _Sink(PageSink):
    def __init__(self) -> None:
        self._pages: list[pa.RecordBatch] = []

    def append(self, page: pa.RecordBatch) -> None:
        self._pages.append(page)
        self.written_bytes += page.nbytes

    def finish(self) -> list[bytes]:
        if not self._pages:
            return []
        out = pa.BufferOutputStream()
        with pa.ipc.new_stream(out, self._pages[0].schema) as writer:
            for page in self._pages:
                writer.write_batch(page)
        return [out.getvalue().to_pybytes()]


def _rows(fragments: Sequence[bytes], schema: pa.Schema) -> pa.Table:
    pages = [batch for fragment in fragments for batch in pa.ipc.open_stream(fragment)]
    return pa.Table.from_batches([pa.RecordBatch.from_arrays(page.columns, schema=schema) for page in pages], schema)


def _table(handle: TableHandle) -> RowTable:
    assert isinstance(handle, RowTable)
    return handle


def _write(handle: WriteHandle) -> RowWrite:
    assert isinstance(handle, RowWrite)
    return handle
