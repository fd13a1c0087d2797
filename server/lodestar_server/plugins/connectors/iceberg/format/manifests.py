"""Manifests (which data and delete files a snapshot has) and manifest lists (which manifests it has): Avro files.

Source: the specification's "Manifests" and "Manifest Lists".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from enum import IntEnum
from typing import Any

import orjson

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.avro import plain_records, write_container
from lodestar_server.plugins.connectors.iceberg.format.metadata import Snapshot
from lodestar_server.plugins.connectors.iceberg.format.partitioning import PartitionSpec, write_spec_fields
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, write_schema
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, FixedOf, IcebergType
from lodestar_server.plugins.connectors.iceberg.format.values import to_bytes, unscaled_bytes
from lodestar_server.spi.values import frozen


class Content(IntEnum):
    """What a file holds."""

    DATA = 0
    POSITION_DELETES = 1
    EQUALITY_DELETES = 2


class Status(IntEnum):
    """What a snapshot did with a file."""

    EXISTING = 0
    ADDED = 1
    DELETED = 2


Counts = Mapping[int, int]
Bounds = Mapping[int, bytes]


@frozen
class DataFile:
    """A file of rows or deletes. `partition`: raw values, one per field of the spec. Counts and bounds by column id;
    None: not known."""

    content: Content
    path: str
    format: str
    spec_id: int
    partition: tuple[Any, ...]
    records: int
    size: int
    column_sizes: Counts | None = None
    value_counts: Counts | None = None
    null_counts: Counts | None = None
    nan_counts: Counts | None = None
    lower_bounds: Bounds | None = None
    upper_bounds: Bounds | None = None
    key_metadata: bytes | None = None
    split_offsets: tuple[int, ...] | None = None
    equality_ids: tuple[int, ...] | None = None
    sort_order_id: int | None = None
    referenced_file: str | None = None
    content_offset: int | None = None
    content_size: int | None = None
    first_row_id: int | None = None
    """The number of the first of its rows, since version 3."""


@frozen
class Entry:
    """A file in a manifest, with the sequence number that orders it against delete files."""

    status: Status
    snapshot_id: int
    sequence_number: int
    file_sequence_number: int | None
    file: DataFile


@frozen
class FieldSummary:
    """The partition values of a manifest's files. Bounds as bytes."""

    contains_null: bool
    contains_nan: bool | None = None
    lower: bytes | None = None
    upper: bytes | None = None


@frozen
class Manifest:
    """A manifest as its list describes it; counts that are None are not known."""

    path: str
    length: int
    spec_id: int
    content: int
    sequence_number: int
    min_sequence_number: int
    snapshot_id: int
    added_files: int | None
    existing_files: int | None
    deleted_files: int | None
    added_rows: int | None
    existing_rows: int | None
    deleted_rows: int | None
    partitions: tuple[FieldSummary, ...] = ()
    key_metadata: bytes | None = field(default=None, repr=False)
    first_row_id: int | None = None
    """From here on the rows of files without a number of their own are numbered."""

    @property
    def holds_deletes(self) -> bool:
        """Delete files, not data files."""
        return self.content == 1

    @property
    def may_have_live_files(self) -> bool:
        """Some file that was not deleted."""
        return self.added_files != 0 or self.existing_files != 0


def read_manifest_list(content: bytes) -> list[Manifest]:
    """Of a snapshot."""
    found = []
    for one in plain_records(content):
        found.append(
            Manifest(
                one["manifest_path"],
                one["manifest_length"],
                one["partition_spec_id"],
                one.get("content") or 0,
                one.get("sequence_number") or 0,
                one.get("min_sequence_number") or 0,
                one.get("added_snapshot_id") or 0,
                one.get("added_files_count", one.get("added_data_files_count")),
                one.get("existing_files_count", one.get("existing_data_files_count")),
                one.get("deleted_files_count", one.get("deleted_data_files_count")),
                one.get("added_rows_count"),
                one.get("existing_rows_count"),
                one.get("deleted_rows_count"),
                tuple(
                    FieldSummary(
                        part["contains_null"], part.get("contains_nan"), part["lower_bound"], part["upper_bound"]
                    )
                    for part in one.get("partitions") or ()
                ),
                one.get("key_metadata"),
                one.get("first_row_id"),
            )
        )
    return found


