"""What the kernel does with splits, small and slow: pages or file scans to rows of Python values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.spi.page import FileFormat, FileScan, PageSource
from lodestar_server.spi.types import (
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import arrow_to_values

_DECIMALS = Context(prec=76)


def read_rows(source: PageSource | Sequence[FileScan], types: Sequence[Type]) -> list[tuple[Any, ...]]:
    """All rows, values as in `ir.Constant`. Pages are checked: their types and their validity."""
    if isinstance(source, PageSource):
        return [row for page in source.pages() for row in _page_rows(page, types)]
    return [row for scan in source for row in _scan_rows(scan)]


def _page_rows(page: pa.RecordBatch, types: Sequence[Type]) -> Iterator[tuple[Any, ...]]:
    assert page.num_columns == len(types)
    for column, type_ in zip(page.columns, types, strict=True):
        assert column.type == arrow_type(type_), (column.type, type_)
        column.validate(full=True)
    if not types:
        return iter([()] * page.num_rows)
    columns = [arrow_to_values(type_, column) for column, type_ in zip(page.columns, types, strict=True)]
    return zip(*columns, strict=True)


def _scan_rows(scan: FileScan) -> Iterator[tuple[Any, ...]]:
    assert scan.format is FileFormat.PARQUET
    for piece in scan.slices:
        assert scan.root is not None and piece.path.startswith(scan.root + "/")
        with pq.ParquetFile(piece.path, coerce_int96_timestamp_unit="us") as file:
            table = file.read()
        columns: list[list[Any]] = []
        for column in scan.columns:
            if column.constant is not None:
                columns.append([piece.constants[column.constant]] * table.num_rows)
                continue
            (name,) = [one for one in table.column_names if one.lower() == str(column.name).lower()]
            held = table.column(name)
            # Python's dates end with the year 9999.
            values = (held.cast(pa.int32()) if pa.types.is_date32(held.type) else held).to_pylist()
            columns.append([_value(column.type, column.file_type or column.type, one) for one in values])
        yield from zip(*columns, strict=True) if columns else iter([()] * table.num_rows)


def _value(wanted: Type, found: Type, value: Any) -> Any:
    """A value of pyarrow as one of ours, cast when the types differ."""
    if value is None:
        return None
    match wanted:
        case ArrayType(element):
            assert isinstance(found, ArrayType)
            return tuple(_value(element, found.element, one) for one in value)
        case MapType(key, item):
            assert isinstance(found, MapType)
            return tuple((_value(key, found.key, k), _value(item, found.value, v)) for k, v in value)
        case RowType(fields):
            by_name = {name.lower(): one for name, one in value.items()}
            return tuple(_value(field.type, field.type, by_name[str(field.name).lower()]) for field in fields)
        case DecimalType(_, scale):
            return int(Decimal(value).scaleb(scale, _DECIMALS).quantize(Decimal(1), ROUND_HALF_UP, _DECIMALS))
        case VarcharType(length):
            return str(value)[:length]
        case CharType(length):
            return str(value)[:length].rstrip(" ")
        case TimestampType(precision) | TimestampTzType(precision):
            micros = pa.scalar(value, pa.timestamp("us")).value
            step = 10 ** (6 - precision)
            return (micros + step // 2) // step * step * 1_000_000
    if wanted.display == "date":
        return value if isinstance(value, int) else pa.scalar(value, pa.date32()).value
    if wanted.display == "double":
        return float(value)
    return value
