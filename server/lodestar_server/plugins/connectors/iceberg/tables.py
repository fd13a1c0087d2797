"""Tables of a catalog: the metastore's entry names the current metadata file, a commit replaces it by the next.

Metadata files, manifest lists and manifests never change once written, so they are kept parsed. What a commit has
written stays unseen until the metastore's entry is swapped, under its lock and only from the file the commit was based
on; a commit that meets another one is made again from the newer metadata.
"""

from __future__ import annotations

import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.iceberg.cache import BoundedCache
from lodestar_server.plugins.connectors.iceberg.catalogs.interface import (
    METADATA_LOCATION,
    Catalog,
    CatalogWithViews,
    CommitConflict,
    SelfWritingCatalog,
)
from lodestar_server.plugins.connectors.iceberg.config import IcebergConfig
from lodestar_server.plugins.connectors.iceberg.creations import Creation, Creations
from lodestar_server.plugins.connectors.iceberg.errors import (
    ICEBERG_COMMIT_ERROR,
    ICEBERG_INVALID_METADATA,
    ICEBERG_MISSING_METADATA,
)
from lodestar_server.plugins.connectors.iceberg.format.manifests import (
    Entry,
    Manifest,
    read_manifest,
    read_manifest_list,
)
from lodestar_server.plugins.connectors.iceberg.format.metadata import (
    Snapshot,
    TableMetadata,
    read_metadata,
    write_metadata,
)
from lodestar_server.plugins.connectors.iceberg.types import hive_type
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, name_of, parent_of
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown
from lodestar_server.plugins.toolkit.metastore.model import Database, HiveColumn, Table, TableType
from lodestar_server.plugins.toolkit.metastore.partition_names import escape_name
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.values import frozen

PREVIOUS_LOCATION = "previous_metadata_location"
TABLE_TYPE = "table_type"
COMMENT = "comment"
RETRIES = "commit.retry.num-retries"
METADATA_PATH = "write.metadata.path"
PREVIOUS_VERSIONS = "write.metadata.previous-versions-max"
DELETE_AFTER_COMMIT = "write.metadata.delete-after-commit.enabled"
_ORIGINAL_FORMAT = {
    "serde": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    "inputFormat": "org.apache.hadoop.mapred.FileInputFormat",
    "outputFormat": "org.apache.hadoop.mapred.FileOutputFormat",
}
_VERSION = re.compile(r"v?(\d+)[-.].*")
_ENTRIES_PER_FILE = 20
"""How many entries of manifests are kept for each file that may be kept."""

Update = Callable[[TableMetadata], TableMetadata]


_LOCKS = 64
"""Tables share locks; who waits for another table's commit waits for some files."""


@frozen
class LoadedTable:
    """A table as it was when it was asked for."""

    name: SchemaTableName
    entry: Table
    location: str
    metadata: TableMetadata