def read_manifest(
    content: bytes, manifest: Manifest, spec: PartitionSpec, types_: Sequence[IcebergType]
) -> list[Entry]:
    """All entries; `types_` are the types of the spec's partition values. What an entry inherits is filled in."""
    return list(_entries(plain_records(content), manifest, spec, types_))


def _entries(
    records: Iterable[Mapping[str, Any]], manifest: Manifest, spec: PartitionSpec, types_: Sequence[IcebergType]
) -> Iterator[Entry]:
    decimals = [isinstance(type_, DecimalOf) for type_ in types_]
    next_row_id = manifest.first_row_id
    for record in records:
        status = Status(record["status"])
        one = record["data_file"]
        partition = tuple(one["partition"].values())[: len(decimals)]
        if True in decimals:
            partition = tuple(
                int.from_bytes(value, "big", signed=True) if is_decimal and value is not None else value
                for value, is_decimal in zip(partition, decimals, strict=True)
            )
        sequence = record.get("sequence_number")
        if sequence is None:
            sequence = manifest.sequence_number
        file_sequence = record.get("file_sequence_number")
        if file_sequence is None and status is Status.ADDED:
            file_sequence = manifest.sequence_number
        snapshot = record.get("snapshot_id")
        offsets, equality = one.get("split_offsets"), one.get("equality_ids")
        row_id = one.get("first_row_id")
        if row_id is None and next_row_id is not None and status is not Status.DELETED and not manifest.holds_deletes:
            row_id, next_row_id = next_row_id, next_row_id + one["record_count"]
        yield Entry(
            status,
            manifest.snapshot_id if snapshot is None else snapshot,
            sequence,
            file_sequence,
            DataFile(
                Content(one.get("content") or 0),
                one["file_path"],
                one["file_format"].upper(),
                spec.id,
                partition,
                one["record_count"],
                one["file_size_in_bytes"],
                _map(one.get("column_sizes")),
                _map(one.get("value_counts")),
                _map(one.get("null_value_counts")),
                _map(one.get("nan_value_counts")),
                _map(one.get("lower_bounds")),
                _map(one.get("upper_bounds")),
                one.get("key_metadata"),
                None if offsets is None else tuple(offsets),
                None if equality is None else tuple(equality),
                one.get("sort_order_id"),
                one.get("referenced_data_file"),
                one.get("content_offset"),
                one.get("content_size_in_bytes"),
                row_id,
            ),
        )


def _map(entries: Any) -> dict[int, Any] | None:
    return None if entries is None else {one["key"]: one["value"] for one in entries}


# writing


