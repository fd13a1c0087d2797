"""Bounds of texts and decimals in Parquet files of which pyarrow tells none: see `toolkit/parquet_bounds.py`."""

from __future__ import annotations

from typing import Any, Literal

import orjson

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, Field, IcebergType
from lodestar_server.plugins.connectors.iceberg.metrics import ColumnMetrics
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.plugins.toolkit.files import FileSystem, Version
from lodestar_server.plugins.toolkit.parquet_bounds import Extremes, column_extremes
from lodestar_server.spi.types.values import values_to_arrow

_TAIL_BYTES = 8
Hidden = list[list[Extremes | None]]
"""By row group and column."""
Bounds = tuple[bytes | None, bytes | None]


def may_hide(type_: IcebergType) -> bool:
    """Values have an order that a file may not name."""
    return type_ == ice.STRING or isinstance(type_, DecimalOf)


def read_extremes(files: FileSystem, file: DataFile, footer: Any) -> Hidden:
    """Those of a file, of which pyarrow has read the footer; empty when they cannot be told."""
    size = min(file.size, footer.serialized_size + _TAIL_BYTES)
    with files.open_input(file.path, Version(file.size, 0)) as source:
        source.seek(file.size - size)
        return column_extremes(source.read(size)) or []


def hidden_bounds(field: Field, footer: Any, place: int, hidden: Hidden) -> Bounds:
    """None when a row group with values tells nothing, or tells of another type."""
    ends: list[bytes] = []
    for number, group in enumerate(hidden):
        known = footer.row_group(number).column(place).statistics
        if known is not None and known.num_values == 0:
            continue
        extremes = group[place] if place < len(group) else None
        if extremes is None:
            return None, None
        ends += extremes
    try:
        values = [_value(field.type, footer.schema.column(place), end) for end in ends]
    except ValueError:
        return None, None
    if not values:
        return None, None
    metrics = ColumnMetrics([field])
    metrics.add([values_to_arrow(to_trino(field.type), values)])
    lower, upper = metrics.bounds()
    return lower.get(field.id), upper.get(field.id)


def _value(type_: IcebergType, column: Any, content: bytes) -> Any:
    """As in `ir.Constant`. Raises: ValueError for what is of another type."""
    logical = orjson.loads(column.logical_type.to_json())
    if type_ == ice.STRING and column.physical_type == "BYTE_ARRAY" and logical["Type"] == "String":
        return content.decode()
    if isinstance(type_, DecimalOf) and logical["Type"] == "Decimal" and logical["scale"] == type_.scale:
        order: Literal["little", "big"] = "little" if column.physical_type in ("INT32", "INT64") else "big"
        found = int.from_bytes(content, order, signed=True)
        if abs(found) < 10**type_.precision:
            return found
    raise ValueError(f"{type_} is not {column.physical_type}")
