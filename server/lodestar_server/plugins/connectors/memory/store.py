"""All that a memory catalog holds: schemas, tables with their pages, views.

Thread-safe; changes are whole or not at all.

Readers take the tuple of a table's pages once; writers collect pages aside and publish them with one assignment.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from lodestar_server.plugins.connectors.memory.errors import MEMORY_LIMIT_EXCEEDED
from lodestar_server.spi.connector import ColumnMetadata, LanguageFunction, RelationKind, ViewDefinition
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    GENERIC_INTERNAL_ERROR,
    NOT_FOUND,
    SCHEMA_NOT_EMPTY,
    TABLE_NOT_FOUND,
    ErrorCode,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.values import frozen

DEFAULT_SCHEMA = "default"
SMALL_PAGE_ROWS = 8192
"""Pages that together have at most so many rows are joined when they are published."""


VIEW_ID = -1
"""The number of every view in a handle."""


@frozen
class MemoryPage:
    """Rows as they were written: arrays in the order of `columns` (column numbers)."""

    columns: tuple[int, ...]
    batch: pa.RecordBatch


@frozen
class MemoryTable:
    """A table. A column's number is its place here; columns are never removed."""

    table_id: int
    name: SchemaTableName
    columns: tuple[ColumnMetadata, ...]
    comment: str | None = None
    pages: tuple[MemoryPage, ...] = ()

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(page.batch.num_rows for page in self.pages)

    @property
    def size_bytes(self) -> int:
        """What they take."""
        return sum(page.batch.nbytes for page in self.pages)


