"""Structs of the metastore ↔ the model.

What the model does not know of a table (skewed columns, privileges, times) stays as it is: a changed table is written
over a copy of the struct that was found.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lodestar_server.plugins.toolkit.metastore.classes import StorageClasses, classes_of, format_of, original_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.plugins.toolkit.metastore.model import (
    Bucketing,
    Database,
    HiveColumn,
    Partition,
    SortingColumn,
    Table,
    TableType,
)
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import PrincipalKind

TRANSLATED = "TRANSLATED_TO_EXTERNAL"
"""A managed table that the metastore keeps as an external one whose files it deletes; Hive 4 does so."""

_PRIVILEGES = ("select", "insert", "update", "delete")
_ASCENDING = 1


def location_from(text: str | None) -> str | None:
    """`file:/a` is how Hadoop writes `file:///a`."""
    if text is not None and text.startswith("file:/") and not text.startswith("file://"):
        return "file://" + text.removeprefix("file:")
    return text


# databases


def database_from(found: Any) -> Database:
    """From the struct. What nobody owns is everybody's: the role public has it."""
    is_role = found.ownerName is None or found.ownerType == structs().PrincipalType.ROLE
    owner = "public" if found.ownerName is None else found.ownerName
    return Database(
        found.name,
        location_from(found.locationUri),
        owner.lower() if is_role else owner,
        found.description or None,
        found.parameters or {},
        PrincipalKind.ROLE if is_role else PrincipalKind.USER,
    )


def database_to(database: Database, base: Any = None) -> Any:
    """The inverse, over the struct that was there."""
    api = structs()
    made = copy.copy(base) if base is not None else api.Database()
    made.name = database.name
    if database.location is not None:
        made.locationUri = database.location
    made.description = database.comment
    made.parameters = dict(database.parameters)
    made.ownerName = database.owner
    made.ownerType = None if database.owner is None else getattr(api.PrincipalType, database.owner_kind.name)
    return made


# tables


def table_from(found: Any, fields: Sequence[Any] | None = None) -> Table:
    """From the struct; `fields`: the columns, when they are not those of its storage. Raises: HIVE_INVALID_METADATA."""
    name = SchemaTableName(found.dbName, found.tableName)
    parameters = found.parameters or {}
    try:
        kind = TableType(found.tableType)
    except ValueError:
        raise LodestarError(HIVE_INVALID_METADATA, f"Unknown type of table {name}: {found.tableType}") from None
    if parameters.get(TRANSLATED, "").upper() == "TRUE":
        kind = TableType.MANAGED_TABLE
    if found.sd is None:
        raise LodestarError(HIVE_INVALID_METADATA, f"Table is missing storage descriptor: {name}")
    classes, storage = _classes(found.sd, str(name))
    columns = found.sd.cols if fields is None else fields
    return Table(
        name,
        found.owner,
        kind,
        _columns_from(columns, all_texts=storage == "CSV"),
        _columns_from(found.partitionKeys),
        parameters,
        storage,
        {} if storage is not None else original_of(classes),
        found.sd.serdeInfo.parameters or {},
        _bucketing_from(found.sd, str(name)),
        location_from(found.sd.location) or "",
        found.viewOriginalText or None,
        found.viewExpandedText or None,
    )


def table_to(table: Table, base: Any = None) -> Any:
    """The inverse, over the struct that was there."""
    api = structs()
    made = copy.copy(base) if base is not None else api.Table(createTime=0, lastAccessTime=0, retention=0)
    before = None if base is None else table_from(base)
    made.dbName, made.tableName = table.name.schema, table.name.table
    made.owner = table.owner
    made.parameters = dict(table.parameters)
    if before is None or before.type is not table.type:
        made.tableType = table.type.value
    made.partitionKeys = _columns_to(table.partition_columns)
    keep_columns = before is not None and before.columns == table.columns
    made.sd = _storage_to(table, None if base is None else base.sd, keep_columns=keep_columns)
    if not table.is_view:
        made.sd.location = table.location or None
    made.viewOriginalText, made.viewExpandedText = table.view_original_text, table.view_expanded_text
    return made