class IcebergTables:
    """Thread-safe."""

    def __init__(self, files: FileSystem, metastore: Catalog, config: IcebergConfig) -> None:
        self.files = files
        self.metastore = metastore
        self.views = metastore.views if isinstance(metastore, CatalogWithViews) else None
        self._writer = metastore if isinstance(metastore, SelfWritingCatalog) else None
        self._config = config
        self._committing = tuple(threading.RLock() for _ in range(_LOCKS))
        self._creations = Creations(files, metastore)
        entries = config.metadata_cache_entries
        self._metadata: BoundedCache[str, TableMetadata] = BoundedCache(entries)
        self._lists: BoundedCache[str, tuple[Manifest, ...]] = BoundedCache(entries)
        self._entries: BoundedCache[tuple[str, int], tuple[Entry, ...]] = BoundedCache(
            entries * _ENTRIES_PER_FILE, lambda one: len(one) + 1
        )

    @property
    def loads_whole_tables(self) -> bool:
        """The catalog gives a table's metadata with its entry."""
        return self._writer is not None

    # reading
    def find(self, name: SchemaTableName) -> LoadedTable | None:
        """None when there is no such table, or it is a view or not Iceberg's.

        Raises: ICEBERG_MISSING_METADATA, ICEBERG_INVALID_METADATA.
        """
        if self._writer is not None:
            published = self._writer.find_published(name)
            if published is None:
                return None
            self._metadata.put(published.location, published.metadata)
            return LoadedTable(name, published.entry(name), published.location, published.metadata)
        entry = self.metastore.find_table(name)
        return None if entry is None or not is_iceberg(entry) else self._loaded(name, entry)

    def find_storage(self, name: SchemaTableName) -> LoadedTable | None:
        """The table that holds the rows of a materialized view."""
        entry = self.metastore.find_table(name)
        if entry is None or METADATA_LOCATION not in entry.parameters:
            return None
        return self._loaded(name, entry)

    def _loaded(self, name: SchemaTableName, entry: Table) -> LoadedTable:
        location = entry.parameters.get(METADATA_LOCATION)
        if location is None:
            raise LodestarError(ICEBERG_INVALID_METADATA, f"Table is missing [{METADATA_LOCATION}] property: {name}")
        return LoadedTable(name, entry, location, self.metadata_at(location, name))

    def metadata_at(self, location: str, name: SchemaTableName) -> TableMetadata:
        """The content of a metadata file. Raises: ICEBERG_MISSING_METADATA, ICEBERG_INVALID_METADATA."""
        return self._metadata.load(location, lambda: self._read_metadata(location, name))

    def _read_metadata(self, location: str, name: SchemaTableName) -> TableMetadata:
        content = self.files.read(location)
        if content is None:
            raise LodestarError(ICEBERG_MISSING_METADATA, f"Metadata not found in metadata location for table {name}")
        try:
            return read_metadata(content)
        except (ValueError, KeyError, TypeError, OSError) as fault:
            raise LodestarError(ICEBERG_INVALID_METADATA, f"Invalid metadata file for table {name}") from fault

    def manifests(self, snapshot: Snapshot) -> tuple[Manifest, ...]:
        """Those of a snapshot."""
        if snapshot.manifest_list is None:
            return tuple(self._described(path) for path in snapshot.manifests)
        location = snapshot.manifest_list
        return self._lists.load(location, lambda: tuple(self._parsed(read_manifest_list, location)))

    def _described(self, path: str) -> Manifest:
        info = self.files.find(path)
        return Manifest(path, 0 if info is None else info.size, 0, 0, 0, 0, 0, None, None, None, None, None, None)

    def entries(self, manifest: Manifest, metadata: TableMetadata) -> tuple[Entry, ...]:
        """Files of a manifest, deleted ones too."""
        spec = metadata.spec_of(manifest.spec_id)
        results = [
            field.transform.result_type(source)
            for field, source in zip(spec.fields, metadata.spec_types(spec), strict=True)
        ]
        # The same manifest may be in two lists with another sequence number only when it is copied; not so here.
        return self._entries.load(
            (manifest.path, manifest.sequence_number),
            lambda: tuple(self._parsed(lambda content: read_manifest(content, manifest, spec, results), manifest.path)),
        )

    def _parsed(self, parse: Callable[[bytes], Sequence[Any]], location: str) -> Sequence[Any]:
        content = self.files.read(location)
        if content is None:
            raise LodestarError(ICEBERG_MISSING_METADATA, f"Metadata file is missing: {location}")
        try:
            return parse(content)
        except (ValueError, KeyError, TypeError, EOFError, IndexError) as fault:
            raise LodestarError(ICEBERG_INVALID_METADATA, f"Invalid metadata file: {location}") from fault

    # places
    def default_location(self, name: SchemaTableName, schema_location: str) -> str:
        """For a new table."""
        suffix = f"-{uuid.uuid4().hex}" if self._config.unique_table_location else ""
        return child_of(schema_location, escape_name(name.table) + suffix)

    def begin_creation(self, schema_location: str, name: SchemaTableName, location: str) -> Creation | None:
        """None where the place may be somebody else's before, or after, and where keys open the table's place alone."""
        if not self._config.unique_table_location or (self._writer is not None and self._writer.lends_keys):
            return None
        return self._creations.begin(schema_location, name, location)

    def schema_location(self, database: Database) -> str:
        """Where tables of a schema are."""
        if database.location:
            return database.location.rstrip("/")
        return parent_of(self.metastore.table_directory(SchemaTableName(database.name, "t")))

    # changing
    def prepare(self, name: SchemaTableName, metadata: TableMetadata) -> None:
        """Files of a table that is to be made will be written."""
        if self._writer is not None:
            self._writer.prepare(name, metadata)

    def create(self, name: SchemaTableName, metadata: TableMetadata, user: str) -> None:
        """Raises: TABLE_ALREADY_EXISTS and what else the metastore raises."""
        if self._writer is not None:
            published = self._writer.publish_new(name, metadata)
            self._metadata.put(published.location, published.metadata)
            return
        location = self._write(metadata, None)
        table = Table(
            name,
            user,
            TableType.EXTERNAL_TABLE,
            hive_columns(metadata),
            parameters={
                "EXTERNAL": "TRUE",
                TABLE_TYPE: "ICEBERG",
                METADATA_LOCATION: location,
                **_described(metadata),
            },
            original_format=_ORIGINAL_FORMAT,
            location=metadata.location,
        )
        try:
            self.metastore.create_table(table, None, user)
        except OutcomeUnknown:
            # The entry may name the file.
            raise
        except LodestarError:
            self.files.delete_file(location)
            raise

    def take_over(self, entry: Table, metadata: TableMetadata) -> None:
        """A table of Hive becomes this one. Raises: ICEBERG_COMMIT_ERROR when somebody has changed it meanwhile."""
        location = self._write(metadata, None)

        def change(now: Table) -> Table:
            if now != entry:
                raise LodestarError(ICEBERG_COMMIT_ERROR, f"Table was changed while it was migrated: {entry.name}")
            known = {TABLE_TYPE: "ICEBERG", METADATA_LOCATION: location, **_described(metadata)}
            return replace(now, parameters={**now.parameters, **known})

        try:
            self.metastore.alter_table(entry.name, change)
        except OutcomeUnknown:
            raise
        except LodestarError:
            self.files.delete_file(location)
            raise

    def register(self, name: SchemaTableName, location: str, metadata: TableMetadata, user: str) -> None:
        """A table over metadata that is there already."""
        table = Table(
            name,
            user,
            TableType.EXTERNAL_TABLE,
            hive_columns(metadata),
            parameters={
                "EXTERNAL": "TRUE",
                TABLE_TYPE: "ICEBERG",
                METADATA_LOCATION: location,
                **_described(metadata),
            },
            original_format=_ORIGINAL_FORMAT,
            location=metadata.location,
        )
        self.metastore.create_table(table, None, user)

    def commit(self, name: SchemaTableName, update: Update, *, storage: bool = False) -> TableMetadata:
        """Replace the metadata by what `update` makes of it; `update` may be called several times.

        `storage`: of a materialized view. Raises: ICEBERG_COMMIT_ERROR when others are always faster,
        ICEBERG_MISSING_METADATA when the table is gone, and what `update` raises.
        """
        # Changes of this server wait for each other, so that only other servers are a reason to try again.
        with self._committing[hash(name) % len(self._committing)]:
            return self._commit(name, update, storage=storage)

    def _commit(self, name: SchemaTableName, update: Update, *, storage: bool) -> TableMetadata:
        attempt = 0
        while True:
            base = self.find_storage(name) if storage else self.find(name)
            if base is None:
                raise LodestarError(ICEBERG_MISSING_METADATA, f"Table {name} does not exist any more")
            made = update(base.metadata)
            if made is base.metadata:
                return made
            try:
                return self._swap(base, made)
            except CommitConflict:
                retries = int(base.metadata.properties.get(RETRIES, "4"))
                if attempt >= retries:
                    raise LodestarError(
                        ICEBERG_COMMIT_ERROR, f"Failed to commit to table {name}: too many concurrent changes"
                    ) from None
            # Everybody who lost at the same time comes back at another.
            time.sleep(random.uniform(0, 0.1 * 2 ** min(attempt, 4)))
            attempt += 1

    def _swap(self, base: LoadedTable, made: TableMetadata) -> TableMetadata:
        if self._writer is not None:
            published = self._writer.publish_change(base.name, base.metadata, made)
            self._metadata.put(published.location, published.metadata)
            return published.metadata
        made = with_log(base, made)
        location = self._write(made, base.location)

        def swapped(entry: Table) -> Table:
            if entry.parameters.get(METADATA_LOCATION) != base.location:
                raise CommitConflict
            kept = {
                key: value
                for key, value in entry.parameters.items()
                if entry.is_view or key not in (COMMENT, "current-snapshot-id", "current-snapshot-timestamp-ms")
            }
            described = {} if entry.is_view else _described(made)
            return replace(
                entry,
                columns=entry.columns if entry.is_view else hive_columns(made),
                parameters={**kept, METADATA_LOCATION: location, PREVIOUS_LOCATION: base.location, **described},
                location=entry.location if entry.is_view else made.location,
            )

        try:
            self.metastore.alter_table(base.name, swapped)
        except CommitConflict:
            # After anything else the entry may name the file; one that nobody names does no harm.
            self.files.delete_file(location)
            raise
        self._metadata.put(location, made)
        if made.properties.get(DELETE_AFTER_COMMIT, "false").lower() == "true":
            kept = {one["metadata-file"] for one in made.metadata_log}
            for one in base.metadata.metadata_log:
                if one["metadata-file"] not in kept:
                    self.files.delete_file(one["metadata-file"])
        return made

    def write_new(self, metadata: TableMetadata) -> str:
        """The first metadata file of a table that is not in the metastore yet; its location."""
        return self._write(metadata, None)

    def _write(self, metadata: TableMetadata, previous: str | None) -> str:
        match = _VERSION.match(name_of(previous)) if previous else None
        version = int(match[1]) + 1 if match else 0
        home = metadata.properties.get(METADATA_PATH) or child_of(metadata.location, "metadata")
        location = child_of(home, f"{version:05d}-{uuid.uuid4()}.metadata.json")
        self.files.write(location, write_metadata(metadata))
        return location

    def forget(self) -> None:
        """Everything that is kept."""
        for cache in (self._metadata, self._lists, self._entries):
            cache.clear()