def write_manifest(
    entries: Sequence[Entry],
    *,
    path: str,
    schema: Schema,
    spec: PartitionSpec,
    types_: Sequence[IcebergType],
    version: int,
    snapshot_id: int,
    sequence_number: int,
    deletes: bool,
) -> tuple[bytes, Manifest]:
    """A manifest of the snapshot that is being made: the file's content and its line in the list. `types_` are those
    of partition values; an ADDED entry of the snapshot's sequence number inherits it, and the numbers of its rows."""
    results = [field.transform.result_type(source) for field, source in zip(spec.fields, types_, strict=True)]
    records = []
    for entry in entries:
        added = entry.status is Status.ADDED
        record: dict[str, Any] = {"status": int(entry.status), "snapshot_id": entry.snapshot_id}
        if version > 1:
            inherits = added and entry.sequence_number == sequence_number
            record["sequence_number"] = None if inherits else entry.sequence_number
            record["file_sequence_number"] = None if added else entry.file_sequence_number
        record["data_file"] = _write_file(entry.file, spec, results, version)
        if version > 2:
            record["data_file"]["first_row_id"] = None if added else entry.file.first_row_id
        records.append(record)
    metadata = {
        "schema": orjson.dumps(write_schema(schema)).decode(),
        "partition-spec": orjson.dumps(write_spec_fields(spec)).decode(),
        "partition-spec-id": str(spec.id),
        "format-version": str(version),
    }
    if version > 1:
        metadata["content"] = "deletes" if deletes else "data"
    content = write_container(_entry_schema(spec, results, version), records, metadata)
    live = [one.sequence_number for one in entries if one.status is not Status.DELETED]

    def count(status: Status) -> tuple[int, int]:
        chosen = [one.file.records for one in entries if one.status is status]
        return len(chosen), sum(chosen)

    new, existing, deleted = count(Status.ADDED), count(Status.EXISTING), count(Status.DELETED)
    manifest = Manifest(
        path,
        len(content),
        spec.id,
        1 if deletes else 0,
        sequence_number,
        min(live, default=sequence_number),
        snapshot_id,
        new[0],
        existing[0],
        deleted[0],
        new[1],
        existing[1],
        deleted[1],
        tuple(_summary(type_, [one.file.partition[place] for one in entries]) for place, type_ in enumerate(results)),
    )
    return content, manifest


def _summary(type_: IcebergType, values: Sequence[Any]) -> FieldSummary:
    present = [one for one in values if one is not None and one == one]
    return FieldSummary(
        any(one is None for one in values),
        any(one is not None and one != one for one in values),
        to_bytes(type_, min(present)) if present else None,
        to_bytes(type_, max(present)) if present else None,
    )


def _write_file(file: DataFile, spec: PartitionSpec, results: Sequence[IcebergType], version: int) -> dict[str, Any]:
    partition = {
        _avro_name(field.name): _avro_value(type_, value)
        for field, type_, value in zip(spec.fields, results, file.partition, strict=True)
    }
    made: dict[str, Any] = {
        "file_path": file.path,
        "file_format": file.format,
        "partition": partition,
        "record_count": file.records,
        "file_size_in_bytes": file.size,
        "column_sizes": _pairs(file.column_sizes),
        "value_counts": _pairs(file.value_counts),
        "null_value_counts": _pairs(file.null_counts),
        "nan_value_counts": _pairs(file.nan_counts),
        "lower_bounds": _pairs(file.lower_bounds),
        "upper_bounds": _pairs(file.upper_bounds),
        "key_metadata": file.key_metadata,
        "split_offsets": None if file.split_offsets is None else list(file.split_offsets),
        "sort_order_id": file.sort_order_id,
    }
    if version > 1:
        made |= {
            "content": int(file.content),
            "equality_ids": None if file.equality_ids is None else list(file.equality_ids),
            "referenced_data_file": file.referenced_file,
            "content_offset": file.content_offset,
            "content_size_in_bytes": file.content_size,
        }
    else:
        made["block_size_in_bytes"] = 67_108_864
    return made


def _pairs(values: Mapping[int, Any] | None) -> list[dict[str, Any]] | None:
    return None if values is None else [{"key": key, "value": value} for key, value in values.items()]


def _avro_value(type_: IcebergType, value: Any) -> Any:
    if value is None or not isinstance(type_, DecimalOf):
        return value
    return value.to_bytes(decimal_length(type_.precision), "big", signed=True)


def decimal_length(precision: int) -> int:
    """Bytes of a fixed that holds all decimals of a precision."""
    return len(unscaled_bytes(10**precision - 1))


def _avro_name(name: str) -> str:
    # What Avro does not allow is spelled out, as the reference implementation does.
    made = []
    for place, letter in enumerate(name):
        plain = letter == "_" or (letter.isascii() and (letter.isalpha() or (place > 0 and letter.isdigit())))
        made.append(letter if plain else f"_{letter}" if letter.isdigit() else f"_x{ord(letter):X}")
    return "".join(made)