def owner_privileges(user: str) -> Any:
    """What the creator of a table may do: everything, and hand it on."""
    api = structs()
    grants = [api.PrivilegeGrantInfo(one, 0, user, api.PrincipalType.USER, True) for one in _PRIVILEGES]
    return api.PrincipalPrivilegeSet({user: grants}, {}, {})


def partition_from(found: Any) -> Partition:
    """From the struct."""
    what = f"{found.tableName}.{found.values}"
    _, storage = _classes(found.sd, what)
    return Partition(
        tuple(found.values),
        _columns_from(found.sd.cols, all_texts=storage == "CSV"),
        found.parameters or {},
        storage,
        found.sd.serdeInfo.parameters or {},
        _bucketing_from(found.sd, what),
        location_from(found.sd.location) or "",
    )


def partition_to(table: Table, partition: Partition, base: Any = None) -> Any:
    """The inverse, over the struct that was there."""
    api = structs()
    made = copy.copy(base) if base is not None else api.Partition(createTime=0, lastAccessTime=0)
    made.dbName, made.tableName = table.name.schema, table.name.table
    made.values = list(partition.values)
    made.parameters = dict(partition.parameters)
    keep_columns = base is not None and partition_from(base).columns == partition.columns
    made.sd = _storage_to(partition, None if base is None else base.sd, keep_columns=keep_columns, table=table)
    made.sd.location = partition.location or None
    return made


# parts


def _columns_from(fields: Iterable[Any] | None, *, all_texts: bool = False) -> tuple[HiveColumn, ...]:
    return tuple(
        HiveColumn(one.name, "string" if all_texts else one.type.lower(), one.comment or None) for one in fields or ()
    )


def _columns_to(columns: Iterable[HiveColumn]) -> list[Any]:
    return [structs().FieldSchema(one.name, one.type, one.comment) for one in columns]


def _classes(storage: Any, what: str) -> tuple[StorageClasses, str | None]:
    if storage is None or storage.serdeInfo is None:
        raise LodestarError(HIVE_INVALID_METADATA, f"Table storage descriptor is missing SerDe info: {what}")
    classes = StorageClasses(storage.serdeInfo.serializationLib, storage.inputFormat, storage.outputFormat)
    return classes, format_of(classes)


def _storage_to(
    described: Table | Partition, base: Any, *, keep_columns: bool = False, table: Table | None = None
) -> Any:
    api = structs()
    if base is not None:
        made, serde = copy.copy(base), copy.copy(base.serdeInfo)
    else:
        made, serde = api.StorageDescriptor(compressed=False, parameters={}), api.SerDeInfo()
        named = described if isinstance(described, Table) else table
        assert named is not None
        serde.name = named.name.table
        original: Mapping[str, str] = described.original_format if isinstance(described, Table) else {}
        classes = classes_of(described.storage_format, original)
        serde.serializationLib, made.inputFormat, made.outputFormat = classes
    if not keep_columns:
        made.cols = _columns_to(described.columns)
    serde.parameters = dict(described.serde_parameters)
    made.serdeInfo = serde
    bucketing = described.bucketing
    if base is None or _bucketing_from(base, "") != bucketing:
        made.numBuckets = 0 if bucketing is None else bucketing.count
        made.bucketCols = [] if bucketing is None else list(bucketing.columns)
        sorting = () if bucketing is None else bucketing.sorted_by
        made.sortCols = [api.Order(one.name, 0 if one.descending else _ASCENDING) for one in sorting]
    return made


def _bucketing_from(storage: Any, what: str) -> Bucketing | None:
    if not storage.numBuckets or storage.numBuckets < 0:
        return None
    if not storage.bucketCols:
        raise LodestarError(
            HIVE_INVALID_METADATA,
            f"Table/partition metadata has 'numBuckets' set, but 'bucketCols' is not set: {what}",
        )
    return Bucketing(
        tuple(name.lower() for name in storage.bucketCols),
        storage.numBuckets,
        tuple(SortingColumn(one.col.lower(), one.order != _ASCENDING) for one in storage.sortCols or ()),
    )
