"""`t$snapshots` and the other tables about a table, made from its metadata and manifests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.manifests import (
    Content,
    DataFile,
    Entry,
    FieldSummary,
    Manifest,
    Status,
)
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.partitioning import PartitionField, sorting_texts
from lodestar_server.plugins.connectors.iceberg.format.transforms import human_text
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, Field, IcebergType, Primitive, all_fields
from lodestar_server.plugins.connectors.iceberg.format.values import from_bytes, to_constant
from lodestar_server.plugins.connectors.iceberg.partition_figures import PartitionFigures, partition_figures
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables, LoadedTable
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    JSON,
    VARBINARY,
    VARCHAR,
    ArrayType,
    MapType,
    RowField,
    RowType,
    TimestampTzType,
    Type,
)

_PICOSECONDS_PER_MILLISECOND = 1_000_000_000
_INSTANT = TimestampTzType(3)
_COUNTS = MapType(INTEGER, BIGINT)
_BOUNDS = MapType(INTEGER, VARCHAR)
_SUMMARIES = ArrayType(
    RowType(
        (
            RowField("contains_null", BOOLEAN),
            RowField("contains_nan", BOOLEAN),
            RowField("lower_bound", VARCHAR),
            RowField("upper_bound", VARCHAR),
        )
    )
)
_DELETE_FIELDS = {2_147_483_546: ice.STRING, 2_147_483_545: ice.LONG}

Rows = Callable[["_About", ConnectorSession], Iterable[Sequence[Any]]]


class MetadataTable(SystemTable):
    """Rows are made when they are read."""

    def __init__(self, name: SchemaTableName, columns: Sequence[tuple[str, Type]], rows: Rows, about: _About) -> None:
        self.name = name
        self.columns = tuple(ColumnMetadata(column, type_) for column, type_ in columns)
        self._rows = rows
        self._about = about

    def rows(self, session: ConnectorSession, constraint: dict[str, Domain]) -> Iterable[Sequence[Any]]:
        """All of them."""
        return self._rows(self._about, session)


class _About:
    """A table and its files."""

    def __init__(self, tables: IcebergTables, loaded: LoadedTable) -> None:
        self.tables = tables
        self.loaded = loaded
        self.metadata: TableMetadata = loaded.metadata

    def manifests(self) -> Sequence[Manifest]:
        snapshot = self.metadata.current_snapshot
        return () if snapshot is None else self.tables.manifests(snapshot)

    def partition_fields(self) -> list[PartitionField]:
        """Of all specs, those whose columns are still there."""
        known = self.metadata.schema.fields
        found: dict[int, PartitionField] = {}
        for spec in self.metadata.specs:
            for one in spec.fields:
                if one.source_id in known:
                    found.setdefault(one.id, one)
        return list(found.values())

    def partition_type(self) -> RowType | None:
        fields = self.partition_fields()
        if not fields:
            return None
        return RowType(tuple(RowField(one.name, to_trino(self.result_type(one))) for one in fields))

    def result_type(self, field: PartitionField) -> IcebergType:
        return field.transform.result_type(self.metadata.source_type(field.source_id))

    def partition(self, file: DataFile) -> tuple[Any, ...]:
        """One value per field of all specs."""
        spec = self.metadata.spec_of(file.spec_id)
        values = {field.id: value for field, value in zip(spec.fields, file.partition, strict=True)}
        return tuple(to_constant(self.result_type(one), values.get(one.id)) for one in self.partition_fields())

    def primitives(self) -> list[tuple[str, Field]]:
        """Leaves of the schema by full name, in the order of the names."""
        found = [
            (name, one) for name, one, _ in all_fields(self.metadata.schema.struct) if isinstance(one.type, Primitive)
        ]
        return sorted(found, key=lambda item: item[0])


def _instant(session: ConnectorSession, millis: int) -> tuple[int, str]:
    return (millis * _PICOSECONDS_PER_MILLISECOND, session.time_zone)


def _history(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    ancestors = {one.id for one in about.metadata.ancestors(about.metadata.current_snapshot_id)}
    for one in about.metadata.snapshots:
        yield _instant(session, one.timestamp_ms), one.id, one.parent_id, one.id in ancestors


def _snapshots(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    for one in about.metadata.snapshots:
        summary = tuple((key, value) for key, value in one.summary.items() if key != "operation")
        yield (
            _instant(session, one.timestamp_ms),
            one.id,
            one.parent_id,
            one.operation,
            one.manifest_list,
            summary,
        )


def _log_entries(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    metadata = about.metadata
    lines = [
        *metadata.metadata_log,
        {"timestamp-ms": metadata.last_updated_ms, "metadata-file": about.loaded.location},
    ]
    for line in lines:
        millis = line["timestamp-ms"]
        before = [one for one in metadata.snapshot_log if one["timestamp-ms"] <= millis]
        snapshot = metadata.snapshot(before[-1]["snapshot-id"]) if before else None
        if snapshot is None:
            yield _instant(session, millis), line["metadata-file"], None, None, None
        else:
            yield (
                _instant(session, millis),
                line["metadata-file"],
                snapshot.id,
                snapshot.schema_id,
                snapshot.sequence_number,
            )


def _properties(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    metadata = about.metadata
    current = metadata.current_snapshot_id
    yield "format", f"iceberg/{metadata.properties.get('write.format.default', 'parquet')}"
    yield "provider", "iceberg"
    yield "current-snapshot-id", "none" if current is None else str(current)
    yield "location", metadata.location
    yield "format-version", str(metadata.format_version)
    sorting = sorting_texts(metadata.schema, metadata.order)
    if sorting:
        yield "sort-order", ", ".join(sorting)
    reserved = ("provider", "format", "current-snapshot-id", "location", "format-version")
    for key, value in metadata.properties.items():
        if key not in reserved:
            yield key, value


def _refs(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    for name, one in about.metadata.refs.items():
        yield (
            name,
            one["type"].upper(),
            one["snapshot-id"],
            one.get("max-ref-age-ms"),
            one.get("min-snapshots-to-keep"),
            one.get("max-snapshot-age-ms"),
        )


# manifests


def _summaries(about: _About, manifest: Manifest) -> tuple[Any, ...]:
    spec = about.metadata.spec_of(manifest.spec_id)
    made = []
    for field, summary in zip(spec.fields, manifest.partitions, strict=False):
        source = about.metadata.source_type(field.source_id)
        made.append((summary.contains_null, summary.contains_nan, *_bounds(field, source, summary)))
    return tuple(made)


def _bounds(field: PartitionField, source: IcebergType, summary: FieldSummary) -> tuple[str, str]:
    result = field.transform.result_type(source)

    def shown(content: bytes | None) -> str:
        return field.transform.human(source, None if content is None else from_bytes(result, content))

    return shown(summary.lower), shown(summary.upper)


def _manifests(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    for one in about.manifests():
        yield (
            one.path,
            one.length,
            one.spec_id,
            one.snapshot_id,
            one.added_files,
            one.added_rows,
            one.existing_files,
            one.existing_rows,
            one.deleted_files,
            one.deleted_rows,
            _summaries(about, one),
        )


def _all_manifests(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    for snapshot in about.metadata.snapshots:
        for one in about.tables.manifests(snapshot):
            counts = (one.added_files, one.existing_files, one.deleted_files)
            both = (0, 0, 0, *counts) if one.holds_deletes else (*counts, 0, 0, 0)
            yield (
                one.path,
                one.length,
                one.spec_id,
                one.snapshot_id,
                *both,
                _summaries(about, one),
                snapshot.id,
            )


# files


def _file_columns(about: _About) -> list[tuple[str, Type]]:
    partition = about.partition_type()
    return [
        ("content", INTEGER),
        ("file_path", VARCHAR),
        ("file_format", VARCHAR),
        ("spec_id", INTEGER),
        *([] if partition is None else [("partition", partition)]),
        ("record_count", BIGINT),
        ("file_size_in_bytes", BIGINT),
        ("column_sizes", _COUNTS),
        ("value_counts", _COUNTS),
        ("null_value_counts", _COUNTS),
        ("nan_value_counts", _COUNTS),
        ("lower_bounds", _BOUNDS),
        ("upper_bounds", _BOUNDS),
        ("key_metadata", VARBINARY),
        ("split_offsets", ArrayType(BIGINT)),
        ("equality_ids", ArrayType(INTEGER)),
        ("sort_order_id", INTEGER),
    ]


def _file(about: _About, file: DataFile, types: Mapping[int, IcebergType]) -> tuple[Any, ...]:
    partition = (about.partition(file),) if about.partition_fields() else ()
    return (
        int(file.content),
        file.path,
        file.format,
        file.spec_id,
        *partition,
        file.records,
        file.size,
        _counts(file.column_sizes),
        _counts(file.value_counts),
        _counts(file.null_counts),
        _counts(file.nan_counts),
        _texts(file.lower_bounds, types),
        _texts(file.upper_bounds, types),
        file.key_metadata,
        file.split_offsets,
        file.equality_ids,
        None if file.content is Content.POSITION_DELETES else file.sort_order_id,
    )


def _counts(counts: Mapping[int, int] | None) -> tuple[tuple[int, int], ...] | None:
    return None if counts is None else tuple(sorted(counts.items()))


def _texts(bounds: Mapping[int, bytes] | None, types: Mapping[int, IcebergType]) -> tuple[tuple[int, str], ...] | None:
    if bounds is None:
        return None
    return tuple(
        (id_, human_text(types[id_], from_bytes(types[id_], content)))
        for id_, content in sorted(bounds.items())
        if id_ in types
    )


def _types(about: _About) -> dict[int, IcebergType]:
    return {one.id: one.type for _, one in about.primitives()}


def _live(about: _About) -> Iterable[Entry]:
    for manifest in about.manifests():
        for entry in about.tables.entries(manifest, about.metadata):
            if entry.status is not Status.DELETED:
                yield entry


def _files(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    types, leaves = _types(about), about.primitives()
    for entry in _live(about):
        yield (*_file(about, entry.file, types), _readable(entry.file, leaves))


def _entries(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    return _entry_rows(about, about.manifests())


def _all_entries(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    found: dict[str, Manifest] = {}
    for snapshot in about.metadata.snapshots:
        for manifest in about.tables.manifests(snapshot):
            found.setdefault(manifest.path, manifest)
    return _entry_rows(about, list(found.values()))


def _entry_rows(about: _About, manifests: Sequence[Manifest]) -> Iterable[Sequence[Any]]:
    types, leaves = {**_types(about), **_DELETE_FIELDS}, about.primitives()
    for manifest in manifests:
        for one in about.tables.entries(manifest, about.metadata):
            yield (
                int(one.status),
                one.snapshot_id,
                one.sequence_number,
                one.file_sequence_number,
                _file(about, one.file, types),
                _readable(one.file, leaves),
            )


def _readable(file: DataFile, leaves: Sequence[tuple[str, Field]]) -> str:
    made = {}
    for name, field in leaves:
        made[name] = {
            "column_size": (file.column_sizes or {}).get(field.id),
            "value_count": (file.value_counts or {}).get(field.id),
            "null_value_count": (file.null_counts or {}).get(field.id),
            "nan_value_count": (file.nan_counts or {}).get(field.id),
            "lower_bound": _json_value(field.type, (file.lower_bounds or {}).get(field.id)),
            "upper_bound": _json_value(field.type, (file.upper_bounds or {}).get(field.id)),
        }
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False)


def _json_value(type_: IcebergType, content: bytes | None) -> Any:
    if content is None:
        return None
    raw = from_bytes(type_, content)
    if isinstance(raw, bytes) and type_ != ice.UUID:
        return raw.hex().upper()
    if isinstance(raw, bool | float | str) or (isinstance(raw, int) and type_ in (ice.INT, ice.LONG)):
        return raw
    return str(raw) if isinstance(raw, int) and not isinstance(type_, DecimalOf | Primitive) else human_text(type_, raw)


# partitions


def _measured(about: _About) -> list[Field]:
    """Columns of which partitions have figures."""
    identity = {one.source_id for one in about.metadata.spec.fields if one.transform.kind == "identity"}
    return [one for one in about.metadata.schema.columns if one.id not in identity and isinstance(one.type, Primitive)]


def _partition_columns(about: _About) -> list[tuple[str, Type]]:
    partition = about.partition_type()
    columns: list[tuple[str, Type]] = [] if partition is None else [("partition", partition)]
    columns += [("record_count", BIGINT), ("file_count", BIGINT), ("total_size", BIGINT)]
    measured = _measured(about)
    if measured:
        columns.append(("data", RowType(tuple(RowField(one.name, _figures_type(one.type)) for one in measured))))
    return columns


def _figures_type(type_: IcebergType) -> RowType:
    trino = to_trino(type_)
    return RowType(
        (RowField("min", trino), RowField("max", trino), RowField("null_count", BIGINT), RowField("nan_count", BIGINT))
    )


def _partitions(about: _About, session: ConnectorSession) -> Iterable[Sequence[Any]]:
    groups: dict[tuple[Any, ...], list[DataFile]] = {}
    for entry in _live(about):
        if entry.file.content is Content.DATA:
            groups.setdefault((entry.file.spec_id, entry.file.partition), []).append(entry.file)
    measured, partitioned = _measured(about), bool(about.partition_fields())
    for files in groups.values():
        figures = partition_figures(files, measured)
        row: list[Any] = [about.partition(files[0])] if partitioned else []
        row += [figures.records, len(files), sum(one.size for one in files)]
        if measured:
            row.append(tuple(_column_figures(figures, one) for one in measured))
        yield row


def _column_figures(figures: PartitionFigures, field: Field) -> tuple[Any, ...] | None:
    one = figures.columns[field.id]
    if one.low is None and one.high is None and one.nulls is None:
        return None
    return (to_constant(field.type, one.low), to_constant(field.type, one.high), one.nulls, one.nans)


_SIMPLE: Mapping[str, tuple[Sequence[tuple[str, Type]], Rows]] = {
    "history": (
        (
            ("made_current_at", _INSTANT),
            ("snapshot_id", BIGINT),
            ("parent_id", BIGINT),
            ("is_current_ancestor", BOOLEAN),
        ),
        _history,
    ),
    "snapshots": (
        (
            ("committed_at", _INSTANT),
            ("snapshot_id", BIGINT),
            ("parent_id", BIGINT),
            ("operation", VARCHAR),
            ("manifest_list", VARCHAR),
            ("summary", MapType(VARCHAR, VARCHAR)),
        ),
        _snapshots,
    ),
    "metadata_log_entries": (
        (
            ("timestamp", _INSTANT),
            ("file", VARCHAR),
            ("latest_snapshot_id", BIGINT),
            ("latest_schema_id", INTEGER),
            ("latest_sequence_number", BIGINT),
        ),
        _log_entries,
    ),
    "properties": ((("key", VARCHAR), ("value", VARCHAR)), _properties),
    "refs": (
        (
            ("name", VARCHAR),
            ("type", VARCHAR),
            ("snapshot_id", BIGINT),
            ("max_reference_age_in_ms", BIGINT),
            ("min_snapshots_to_keep", INTEGER),
            ("max_snapshot_age_in_ms", BIGINT),
        ),
        _refs,
    ),
    "manifests": (
        (
            ("path", VARCHAR),
            ("length", BIGINT),
            ("partition_spec_id", INTEGER),
            ("added_snapshot_id", BIGINT),
            ("added_data_files_count", INTEGER),
            ("added_rows_count", BIGINT),
            ("existing_data_files_count", INTEGER),
            ("existing_rows_count", BIGINT),
            ("deleted_data_files_count", INTEGER),
            ("deleted_rows_count", BIGINT),
            ("partition_summaries", _SUMMARIES),
        ),
        _manifests,
    ),
    "all_manifests": (
        (
            ("path", VARCHAR),
            ("length", BIGINT),
            ("partition_spec_id", INTEGER),
            ("added_snapshot_id", BIGINT),
            ("added_data_files_count", INTEGER),
            ("existing_data_files_count", INTEGER),
            ("deleted_data_files_count", INTEGER),
            ("added_delete_files_count", INTEGER),
            ("existing_delete_files_count", INTEGER),
            ("deleted_delete_files_count", INTEGER),
            ("partition_summaries", _SUMMARIES),
            ("reference_snapshot_id", BIGINT),
        ),
        _all_manifests,
    ),
}
SYSTEM_TABLES = frozenset((*_SIMPLE, "files", "entries", "all_entries", "partitions"))


def find_metadata_table(name: SchemaTableName, kind: str, tables: IcebergTables, loaded: LoadedTable) -> SystemTable:
    """`kind` is one of `SYSTEM_TABLES`."""
    about = _About(tables, loaded)
    if kind in _SIMPLE:
        columns, rows = _SIMPLE[kind]
        return MetadataTable(name, columns, rows, about)
    if kind == "partitions":
        return MetadataTable(name, _partition_columns(about), _partitions, about)
    file = _file_columns(about)
    if kind == "files":
        return MetadataTable(name, [*file, ("readable_metrics", JSON)], _files, about)
    columns = [
        ("status", INTEGER),
        ("snapshot_id", BIGINT),
        ("sequence_number", BIGINT),
        ("file_sequence_number", BIGINT),
        ("data_file", RowType(tuple(RowField(column, type_) for column, type_ in file))),
        ("readable_metrics", JSON),
    ]
    return MetadataTable(name, columns, _entries if kind == "entries" else _all_entries, about)