class MemoryStore:
    """The catalog's content."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._schemas: dict[str, None] = {DEFAULT_SCHEMA: None}
        self._tables: dict[int, MemoryTable] = {}
        self._ids: dict[SchemaTableName, int] = {}
        self._views: dict[SchemaTableName, ViewDefinition] = {}
        self._functions: dict[SchemaTableName, dict[str, LanguageFunction]] = {}
        self._pending: dict[int, tuple[MemoryTable, list[MemoryPage]]] = {}
        self._used_bytes = 0
        self._next = 0

    # schemas
    def schemas(self) -> list[str]:
        """All of them."""
        with self._lock:
            return list(self._schemas)

    def create_schema(self, name: str) -> None:
        """Raises: ALREADY_EXISTS."""
        with self._lock:
            if name in self._schemas:
                raise LodestarError(ALREADY_EXISTS, f"Schema [{name}] already exists")
            self._schemas[name] = None

    def drop_schema(self, name: str, cascade: bool) -> None:
        """Raises: NOT_FOUND, SCHEMA_NOT_EMPTY."""
        with self._lock:
            if name not in self._schemas:
                raise LodestarError(NOT_FOUND, f"Schema [{name}] does not exist")
            inside = [one for one in (*self._ids, *self._views) if one.schema == name]
            if inside and not cascade:
                raise LodestarError(SCHEMA_NOT_EMPTY, f"Schema not empty: {name}")
            for one in inside:
                self._views.pop(one, None)
                if one in self._ids:
                    self.drop_table(self._ids[one])
            for function in [one for one in self._functions if one.schema == name]:
                del self._functions[function]
            del self._schemas[name]

    def rename_schema(self, name: str, new_name: str) -> None:
        """Raises: NOT_FOUND."""
        with self._lock:
            if name not in self._schemas:
                raise LodestarError(NOT_FOUND, f"Schema {name} not found")
            self._schemas[new_name] = self._schemas.pop(name)
            for old in [one for one in self._ids if one.schema == name]:
                self._rename(self._ids[old], SchemaTableName(new_name, old.table))
            for old in [one for one in self._views if one.schema == name]:
                self._views[SchemaTableName(new_name, old.table)] = self._views.pop(old)

    # tables
    def relations(self, schema: str | None) -> dict[SchemaTableName, RelationKind]:
        """Tables and views of a schema or of all."""
        with self._lock:
            found = dict.fromkeys(self._ids, RelationKind.TABLE)
            found.update(dict.fromkeys(self._views, RelationKind.VIEW))
        return {name: kind for name, kind in found.items() if schema in (None, name.schema)}

    def find_table(self, name: SchemaTableName) -> MemoryTable | None:
        """The table under the name."""
        with self._lock:
            table_id = self._ids.get(name)
            return None if table_id is None else self._tables[table_id]

    def table(self, table_id: int, name: SchemaTableName) -> MemoryTable:
        """The table of a handle. Raises: TABLE_NOT_FOUND when it was dropped meanwhile."""
        if table_id == VIEW_ID:
            message = 'Cannot invoke "io.trino.plugin.memory.TableInfo.getMetadata()" because the return value of '
            raise LodestarError(GENERIC_INTERNAL_ERROR, f'{message}"java.util.Map.get(Object)" is null')
        table = self._tables.get(table_id)
        if table is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' not found")
        return table

    def change(self, table: MemoryTable, **changes: object) -> None:
        """Replace parts of a table's definition."""
        with self._lock:
            current = self.table(table.table_id, table.name)
            self._tables[table.table_id] = replace(current, **changes)  # type: ignore[arg-type]

    def rename_table(self, table_id: int, new_name: SchemaTableName) -> None:
        """Raises: NOT_FOUND without the schema, ALREADY_EXISTS."""
        with self._lock:
            self._check_free(new_name)
            self._rename(table_id, new_name)

    def drop_table(self, table_id: int) -> None:
        """Its pages are freed when the last reader is done."""
        with self._lock:
            table = self._tables.pop(table_id, None)
            if table is not None:
                del self._ids[table.name]
                self._used_bytes -= table.size_bytes

    def truncate(self, table_id: int) -> None:
        """No rows any more."""
        with self._lock:
            table = self._tables[table_id]
            self._used_bytes -= table.size_bytes
            self._tables[table_id] = replace(table, pages=())

    # writing
    def begin_create(
        self, name: SchemaTableName, columns: Sequence[ColumnMetadata], comment: str | None
    ) -> tuple[int, MemoryTable]:
        """A write into a table that does not exist yet. Raises: NOT_FOUND without the schema, ALREADY_EXISTS."""
        with self._lock:
            self._check_free(name)
            table = MemoryTable(self._number(), name, tuple(columns), comment)
            return self._begin(table), table

    def begin_insert(self, table: MemoryTable) -> int:
        """A write into a table."""
        with self._lock:
            return self._begin(table)

    def add(self, write_id: int, columns: tuple[int, ...], batch: pa.RecordBatch) -> None:
        """Keep a page for a write. Raises: MEMORY_LIMIT_EXCEEDED."""
        page = MemoryPage(columns, _own(batch))
        with self._lock:
            if self._used_bytes + page.batch.nbytes > self._max_bytes:
                raise LodestarError(
                    MEMORY_LIMIT_EXCEEDED, f"Memory limit [{int(self._max_bytes)}] for memory connector exceeded"
                )
            self._used_bytes += page.batch.nbytes
            self._pending[write_id][1].append(page)

    def publish(self, write_id: int, *, create: bool) -> None:
        """The rows of a write become visible, with their table if it is new.

        Raises: ALREADY_EXISTS, TABLE_NOT_FOUND.
        """
        with self._lock:
            table, pages = self._pending[write_id]
            if create:
                self._check_free(table.name)
                self._ids[table.name] = table.table_id
            else:
                table = self.table(table.table_id, table.name)
            del self._pending[write_id]
            before = table.size_bytes + sum(page.batch.nbytes for page in pages)
            table = replace(table, pages=_joined(table.pages, pages))
            self._used_bytes += table.size_bytes - before
            self._tables[table.table_id] = table

    def discard(self, write_id: int) -> None:
        """The write will not be published."""
        with self._lock:
            pending = self._pending.pop(write_id, None)
            if pending is not None:
                self._used_bytes -= sum(page.batch.nbytes for page in pending[1])

    # functions
    def functions(self, schema: str) -> list[tuple[SchemaTableName, LanguageFunction]]:
        """Those of a schema."""
        with self._lock:
            found = [(name, one) for name, overloads in self._functions.items() for one in overloads.values()]
        return [(name, one) for name, one in found if name.schema == schema]

    def put_function(self, name: SchemaTableName, function: LanguageFunction) -> None:
        """Create or replace an overload; as in Trino its schema need not exist."""
        with self._lock:
            self._functions.setdefault(name, {})[function.signature] = function

    def drop_function(self, name: SchemaTableName, signature: str) -> None:
        """Forget an overload."""
        with self._lock:
            overloads = self._functions.get(name, {})
            overloads.pop(signature, None)
            if not overloads:
                self._functions.pop(name, None)

    # views
    def find_view(self, name: SchemaTableName) -> ViewDefinition | None:
        """The view under the name."""
        return self._views.get(name)

    def require_view(self, name: SchemaTableName) -> ViewDefinition:
        """Raises: NOT_FOUND."""
        view = self._views.get(name)
        if view is None:
            raise LodestarError(NOT_FOUND, f"View '{name}' not found")
        return view

    def put_view(self, name: SchemaTableName, view: ViewDefinition, *, replace_it: bool) -> None:
        """Raises: NOT_FOUND without the schema, ALREADY_EXISTS."""
        with self._lock:
            if name in self._views and not replace_it:
                raise LodestarError(ALREADY_EXISTS, f"View already exists: {name}")
            if name not in self._views:
                self._check_free(name)
            self._views[name] = view

    def drop_view(self, name: SchemaTableName) -> None:
        """Raises: NOT_FOUND."""
        with self._lock:
            self.require_view(name)
            del self._views[name]

    def rename_view(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Raises: NOT_FOUND, ALREADY_EXISTS."""
        with self._lock:
            self.require_view(name)
            self._check_free(new_name)
            self._views[new_name] = self._views.pop(name)

    # inside, under the lock
    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _begin(self, table: MemoryTable) -> int:
        write_id = self._number_of_write()
        self._pending[write_id] = (table, [])
        return write_id

    def _number_of_write(self) -> int:
        return max(self._pending, default=-1) + 1

    def _check_free(self, name: SchemaTableName) -> None:
        if name.schema not in self._schemas:
            raise LodestarError(NOT_FOUND, f"Schema {name.schema} not found")
        taken: tuple[tuple[Mapping[SchemaTableName, object], str], ...] = ((self._ids, "Table"), (self._views, "View"))
        for names, word in taken:
            if name in names:
                code: ErrorCode = ALREADY_EXISTS
                raise LodestarError(code, f"{word} [{name}] already exists")

    def _rename(self, table_id: int, new_name: SchemaTableName) -> None:
        table = self._tables[table_id]
        del self._ids[table.name]
        self._ids[new_name] = table_id
        self._tables[table_id] = replace(table, name=new_name)


def _own(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch without what it holds on to: a small slice of a large batch is copied."""
    if batch.num_columns == 0 or batch.get_total_buffer_size() <= 2 * batch.nbytes + 4096:
        return batch
    return batch.take(pa.array(range(batch.num_rows), pa.int64()))


def _joined(pages: tuple[MemoryPage, ...], more: Iterable[MemoryPage]) -> tuple[MemoryPage, ...]:
    """`pages` and then `more`, small neighbours with the same columns in one page."""
    found = list(pages)
    for page in more:
        if page.batch.num_rows == 0:
            continue
        last = found[-1] if found else None
        if last and last.columns == page.columns and last.batch.num_rows + page.batch.num_rows <= SMALL_PAGE_ROWS:
            both = pa.Table.from_batches([last.batch, page.batch.rename_columns(last.batch.schema.names)])
            found[-1] = MemoryPage(page.columns, both.combine_chunks().to_batches()[0])
        else:
            found.append(page)
    return tuple(found)
