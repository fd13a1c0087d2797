"""From a table's definition in SQL to its first metadata, and from metadata to columns."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.config import CompressionCodec, IcebergConfig
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata as FormatMetadata
from lodestar_server.plugins.connectors.iceberg.format.partitioning import (
    PartitioningError,
    PartitionSpec,
    SortField,
    SortOrder,
    parse_partitioning,
    parse_sorting,
)
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.transforms import Transform
from lodestar_server.plugins.connectors.iceberg.format.types import Field, Primitive, Struct
from lodestar_server.plugins.connectors.iceberg.handles import HIDDEN_IDS, HIDDEN_TYPES, IcebergColumnHandle
from lodestar_server.plugins.connectors.iceberg.properties import (
    FORMAT,
    FORMAT_VERSION,
    MAX_COMMIT_RETRY,
    NATIVE_COMMENT,
    OBJECT_STORE,
    PARTITIONING,
    SORTED_BY,
    native_properties,
    shown_properties,
)
from lodestar_server.plugins.connectors.iceberg.types import to_iceberg, to_trino
from lodestar_server.spi.connector import ColumnMetadata, TableMetadata
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    GENERIC_INTERNAL_ERROR,
    INVALID_TABLE_PROPERTY,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName


def schema_of(columns: Sequence[ColumnMetadata]) -> Schema:
    """A first schema: ids of columns before those of nested fields."""
    visible = [column for column in columns if not column.hidden]
    following: Iterator[int] = itertools.count(len(visible) + 1)
    fields = [
        Field(
            place + 1,
            column.name,
            to_iceberg(column.type, lambda: next(following)),
            not column.nullable,
            column.comment,
        )
        for place, column in enumerate(visible)
    ]
    return Schema(Struct(tuple(fields)))


def partitioning_of(schema: Schema, texts: Sequence[str]) -> PartitionSpec:
    """Raises: INVALID_TABLE_PROPERTY."""
    try:
        return parse_partitioning(schema, texts)
    except PartitioningError as fault:
        raise LodestarError(INVALID_TABLE_PROPERTY, f"Unable to parse partitioning value: {fault}") from None


def sorting_of(schema: Schema, texts: Sequence[str], id_: int = 1) -> SortOrder:
    """Raises: INVALID_TABLE_PROPERTY; GENERIC_INTERNAL_ERROR for a column that is not there, as Trino does."""
    try:
        parsed = parse_sorting(texts)
    except PartitioningError as fault:
        raise LodestarError(INVALID_TABLE_PROPERTY, str(fault)) from None
    fields = []
    for name, direction, nulls in parsed:
        found = schema.find(name)
        if found is None:
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"Cannot find field '{name}' in struct: {schema.struct}")
        if all(one.id != found.id for one in schema.columns):
            raise LodestarError(COLUMN_NOT_FOUND, f"Column not found: {name}")
        if not isinstance(found.type, Primitive):
            raise LodestarError(INVALID_TABLE_PROPERTY, "Invalid sorted_by definition")
        fields.append(SortField(found.id, Transform("identity"), direction, nulls))
    return SortOrder(id_ if fields else 0, tuple(fields))


def first_metadata(
    table: TableMetadata, location: str, codec: CompressionCodec, config: IcebergConfig
) -> FormatMetadata:
    """What CREATE TABLE describes, without snapshots. Raises: INVALID_TABLE_PROPERTY, NOT_SUPPORTED."""
    schema = schema_of(table.columns)
    spec = partitioning_of(schema, table.properties.get(PARTITIONING) or ())
    order = sorting_of(schema, table.properties.get(SORTED_BY) or ())
    defaults = config_defaults(config)
    properties = native_properties(
        table.properties, table.columns, table.comment, codec, config.allowed_extra_properties, defaults
    )
    return FormatMetadata(
        table.properties.get(FORMAT_VERSION, defaults[FORMAT_VERSION]),
        str(uuid.uuid4()),
        location.rstrip("/"),
        0,
        int(time.time() * 1000),
        schema.highest_id,
        (schema,),
        0,
        (spec,),
        0,
        max((one.id for one in spec.fields), default=999),
        (order,),
        order.id,
        properties,
    )


def config_defaults(config: IcebergConfig) -> Mapping[str, Any]:
    """Of table properties."""
    return {
        FORMAT: config.file_format.name,
        FORMAT_VERSION: config.format_version,
        MAX_COMMIT_RETRY: config.max_commit_retry,
        OBJECT_STORE: config.object_store_layout,
    }


# the way back


def data_columns(schema: Schema) -> tuple[IcebergColumnHandle, ...]:
    """The columns of a schema."""
    return tuple(IcebergColumnHandle(one.id, one.name.lower(), to_trino(one.type)) for one in schema.columns)


def column_handles(schema: Schema) -> dict[str, IcebergColumnHandle]:
    """Columns by name, hidden ones last."""
    found = {column.name: column for column in data_columns(schema)}
    for name, id_ in HIDDEN_IDS.items():
        found.setdefault(name, IcebergColumnHandle(id_, name, HIDDEN_TYPES[name]))
    return found


def column_metadata(schema: Schema) -> tuple[ColumnMetadata, ...]:
    """Columns as DESCRIBE shows them, hidden ones last."""
    shown = [ColumnMetadata(one.name.lower(), to_trino(one.type), not one.required, one.doc) for one in schema.columns]
    return (*shown, *(ColumnMetadata(name, HIDDEN_TYPES[name], hidden=True) for name in HIDDEN_IDS))


def table_metadata(name: SchemaTableName, metadata: FormatMetadata, schema: Schema) -> TableMetadata:
    """The definition as SQL shows it."""
    return TableMetadata(
        name, column_metadata(schema), shown_properties(metadata), metadata.properties.get(NATIVE_COMMENT)
    )
