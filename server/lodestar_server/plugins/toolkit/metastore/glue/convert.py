"""Glue's documents ↔ the model. What the model does not know of a table stays as it was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lodestar_server.plugins.toolkit.metastore.classes import StorageClasses, classes_of, format_of, original_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA, HIVE_UNSUPPORTED_FORMAT
from lodestar_server.plugins.toolkit.metastore.model import (
    Bucketing,
    Database,
    HiveColumn,
    Partition,
    SortingColumn,
    Table,
    TableType,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

Document = Mapping[str, Any]

COMMENT = "comment"
METADATA_LOCATION = "metadata_location"
_TABLE_INPUT = (
    "Description",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Retention",
    "TargetTable",
)
_ASCENDING = 1


def database_from(found: Document) -> Database:
    """From Glue's document. Owners are not kept."""
    return Database(
        found["Name"],
        found.get("LocationUri") or None,
        None,
        found.get("Description") or None,
        found.get("Parameters") or {},
    )


def database_to(database: Database) -> dict[str, Any]:
    """A DatabaseInput."""
    return _known(
        Name=database.name,
        LocationUri=database.location,
        Description=database.comment,
        Parameters=dict(database.parameters),
    )


def table_from(found: Document) -> Table:
    """From Glue's document; without a type it is external, as for Athena. Raises: HIVE_INVALID_METADATA."""
    name = SchemaTableName(found["DatabaseName"], found["Name"])
    parameters = dict(found.get("Parameters") or {})
    if found.get("Description"):
        parameters[COMMENT] = found["Description"]
    try:
        kind = TableType(found.get("TableType") or TableType.EXTERNAL_TABLE.value)
    except ValueError:
        raise LodestarError(HIVE_INVALID_METADATA, f"Unknown type of table {name}: {found['TableType']}") from None
    storage = found.get("StorageDescriptor")
    if storage is None:
        if METADATA_LOCATION not in parameters and kind is not TableType.VIRTUAL_VIEW:
            raise LodestarError(HIVE_UNSUPPORTED_FORMAT, f"Table StorageDescriptor is null for table '{name}'")
        storage = {}
    classes = _classes(storage)
    form = format_of(classes)
    return Table(
        name,
        found.get("Owner"),
        kind,
        _columns_from(storage.get("Columns"), all_texts=form == "CSV"),
        _columns_from(found.get("PartitionKeys")),
        parameters,
        form,
        {} if form is not None else original_of(classes),
        (storage.get("SerdeInfo") or {}).get("Parameters") or {},
        _bucketing_from(storage, str(name)),
        storage.get("Location") or "",
        found.get("ViewOriginalText") or None,
        found.get("ViewExpandedText") or None,
    )


def table_to(table: Table, base: Document | None = None) -> dict[str, Any]:
    """A TableInput, over the document that was found."""
    kept = {key: base[key] for key in _TABLE_INPUT if base is not None and key in base}
    parameters = dict(table.parameters)
    if not table.is_view:
        kept.pop("Description", None)
        comment = parameters.pop(COMMENT, None)
        if comment is not None:
            kept["Description"] = comment
    before = None if base is None else table_from(base)
    old_storage = None if base is None else base.get("StorageDescriptor")
    keep_columns = before is not None and before.columns == table.columns
    storage = _storage_to(table, table.name.table, old_storage, keep_columns=keep_columns)
    if not table.is_view and table.location:
        storage["Location"] = table.location
    return {
        **kept,
        **_known(
            Name=table.name.table,
            Owner=table.owner,
            TableType=table.type.value,
            StorageDescriptor=storage,
            PartitionKeys=_columns_to(table.partition_columns),
            Parameters=parameters,
            ViewOriginalText=table.view_original_text,
            ViewExpandedText=table.view_expanded_text,
        ),
    }


def partition_from(found: Document) -> Partition:
    """From Glue's document."""
    storage = found.get("StorageDescriptor") or {}
    form = format_of(_classes(storage))
    return Partition(
        tuple(found["Values"]),
        _columns_from(storage.get("Columns"), all_texts=form == "CSV"),
        found.get("Parameters") or {},
        form,
        (storage.get("SerdeInfo") or {}).get("Parameters") or {},
        _bucketing_from(storage, str(found["Values"])),
        storage.get("Location") or "",
    )


def partition_to(table: Table, partition: Partition, base: Document | None = None) -> dict[str, Any]:
    """A PartitionInput, over the document that was found."""
    keep_columns = base is not None and partition_from(base).columns == partition.columns
    old_storage = None if base is None else base.get("StorageDescriptor")
    storage = _storage_to(partition, table.name.table, old_storage, keep_columns=keep_columns)
    if partition.location:
        storage["Location"] = partition.location
    kept = {key: base[key] for key in ("LastAccessTime", "LastAnalyzedTime") if base is not None and key in base}
    return {
        **kept,
        "Values": list(partition.values),
        "StorageDescriptor": storage,
        "Parameters": dict(partition.parameters),
    }


def _known(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _columns_from(found: Iterable[Document] | None, *, all_texts: bool = False) -> tuple[HiveColumn, ...]:
    return tuple(
        HiveColumn(
            one["Name"].lower(),
            "string" if all_texts else (one.get("Type") or "string").lower(),
            one.get("Comment") or None,
        )
        for one in found or ()
    )


def _columns_to(columns: Iterable[HiveColumn]) -> list[dict[str, Any]]:
    return [_known(Name=one.name, Type=one.type, Comment=one.comment) for one in columns]


def _classes(storage: Document) -> StorageClasses:
    serde = storage.get("SerdeInfo") or {}
    return StorageClasses(serde.get("SerializationLibrary"), storage.get("InputFormat"), storage.get("OutputFormat"))


def _storage_to(
    described: Table | Partition, name: str, base: Document | None, *, keep_columns: bool
) -> dict[str, Any]:
    made = dict(base or {})
    serde = dict(made.get("SerdeInfo") or {})
    if base is None:
        original: Mapping[str, str] = described.original_format if isinstance(described, Table) else {}
        classes = classes_of(described.storage_format, original)
        serde = _known(Name=name, SerializationLibrary=classes.serde)
        made |= _known(InputFormat=classes.input_format, OutputFormat=classes.output_format)
    if not keep_columns:
        made["Columns"] = _columns_to(described.columns)
    serde["Parameters"] = dict(described.serde_parameters)
    made["SerdeInfo"] = serde
    bucketing = described.bucketing
    if base is None or _bucketing_from(base, "") != bucketing:
        made["NumberOfBuckets"] = 0 if bucketing is None else bucketing.count
        made["BucketColumns"] = [] if bucketing is None else list(bucketing.columns)
        sorting = () if bucketing is None else bucketing.sorted_by
        made["SortColumns"] = [
            {"Column": one.name, "SortOrder": 0 if one.descending else _ASCENDING} for one in sorting
        ]
    return made


def _bucketing_from(storage: Document, what: str) -> Bucketing | None:
    count = storage.get("NumberOfBuckets") or 0
    if count <= 0:
        return None
    columns = storage.get("BucketColumns")
    if not columns:
        raise LodestarError(
            HIVE_INVALID_METADATA,
            f"Table/partition metadata has 'numBuckets' set, but 'bucketCols' is not set: {what}",
        )
    return Bucketing(
        tuple(name.lower() for name in columns),
        count,
        tuple(
            SortingColumn(one["Column"].lower(), one["SortOrder"] != _ASCENDING)
            for one in storage.get("SortColumns") or ()
        ),
    )