def avro_type(type_: IcebergType) -> Any:
    """Avro's schema of a type without fields."""
    simple = {
        types.BOOLEAN: "boolean",
        types.INT: "int",
        types.LONG: "long",
        types.FLOAT: "float",
        types.DOUBLE: "double",
        types.STRING: "string",
        types.BINARY: "bytes",
        types.DATE: {"type": "int", "logicalType": "date"},
        types.TIME: {"type": "long", "logicalType": "time-micros"},
        types.TIMESTAMP: {"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": False},
        types.TIMESTAMPTZ: {"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": True},
        types.UUID: {"type": "fixed", "size": 16, "name": "uuid_fixed", "logicalType": "uuid"},
    }
    if isinstance(type_, DecimalOf):
        return {
            "type": "fixed",
            "size": decimal_length(type_.precision),
            "logicalType": "decimal",
            "precision": type_.precision,
            "scale": type_.scale,
            "name": f"decimal_{type_.precision}_{type_.scale}",
        }
    if isinstance(type_, FixedOf):
        return {"type": "fixed", "size": type_.length, "name": f"fixed_{type_.length}"}
    assert isinstance(type_, types.Primitive)
    return simple.get(type_, "bytes")


def _optional(name: str, type_: Any, id_: int, doc: str | None = None) -> dict[str, Any]:
    made = {"name": name, "type": ["null", type_], "default": None, "field-id": id_}
    return made if doc is None else {**made, "doc": doc}


def _required(name: str, type_: Any, id_: int) -> dict[str, Any]:
    return {"name": name, "type": type_, "field-id": id_}


def _map_type(key_id: int, value_id: int, value: str) -> dict[str, Any]:
    return {
        "type": "array",
        "logicalType": "map",
        "items": {
            "type": "record",
            "name": f"k{key_id}_v{value_id}",
            "fields": [_required("key", "int", key_id), _required("value", value, value_id)],
        },
    }


def _entry_schema(spec: PartitionSpec, results: Sequence[IcebergType], version: int) -> dict[str, Any]:
    named: set[str] = set()

    def once(type_: IcebergType) -> Any:
        # A named type is defined at its first use.
        made = avro_type(type_)
        name = made.get("name") if isinstance(made, dict) else None
        if name in named:
            return name
        if name:
            named.add(name)
        return made

    partition = []
    for field_, type_ in zip(spec.fields, results, strict=True):
        one = _optional(_avro_name(field_.name), once(type_), field_.id)
        if one["name"] != field_.name:
            one["iceberg-field-name"] = field_.name
        partition.append(one)
    file = [
        _required("file_path", "string", 100),
        _required("file_format", "string", 101),
        _required("partition", {"type": "record", "name": "r102", "fields": partition}, 102),
        _required("record_count", "long", 103),
        _required("file_size_in_bytes", "long", 104),
        _optional("column_sizes", _map_type(117, 118, "long"), 108),
        _optional("value_counts", _map_type(119, 120, "long"), 109),
        _optional("null_value_counts", _map_type(121, 122, "long"), 110),
        _optional("nan_value_counts", _map_type(138, 139, "long"), 137),
        _optional("lower_bounds", _map_type(126, 127, "bytes"), 125),
        _optional("upper_bounds", _map_type(129, 130, "bytes"), 128),
        _optional("key_metadata", "bytes", 131),
        _optional("split_offsets", {"type": "array", "items": "long", "element-id": 133}, 132),
        _optional("sort_order_id", "int", 140),
    ]
    if version > 1:
        file.insert(0, _required("content", "int", 134))
        file.append(_optional("equality_ids", {"type": "array", "items": "int", "element-id": 136}, 135))
        if version > 2:
            file.append(_optional("first_row_id", "long", 142))
        file.append(_optional("referenced_data_file", "string", 143))
        if version > 2:
            file += [_optional("content_offset", "long", 144), _optional("content_size_in_bytes", "long", 145)]
        numbers = [_optional("snapshot_id", "long", 1), _optional("sequence_number", "long", 3)]
        numbers.append(_optional("file_sequence_number", "long", 4))
    else:
        file.insert(5, _required("block_size_in_bytes", "long", 105))
        numbers = [_required("snapshot_id", "long", 1)]
    return {
        "type": "record",
        "name": "manifest_entry",
        "fields": [
            _required("status", "int", 0),
            *numbers,
            _required("data_file", {"type": "record", "name": "r2", "fields": file}, 2),
        ],
    }


