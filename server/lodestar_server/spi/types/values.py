"""Python values (as in `ir.Constant`) to Arrow arrays of `arrow.py` and back.

For small amounts: system tables, partition values, statistics. Rows of queries never pass through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal
from itertools import islice
from typing import Any

import pyarrow as pa

from lodestar_server.spi.types import scalars
from lodestar_server.spi.types.arrow import MICROSECOND_PRECISION, arrow_type
from lodestar_server.spi.types.base import Type
from lodestar_server.spi.types.datetime import TimestampType, TimestampTzType, TimeTzType
from lodestar_server.spi.types.nested import ArrayType, MapType, RowType
from lodestar_server.spi.types.scalars import DecimalType

PICOSECONDS_PER_MICROSECOND = 1_000_000
MAX_PAGE_ROWS = 8192
"""Rows of a page made here."""

_DECIMALS = Context(prec=76)


def values_to_arrow(type_: Type, values: Sequence[Any]) -> pa.Array:
    """An array of `arrow_type(type_)`; None is NULL."""
    wanted = arrow_type(type_)
    match type_:
        case DecimalType(_, scale):
            made = [None if v is None else Decimal(v).scaleb(-scale, _DECIMALS) for v in values]
            return pa.array(made, wanted)
        case scalars.DATE:
            return pa.array(values, pa.int32()).cast(wanted)
        case TimeTzType():
            return _struct(wanted, values, [[None if v is None else v[i] for v in values] for i in (0, 1)])
        case TimestampType(precision):
            if precision <= MICROSECOND_PRECISION:
                return _microseconds(values)
            return _struct(wanted, values, [values, values], [_microseconds, _picoseconds])
        case TimestampTzType(precision):
            instants = [None if v is None else v[0] for v in values]
            zones = [None if v is None else v[1] for v in values]
            if precision <= MICROSECOND_PRECISION:
                return _struct(wanted, values, [instants, zones], [_microseconds, None])
            return _struct(wanted, values, [instants, instants, zones], [_microseconds, _picoseconds, None])
        case ArrayType(element):
            flat = [item for v in values if v is not None for item in v]
            return pa.ListArray.from_arrays(_offsets(values), values_to_arrow(element, flat), type=wanted)
        case MapType(key, value):
            entries = [entry for v in values if v is not None for entry in v]
            keys = values_to_arrow(key, [k for k, _ in entries])
            items = values_to_arrow(value, [item for _, item in entries])
            return pa.MapArray.from_arrays(_offsets(values), keys, items, type=wanted)
        case RowType(fields):
            parts = [
                values_to_arrow(field.type, [None if v is None else v[i] for v in values])
                for i, field in enumerate(fields)
            ]
            return pa.StructArray.from_arrays(parts, fields=list(wanted), mask=_nulls(values))
        case _:
            return pa.array(values, wanted)


def arrow_to_values(type_: Type, array: pa.Array) -> list[Any]:
    """The inverse of `values_to_arrow`."""
    match type_:
        case DecimalType(_, scale):
            return [None if v is None else int(v.scaleb(scale, _DECIMALS)) for v in array.to_pylist()]
        case scalars.DATE:
            return list(array.cast(pa.int32()).to_pylist())
        case TimestampType(precision) if precision <= MICROSECOND_PRECISION:
            return _from_microseconds(array)
        case TimeTzType():
            return [None if v is None else (v["t"], v["o"]) for v in array.to_pylist()]
        case TimestampType():
            return _joined(array)
        case TimestampTzType(precision):
            instants = _from_microseconds(array.field("t")) if precision <= MICROSECOND_PRECISION else _joined(array)
            zones = array.field("z").to_pylist()
            valid = array.is_valid().to_pylist()
            return [(t, z) if ok else None for t, z, ok in zip(instants, zones, valid, strict=True)]
        case ArrayType(element):
            items = arrow_to_values(element, array.flatten())
            return _regroup(array, iter(items))
        case MapType(key, value):
            spans = array.is_valid().to_pylist()
            offsets = array.offsets.to_pylist()
            keys, values = arrow_to_values(key, array.keys), arrow_to_values(value, array.items)
            return [
                tuple(zip(keys[start:end], values[start:end], strict=True)) if ok else None
                for start, end, ok in zip(offsets, offsets[1:], spans, strict=False)
            ]
        case RowType(fields):
            columns = [arrow_to_values(field.type, part) for field, part in zip(fields, array.flatten(), strict=True)]
            rows = zip(*columns, strict=True) if columns else ((),) * len(array)
            return [row if ok else None for row, ok in zip(rows, array.is_valid().to_pylist(), strict=True)]
        case _:
            return list(array.to_pylist())


def rows_to_pages(
    types: Sequence[Type], rows: Iterable[Sequence[Any]], page_rows: int = MAX_PAGE_ROWS
) -> Iterator[pa.RecordBatch]:
    """Pages of rows with one value per type; the columns are named c0, c1, …; rows are pulled page by page."""
    names = [f"c{i}" for i in range(len(types))]
    source = iter(rows)
    while chunk := list(islice(source, page_rows)):
        if not types:
            yield empty_columns_page(len(chunk))
            continue
        columns = zip(*chunk, strict=True)
        yield pa.RecordBatch.from_arrays(
            [values_to_arrow(type_, values) for type_, values in zip(types, columns, strict=True)], names
        )


def empty_columns_page(rows: int) -> pa.RecordBatch:
    """A page of `rows` rows without columns, for count(*)."""
    return pa.RecordBatch.from_struct_array(pa.StructArray.from_buffers(pa.struct([]), rows, [None]))


def _nulls(values: Sequence[Any]) -> pa.Array:
    return pa.array([v is None for v in values], pa.bool_())


def _struct(
    wanted: pa.DataType, values: Sequence[Any], parts: Sequence[Sequence[Any]], makers: Sequence[Any] = ()
) -> pa.Array:
    made = []
    for i, part in enumerate(parts):
        maker = makers[i] if i < len(makers) else None
        made.append(maker(part) if maker else pa.array(part, wanted.field(i).type))
    return pa.StructArray.from_arrays(made, fields=list(wanted), mask=_nulls(values))


def _microseconds(values: Sequence[int | None]) -> pa.Array:
    whole = [None if v is None else v // PICOSECONDS_PER_MICROSECOND for v in values]
    return pa.array(whole, pa.int64()).cast(pa.timestamp("us"))


def _picoseconds(values: Sequence[int | None]) -> pa.Array:
    return pa.array([None if v is None else v % PICOSECONDS_PER_MICROSECOND for v in values], pa.int32())


def _from_microseconds(array: pa.Array) -> list[Any]:
    counts = array.cast(pa.int64()).to_pylist()
    return [None if v is None else v * PICOSECONDS_PER_MICROSECOND for v in counts]


def _joined(array: pa.Array) -> list[Any]:
    whole, rest = _from_microseconds(array.field("t")), array.field("p").to_pylist()
    valid = array.is_valid().to_pylist()
    return [a + b if ok else None for a, b, ok in zip(whole, rest, valid, strict=True)]


def _offsets(values: Sequence[Any]) -> pa.Array:
    # A NULL is a null offset: from_arrays takes it as the start of a missing list.
    offsets: list[int | None] = []
    total = 0
    for value in values:
        offsets.append(None if value is None else total)
        total += 0 if value is None else len(value)
    offsets.append(total)
    return pa.array(offsets, pa.int32())


def _regroup(array: pa.Array, items: Iterator[Any]) -> list[Any]:
    lengths = array.value_lengths().to_pylist()
    return [None if n is None else tuple(islice(items, n)) for n in lengths]
