"""One transaction: what it has read of a table stays as it was, until it changes the table itself.

Each change is committed by itself, at once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from lodestar_server.plugins.connectors.iceberg.creations import Creation
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.view_metadata import ViewMetadata
from lodestar_server.plugins.connectors.iceberg.snapshots import Change, SnapshotWriter
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables, LoadedTable, Update
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.spi.connector import TableMetadata as DefinedTable
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import PageSink
from lodestar_server.spi.predicate import TupleDomain


@dataclass(slots=True)
class OpenWrite:
    """A write that has begun. `base`: the metadata that its files are made for; of a table to be made or replaced,
    the first metadata. `location`: of the metadata file, None for a new table. `sinks`: all that write for it.
    `creation`: of a table at a place of its own."""

    base: TableMetadata
    location: str | None = None
    replaces: bool = False
    definition: DefinedTable | None = None
    snapshot_id: int | None = None
    removed: frozenset[str] = frozenset()
    summary: dict[str, str] = field(default_factory=dict)
    predicate: TupleDomain = TupleDomain(())  # noqa: RUF009 - a frozen value
    sinks: list[PageSink] = field(default_factory=list)
    creation: Creation | None = None


class IcebergTransaction:
    """Thread-safe for reading."""

    def __init__(self, tables: IcebergTables) -> None:
        self.tables = tables
        self.writes: dict[str, OpenWrite] = {}
        self._snapshots = SnapshotWriter(tables)
        self._lock = threading.RLock()
        self._loaded: dict[SchemaTableName, LoadedTable | None] = {}
        self._failures: dict[SchemaTableName, LodestarError] = {}
        self._entries: dict[SchemaTableName, Table | None] = {}
        self._views: dict[SchemaTableName, ViewMetadata | None] = {}

    def add_sink(self, write_id: str, sink: PageSink) -> None:
        """A sink that has to go with its write."""
        with self._lock:
            opened = self.writes.get(write_id)
            if opened is not None:
                opened.sinks.append(sink)

    def find_entry(self, name: SchemaTableName) -> Table | None:
        """The metastore's entry: a table or view."""
        with self._lock:
            if self.tables.loads_whole_tables:
                loaded = self.find(name)
                return None if loaded is None else loaded.entry
            if name not in self._entries:
                self._entries[name] = self.tables.metastore.find_table(name)
            return self._entries[name]

    def find_view(self, name: SchemaTableName) -> ViewMetadata | None:
        """A view of a catalog that has views beside its tables, as this transaction sees it."""
        views = self.tables.views
        if views is None or "$" in name.table or self.find_entry(name) is not None:
            return None
        with self._lock:
            if name not in self._views:
                self._views[name] = views.find_view(name)
            return self._views[name]

    def find(self, name: SchemaTableName) -> LoadedTable | None:
        """The table as this transaction sees it."""
        with self._lock:
            if name in self._failures:
                # What has failed once goes on failing: a statement that took the table for damaged must not meet a
                # whole one later.
                raise self._failures[name]
            if name not in self._loaded:
                try:
                    self._loaded[name] = self.tables.find(name)
                except LodestarError as failure:
                    self._failures[name] = failure
                    raise
            return self._loaded[name]

    def commit(self, name: SchemaTableName, update: Update, *, storage: bool = False) -> TableMetadata:
        """Change a table at once."""
        self.forget(name)
        return self.tables.commit(name, update, storage=storage)

    def commit_change(self, name: SchemaTableName, change: Change, *, storage: bool = False) -> TableMetadata:
        """One more snapshot, at once."""
        return self.commit(name, self._snapshots.update(change), storage=storage)

    def apply(self, base: TableMetadata, change: Change) -> TableMetadata:
        """One more snapshot of metadata that nobody sees yet."""
        return self._snapshots.apply(base, change)

    def forget(self, *names: SchemaTableName) -> None:
        """Look again."""
        with self._lock:
            for name in names:
                self._loaded.pop(name, None)
                self._failures.pop(name, None)
                self._entries.pop(name, None)
                self._views.pop(name, None)

    def forget_all(self) -> None:
        """Look at everything again."""
        with self._lock:
            self._loaded.clear()
            self._failures.clear()
            self._entries.clear()
            self._views.clear()