_SUMMARY = {
    "type": "array",
    "element-id": 508,
    "items": {
        "type": "record",
        "name": "r508",
        "fields": [
            _required("contains_null", "boolean", 509),
            _optional("contains_nan", "boolean", 518),
            _optional("lower_bound", "bytes", 510),
            _optional("upper_bound", "bytes", 511),
        ],
    },
}


def with_row_ids(manifests: Sequence[Manifest], next_row_id: int) -> tuple[list[Manifest], int]:
    """New manifests of data files get their place in the numbering of rows; and the next number."""
    made = []
    for one in manifests:
        if one.first_row_id is None and not one.holds_deletes:
            one, next_row_id = replace(one, first_row_id=next_row_id), next_row_id + _rows(one)
        made.append(one)
    return made, next_row_id


def _rows(manifest: Manifest) -> int:
    return (manifest.added_rows or 0) + (manifest.existing_rows or 0)


def write_manifest_list(manifests: Sequence[Manifest], snapshot: Snapshot, version: int) -> bytes:
    """The list of a snapshot; since version 3 the manifests have been through `with_row_ids`."""
    fields = [
        _required("manifest_path", "string", 500),
        _required("manifest_length", "long", 501),
        _required("partition_spec_id", "int", 502),
    ]
    if version > 1:
        fields += [
            _required("content", "int", 517),
            _required("sequence_number", "long", 515),
            _required("min_sequence_number", "long", 516),
        ]
    fields.append(_required("added_snapshot_id", "long", 503))
    names = ("added", "existing", "deleted")
    count = _required if version > 1 else _optional
    fields += [count(f"{name}_files_count", "int", 504 + i) for i, name in enumerate(names)]
    fields += [count(f"{name}_rows_count", "long", 512 + i) for i, name in enumerate(names)]
    fields += [_optional("partitions", _SUMMARY, 507), _optional("key_metadata", "bytes", 519)]
    if version > 2:
        fields.append(_optional("first_row_id", "long", 520))
    records = [
        {
            "manifest_path": one.path,
            "manifest_length": one.length,
            "partition_spec_id": one.spec_id,
            "content": one.content,
            "sequence_number": one.sequence_number,
            "min_sequence_number": one.min_sequence_number,
            "added_snapshot_id": one.snapshot_id,
            "added_files_count": one.added_files or 0,
            "existing_files_count": one.existing_files or 0,
            "deleted_files_count": one.deleted_files or 0,
            "added_rows_count": one.added_rows or 0,
            "existing_rows_count": one.existing_rows or 0,
            "deleted_rows_count": one.deleted_rows or 0,
            "partitions": [
                {
                    "contains_null": part.contains_null,
                    "contains_nan": part.contains_nan,
                    "lower_bound": part.lower,
                    "upper_bound": part.upper,
                }
                for part in one.partitions
            ],
            "key_metadata": one.key_metadata,
            **({"first_row_id": one.first_row_id} if version > 2 else {}),
        }
        for one in manifests
    ]
    metadata = {
        "snapshot-id": str(snapshot.id),
        "parent-snapshot-id": "null" if snapshot.parent_id is None else str(snapshot.parent_id),
        "format-version": str(version),
    }
    if version > 1:
        metadata["sequence-number"] = str(snapshot.sequence_number)
    if version > 2:
        metadata["first-row-id"] = str(snapshot.first_row_id)
    schema = {"type": "record", "name": "manifest_file", "fields": fields}
    return write_container(schema, records, metadata)