def is_iceberg(entry: Table) -> bool:
    """The metastore's table is one of Iceberg."""
    return not entry.is_view and entry.parameters.get(TABLE_TYPE, "").lower() == "iceberg"


def hive_columns(metadata: TableMetadata) -> tuple[HiveColumn, ...]:
    """Columns for readers that look into the metastore only."""
    return tuple(HiveColumn(one.name, hive_type(one.type), one.doc) for one in metadata.schema.columns)


def _described(metadata: TableMetadata) -> Mapping[str, str]:
    found = {}
    if COMMENT in metadata.properties:
        found[COMMENT] = metadata.properties[COMMENT]
    snapshot = metadata.current_snapshot
    if snapshot is not None:
        found["current-snapshot-id"] = str(snapshot.id)
        found["current-snapshot-timestamp-ms"] = str(snapshot.timestamp_ms)
    return found


def with_log(base: LoadedTable, made: TableMetadata) -> TableMetadata:
    """With a line about the metadata file that it replaces."""
    line = {"timestamp-ms": base.metadata.last_updated_ms, "metadata-file": base.location}
    kept = int(made.properties.get(PREVIOUS_VERSIONS, "100"))
    log = (*base.metadata.metadata_log, line)[-kept:]
    # Time goes on between two versions, whatever the clock says.
    now = max(int(time.time() * 1000), base.metadata.last_updated_ms, made.last_updated_ms)
    return replace(made, metadata_log=log, last_updated_ms=now)
