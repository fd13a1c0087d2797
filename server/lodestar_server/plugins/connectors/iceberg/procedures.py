"""ALTER TABLE … EXECUTE and CALL <catalog>.system.…: tables are tidied, rolled back, registered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.iceberg.adding import Source, data_files, failed, refuse_known, with_mapping
from lodestar_server.plugins.connectors.iceberg.changing import all_files
from lodestar_server.plugins.connectors.iceberg.config import IcebergConfig
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_INVALID_METADATA
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile, Status
from lodestar_server.plugins.connectors.iceberg.format.metadata import MAIN, Snapshot, TableMetadata
from lodestar_server.plugins.connectors.iceberg.fragments import read_fragments
from lodestar_server.plugins.connectors.iceberg.handles import (
    IcebergTableHandle,
    IcebergWriteHandle,
    WriteKind,
)
from lodestar_server.plugins.connectors.iceberg.hive_sources import hive_files
from lodestar_server.plugins.connectors.iceberg.migrating import migrate
from lodestar_server.plugins.connectors.iceberg.planning import FileTask, plan_files
from lodestar_server.plugins.connectors.iceberg.row_changes import IcebergRowChanges, RowConflicts
from lodestar_server.plugins.connectors.iceberg.scan import rewritten_tasks
from lodestar_server.plugins.connectors.iceberg.session import duration, one_of
from lodestar_server.plugins.connectors.iceberg.snapshots import Change, SnapshotWriter
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.plugins.connectors.iceberg.transaction import OpenWrite
from lodestar_server.plugins.toolkit.files import child_of, name_of
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import (
    GENERIC_INTERNAL_ERROR,
    INVALID_PROCEDURE_ARGUMENT,
    NOT_FOUND,
    PERMISSION_DENIED,
    PROCEDURE_CALL_FAILED,
    SCHEMA_NOT_FOUND,
    UNSUPPORTED_TABLE_TYPE,
    LodestarError,
)
from lodestar_server.spi.handles import TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.procedures import Procedure, ProcedureArgument, TableProcedure
from lodestar_server.spi.properties import DataSize, Duration, PropertyMetadata
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import BIGINT, VARCHAR, MapType
from lodestar_server.spi.values import frozen

Arguments = Mapping[str, Any]

OPTIMIZE = "OPTIMIZE"
_MIN_KEPT = "history.expire.min-snapshots-to-keep"


@frozen
class _Threshold:
    """A duration, and its text in the unit that it was given in."""

    seconds: float
    shown: str


def _threshold(text: str) -> _Threshold:
    seconds = Duration.parse(text)
    number = text.strip().rstrip("abcdefghijklmnopqrstuvwxyz")
    return _Threshold(float(seconds), f"{float(number):.2f}{text.strip()[len(number) :]}")


_RETENTION = PropertyMetadata(
    "retention_threshold",
    "Only snapshots older than threshold should be removed",
    VARCHAR,
    _threshold("7d"),
    decode=_threshold,
)
_RECURSIVE = PropertyMetadata(
    "recursive_directory", "Recursive directory", VARCHAR, "FAIL", decode=one_of(("TRUE", "FALSE", "FAIL"))
)
_TIDIED_VERSION = 2
TABLE_PROCEDURES: Sequence[TableProcedure] = (
    TableProcedure(
        OPTIMIZE,
        (
            PropertyMetadata(
                "file_size_threshold",
                "Only compact files smaller than given threshold in bytes",
                VARCHAR,
                DataSize.parse("100MB"),
                decode=DataSize.parse,
            ),
        ),
        rewrites=True,
    ),
    TableProcedure("OPTIMIZE_MANIFESTS"),
    TableProcedure("DROP_EXTENDED_STATS"),
    TableProcedure("ROLLBACK_TO_SNAPSHOT", (PropertyMetadata("snapshot_id", "Snapshot ID", BIGINT),)),
    TableProcedure("EXPIRE_SNAPSHOTS", (_RETENTION,)),
    TableProcedure("REMOVE_ORPHAN_FILES", (_RETENTION,)),
    TableProcedure(
        "ADD_FILES",
        (
            PropertyMetadata("location", "location", VARCHAR),
            PropertyMetadata("format", "File format", VARCHAR, decode=one_of(("ORC", "PARQUET", "AVRO"))),
            _RECURSIVE,
        ),
    ),
    TableProcedure(
        "ADD_FILES_FROM_TABLE",
        (
            PropertyMetadata("schema_name", "Source schema name", VARCHAR),
            PropertyMetadata("table_name", "Source table name", VARCHAR),
            PropertyMetadata("partition_filter", "Partition filter", MapType(VARCHAR, VARCHAR)),
            _RECURSIVE,
        ),
    ),
)


class IcebergTableProcedures(IcebergRowChanges):
    """Each is one commit, or none."""

    def execute_on_table(
        self, session: ConnectorSession, table: TableHandle, procedure: str, arguments: Arguments
    ) -> None:
        """See `TABLE_PROCEDURES`."""
        assert isinstance(table, IcebergTableHandle)
        match procedure:
            case "OPTIMIZE_MANIFESTS":
                self._optimize_manifests(session, table)
            case "DROP_EXTENDED_STATS":
                self._transaction.commit(table.name, lambda base: replace(base, statistics=()))
            case "ROLLBACK_TO_SNAPSHOT":
                self._roll_back(table.name, arguments["snapshot_id"])
            case "EXPIRE_SNAPSHOTS":
                self._check_version(table, procedure)
                kept = self._retention(session, arguments, "expire_snapshots")
                self._expire_snapshots(table.name, int((session.start.timestamp() - kept) * 1000))
            case "REMOVE_ORPHAN_FILES":
                self._check_version(table, procedure)
                kept = self._retention(session, arguments, "remove_orphan_files")
                self._remove_orphans(table, int((session.start.timestamp() - kept) * 1e9))
            case "ADD_FILES":
                if not self._config.add_files:
                    raise LodestarError(PERMISSION_DENIED, "add_files procedure is disabled")
                self._add_files(table, arguments)
            case _:
                self._add_files_from_table(table, arguments)

    # files that are there already
    def _add_files(self, table: IcebergTableHandle, arguments: Arguments) -> None:
        _require(arguments, "location", "format")
        metadata, _ = self._seen(table)
        if metadata.spec.fields:
            raise _wrong("The procedure does not support partitioned tables")
        source = Source(arguments["location"], arguments["format"])
        files = data_files(self._tables, metadata, [source], arguments["recursive_directory"], Visible())
        self._append(table.name, metadata, files)

    def _add_files_from_table(self, table: IcebergTableHandle, arguments: Arguments) -> None:
        _require(arguments, "schema_name", "table_name")
        metadata, _ = self._seen(table)
        source = SchemaTableName(arguments["schema_name"].lower(), arguments["table_name"].lower())
        chosen, recursive = arguments["partition_filter"], arguments["recursive_directory"]
        self._append(table.name, metadata, hive_files(self._tables, source, metadata, chosen, recursive))

    def _append(self, name: SchemaTableName, metadata: TableMetadata, files: Sequence[DataFile]) -> None:
        if not files:
            return
        spec_id = metadata.spec.id
        unknown = refuse_known(self._tables, files)

        def check(base: TableMetadata) -> None:
            if base.spec.id != spec_id:
                raise failed("The partitioning of the table was changed meanwhile")
            unknown(base)

        append = SnapshotWriter(self._tables).update(Change("append", files, check=check))
        self._transaction.commit(name, lambda base: with_mapping(append(base)))

    def _check_version(self, table: IcebergTableHandle, procedure: str) -> None:
        """Raises: NOT_SUPPORTED for formats whose files it may not know all of."""
        version = self._seen(table)[0].format_version
        if version > _TIDIED_VERSION:
            not_supported(
                f"{procedure} is not supported for Iceberg table format version > {_TIDIED_VERSION}. "
                f"Table {table.name} format version is {version}."
            )

    def _retention(self, session: ConnectorSession, arguments: Arguments, name: str) -> float:
        given: _Threshold = arguments["retention_threshold"]
        least = duration(session, f"{name}_min_retention")
        if given.seconds < least:
            key = f"iceberg.{name.replace('_', '-')}.min-retention"
            raise LodestarError(
                INVALID_PROCEDURE_ARGUMENT,
                f"Retention specified ({given.shown}) is shorter than the minimum retention configured in the system "
                f"({least}). Minimum retention can be changed with {key} configuration property or "
                f"iceberg.{name}_min_retention session property",
            )
        return given.seconds

    def _roll_back(self, name: SchemaTableName, snapshot_id: int | None) -> None:
        def update(base: TableMetadata) -> TableMetadata:
            return rolled_back(base, snapshot_id)

        self._transaction.commit(name, update)

    def _optimize_manifests(self, session: ConnectorSession, table: IcebergTableHandle) -> None:
        metadata, _ = self._seen(table)
        snapshot = metadata.current_snapshot
        manifests = () if snapshot is None else self._tables.manifests(snapshot)
        if len(manifests) > 1:
            change = Change("replace", summary=self._who(session), rewrite_manifests=True)
            self._transaction.commit_change(table.name, change)

    # snapshots
    def _expire_snapshots(self, name: SchemaTableName, before_ms: int) -> None:
        gone: set[str] = set()

        def update(base: TableMetadata) -> TableMetadata:
            made = without_old_snapshots(base, before_ms)
            gone.clear()
            if made is not base:
                gone.update(reachable(self._tables, base) - reachable(self._tables, made))
            return made

        self._transaction.commit(name, update)
        for path in gone:
            with suppress(LodestarError):
                self._tables.files.delete_file(path)

    def _remove_orphans(self, table: IcebergTableHandle, before_nanos: int) -> None:
        loaded = self._tables.find(table.name)
        if loaded is None or loaded.metadata.current_snapshot is None:
            return
        metadata = loaded.metadata
        known = {name_of(path) for path in (*all_files(self._tables, metadata), loaded.location)}
        known.add("version-hint.text")
        for directory in ("metadata", "data"):
            for info in self._tables.files.list_recursively(child_of(metadata.location, directory)):
                if info.name not in known and info.modified_nanos < before_nanos:
                    self._tables.files.delete_file(info.location)

    # rewriting
    def begin_table_execute(
        self, session: ConnectorSession, table: TableHandle, procedure: str, arguments: Arguments
    ) -> tuple[WriteHandle, TableHandle]:
        """OPTIMIZE: small files, and those with deletes, are read and written again."""
        assert isinstance(table, IcebergTableHandle)
        metadata, _ = self._seen(table)
        self._check_version(table, procedure)
        if table.versioned:
            not_supported(f"Cannot execute table procedure {procedure} on old snapshot {table.snapshot_id}")
        read = replace(table, max_file_size=int(arguments["file_size_threshold"]), for_analyze=True)
        opened = OpenWrite(metadata, table.metadata_location, snapshot_id=table.snapshot_id)
        snapshot = metadata.snapshot(table.snapshot_id)
        if snapshot is not None:
            everything = plan_files(self._tables, metadata, snapshot, TupleDomain.all(), TupleDomain.all())
            chosen = plan_files(self._tables, metadata, snapshot, table.enforced, table.enforced)
            chosen = rewritten_tasks(chosen, read.max_file_size or 0, metadata.spec.id)
            opened.removed = frozenset({task.file.path for task in chosen} | _done_deletes(everything, chosen))
            opened.predicate = table.enforced
        return self._open(session, table.name, opened, WriteKind.OPTIMIZE), read

    def finish_table_execute(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """The same rows in other files. Raises: ICEBERG_COMMIT_ERROR when rows of them were deleted meanwhile."""
        assert isinstance(handle, IcebergWriteHandle)
        opened = self._transaction.writes.pop(handle.write_id)
        files = read_fragments(fragments).files
        if not opened.removed and not files:
            return
        start = opened.base.snapshot(opened.snapshot_id)
        assert start is not None, "there were files to rewrite"
        conflicts = RowConflicts(self._tables, opened, files, rewritten=opened.removed)
        change = Change(
            "replace",
            files,
            opened.removed,
            self._who(session),
            check=conflicts.check,
            sequence_number=start.sequence_number,
        )
        self._transaction.commit_change(handle.name, change)


def _done_deletes(everything: Sequence[FileTask], chosen: Sequence[FileTask]) -> set[str]:
    """Delete files that concern only files that are rewritten."""
    rewritten = {task.file.path for task in chosen}
    done = {one.path for task in chosen for _, one in task.deletes}
    for task in everything:
        if task.file.path not in rewritten:
            done -= {one.path for _, one in task.deletes}
    return done


def rolled_back(base: TableMetadata, snapshot_id: int | None) -> TableMetadata:
    """With an older snapshot as the current one. Raises: GENERIC_INTERNAL_ERROR for an unknown one."""
    snapshot = base.snapshot(snapshot_id)
    if snapshot is None:
        raise LodestarError(GENERIC_INTERNAL_ERROR, f"Cannot roll back to unknown snapshot id: {snapshot_id}")
    if snapshot.id == base.current_snapshot_id:
        return base
    import time

    now = max(int(time.time() * 1000), base.last_updated_ms)
    return replace(
        base,
        current_snapshot_id=snapshot.id,
        refs={**base.refs, MAIN: {**base.refs.get(MAIN, {}), "snapshot-id": snapshot.id, "type": "branch"}},
        snapshot_log=(*base.snapshot_log, {"timestamp-ms": now, "snapshot-id": snapshot.id}),
        last_updated_ms=now,
    )


def without_old_snapshots(base: TableMetadata, before_ms: int) -> TableMetadata:
    """Without snapshots older than that; branches keep their newest, tags what they name."""
    least = int(base.properties.get(_MIN_KEPT, "1"))
    kept: set[int] = set()
    reached: set[int] = set()
    for ref in base.refs.values():
        ancestors = base.ancestors(ref["snapshot-id"])
        reached |= {one.id for one in ancestors}
        if ref["type"] == "tag":
            kept.add(ref["snapshot-id"])
            continue
        number = ref.get("min-snapshots-to-keep") or least
        for place, one in enumerate(ancestors):
            if place < number or one.timestamp_ms >= before_ms:
                kept.add(one.id)
    kept |= {one.id for one in base.snapshots if one.id not in reached and one.timestamp_ms >= before_ms}
    snapshots: tuple[Snapshot, ...] = tuple(one for one in base.snapshots if one.id in kept)
    if len(snapshots) == len(base.snapshots):
        return base
    log: list[Mapping[str, Any]] = []
    for line in base.snapshot_log:
        if line["snapshot-id"] in kept:
            log.append(line)
        else:
            log.clear()  # history has no gaps
    return replace(
        base,
        snapshots=snapshots,
        snapshot_log=tuple(log),
        statistics=tuple(one for one in base.statistics if one["snapshot-id"] in kept),
        partition_statistics=tuple(one for one in base.partition_statistics if one["snapshot-id"] in kept),
    )


def reachable(tables: IcebergTables, metadata: TableMetadata) -> set[str]:
    """Files that some snapshot needs, metadata files left out."""
    found = {str(one["statistics-path"]) for one in metadata.statistics}
    seen: set[str] = set()
    for snapshot in metadata.snapshots:
        if snapshot.manifest_list is not None:
            found.add(snapshot.manifest_list)
        for manifest in tables.manifests(snapshot):
            found.add(manifest.path)
            if manifest.path in seen:
                continue
            seen.add(manifest.path)
            entries = tables.entries(manifest, metadata)
            found |= {one.file.path for one in entries if one.status is not Status.DELETED}
    return found


# CALL


class IcebergProcedures:
    """The procedures of one catalog. Thread-safe."""

    def __init__(self, tables: IcebergTables, config: IcebergConfig) -> None:
        self._tables = tables
        self._config = config

    def all(self) -> tuple[Procedure, ...]:
        """For the engine."""

        def texts(*names: str) -> Iterable[ProcedureArgument]:
            return (ProcedureArgument(name, VARCHAR) for name in names)

        metadata_file = ProcedureArgument("metadata_file_name", VARCHAR, False, None)
        return (
            Procedure(
                "system",
                "register_table",
                (*texts("schema_name", "table_name", "table_location"), metadata_file),
                self.register_table,
            ),
            Procedure("system", "unregister_table", tuple(texts("schema_name", "table_name")), self.unregister_table),
            Procedure(
                "system",
                "migrate",
                (
                    *texts("schema_name", "table_name"),
                    ProcedureArgument("recursive_directory", VARCHAR, False, "fail"),
                ),
                self.migrate,
            ),
            Procedure(
                "system",
                "rollback_to_snapshot",
                (*texts("schema", "table"), ProcedureArgument("snapshot_id", BIGINT)),
                self.roll_back,
            ),
        )

    def register_table(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Raises: PERMISSION_DENIED, INVALID_PROCEDURE_ARGUMENT, SCHEMA_NOT_FOUND, ICEBERG_INVALID_METADATA."""
        if not self._config.register_table:
            raise LodestarError(PERMISSION_DENIED, "register_table procedure is disabled")
        for name in ("schema_name", "table_name", "table_location"):
            if not arguments[name]:
                raise _wrong(f"{name} cannot be null or empty")
        file = arguments["metadata_file_name"]
        if file is not None and (not file or "/" in file):
            what = (
                "metadata_file_name cannot be empty when provided"
                if not file
                else f"{file} is not a valid metadata file"
            )
            raise _wrong(what)
        table = SchemaTableName(arguments["schema_name"].lower(), arguments["table_name"].lower())
        if self._tables.metastore.find_database(table.schema) is None:
            raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{table.schema}' does not exist")
        home = arguments["table_location"].rstrip("/")
        location = self._newest(home) if file is None else child_of(child_of(home, "metadata"), file)
        if self._tables.files.find(location) is None:
            raise LodestarError(ICEBERG_INVALID_METADATA, f"Metadata file does not exist: {location}")
        try:
            metadata = self._tables.metadata_at(location, table)
        except LodestarError as fault:
            raise LodestarError(ICEBERG_INVALID_METADATA, f"Invalid metadata file: {location}") from fault
        if metadata.location != home:
            raise LodestarError(
                ICEBERG_INVALID_METADATA,
                f"Table metadata file [{location}] declares table location as [{metadata.location}] which is differs "
                f"from location provided [{arguments['table_location']}]. Iceberg table can only be registered with "
                "the same location it was created with.",
            )
        self._tables.register(table, location, metadata, session.user)

    def _newest(self, home: str) -> str:
        """The metadata file with the highest version. Raises: ICEBERG_INVALID_METADATA."""
        found: list[tuple[int, int, str]] = []
        for info in self._tables.files.list(child_of(home, "metadata")):
            number = info.name.lstrip("v").split("-")[0].split(".")[0]
            if ".metadata.json" in info.name and number.isdigit():
                found.append((int(number), info.modified_nanos, info.location))
        if not found:
            raise LodestarError(
                ICEBERG_INVALID_METADATA,
                f"No versioned metadata file exists at location: {child_of(home, 'metadata')}",
            )
        newest = max(found)
        if sum(one[0] == newest[0] for one in found) > 1:
            raise LodestarError(
                ICEBERG_INVALID_METADATA,
                f"More than one latest metadata file found at location: {child_of(home, 'metadata')}, latest metadata "
                f"files are [{', '.join(one[2] for one in found if one[0] == newest[0])}]",
            )
        return newest[2]

    def unregister_table(self, session: ConnectorSession, arguments: Arguments) -> None:
        """The files stay. Raises: INVALID_PROCEDURE_ARGUMENT, NOT_FOUND, UNSUPPORTED_TABLE_TYPE."""
        for name in ("schema_name", "table_name"):
            if not arguments[name]:
                raise _wrong(f"{name} cannot be null or empty")
        table = SchemaTableName(arguments["schema_name"].lower(), arguments["table_name"].lower())
        if self._tables.metastore.find_database(table.schema) is None:
            raise LodestarError(NOT_FOUND, f"Schema {table.schema} not found")
        if self._tables.find(table) is None:
            if self._tables.metastore.find_table(table) is not None:
                raise LodestarError(UNSUPPORTED_TABLE_TYPE, f"Not an Iceberg table: {table}")
            raise LodestarError(NOT_FOUND, f"Table '{table}' not found")
        self._tables.metastore.drop_table(table)

    def migrate(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Raises: INVALID_PROCEDURE_ARGUMENT, and what `migrating.migrate` raises."""
        recursive = str(arguments["recursive_directory"]).upper()
        if recursive not in ("TRUE", "FALSE", "FAIL"):
            raise _wrong(f"Invalid recursive_directory: {arguments['recursive_directory']}")
        for name in ("schema_name", "table_name"):
            if not arguments[name]:
                raise _wrong(f"{name} cannot be null or empty")
        table = SchemaTableName(arguments["schema_name"].lower(), arguments["table_name"].lower())
        migrate(self._tables, self._config, table, recursive)

    def roll_back(self, session: ConnectorSession, arguments: Arguments) -> None:
        """Raises: INVALID_PROCEDURE_ARGUMENT, NOT_FOUND, PROCEDURE_CALL_FAILED."""
        for name in ("schema", "table", "snapshot_id"):
            if arguments[name] is None:
                raise _wrong(f"{name} cannot be null")
        table = SchemaTableName(arguments["schema"].lower(), arguments["table"].lower())
        if self._tables.find(table) is None:
            raise LodestarError(NOT_FOUND, f"Table '{table}' not found")

        def roll_back(base: TableMetadata) -> TableMetadata:
            try:
                return rolled_back(base, arguments["snapshot_id"])
            except LodestarError as fault:
                raise LodestarError(PROCEDURE_CALL_FAILED, fault.message) from None

        self._tables.commit(table, roll_back)


def _require(arguments: Arguments, *names: str) -> None:
    for name in names:
        if arguments[name] is None:
            raise _wrong(f"Required procedure argument '{name}' is missing")


def _wrong(message: str) -> LodestarError:
    return LodestarError(INVALID_PROCEDURE_ARGUMENT, message)
