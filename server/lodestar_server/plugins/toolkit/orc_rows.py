"""ORC row by row, for the timestamps that pyarrow does not do: it writes fractions before 1970 so that others refuse
them, and reads only the years that nanoseconds in 64 bits can count (1677 to 2262).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.values import arrow_to_values, values_to_arrow

_MICROS = 1_000_000
_PICOSECONDS = 1_000_000_000_000
_LAST_MICROS = (2**63 - 1) // 1000 - _MICROS
_DECIMALS = Context(prec=76)
_ROWS = 16_384

Convert = Callable[[Any], Any]


def has_odd_timestamps(values: pa.Array, type_: Type) -> bool:
    """Timestamps that pyarrow would write wrongly, or not at all, at any depth."""
    match type_:
        case TimestampType():
            return _odd(values)
        case ArrayType(element):
            return _nested(type_) and has_odd_timestamps(values.flatten(), element)
        case MapType(key, value):
            return _nested(type_) and (has_odd_timestamps(values.keys, key) or has_odd_timestamps(values.items, value))
        case RowType(fields):
            if not _nested(type_):
                return False
            return any(
                has_odd_timestamps(part, field.type) for part, field in zip(values.flatten(), fields, strict=True)
            )
    return False


def _nested(type_: Type) -> bool:
    return isinstance(type_, TimestampType) or any(map(_nested, type_.children))


def _odd(values: pa.Array) -> bool:
    rest: np.ndarray[Any, Any] | None = None
    if pa.types.is_struct(values.type):
        rest = values.field("p").fill_null(0).to_numpy(zero_copy_only=False)
        values = values.field("t")
    micros = values.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    fraction = micros % _MICROS != 0
    if rest is not None:
        fraction |= rest != 0
    return bool(((micros < 0) & fraction | (np.abs(micros) > _LAST_MICROS)).any())


def _converters() -> Mapping[Any, Any]:
    """Timestamps as (seconds, nanoseconds), dates as days: every value that a file can have."""
    import pyorc

    class Timestamps(pyorc.converters.ORCConverter):
        @staticmethod
        def from_orc(seconds: int, nanoseconds: int, timezone: Any) -> Any:
            return seconds, nanoseconds

        @staticmethod
        def to_orc(value: Any, timezone: Any) -> Any:
            return value

    class Dates(pyorc.converters.ORCConverter):
        @staticmethod
        def from_orc(days: int) -> Any:
            return days

        @staticmethod
        def to_orc(value: Any) -> Any:
            return value

    kinds = pyorc.TypeKind
    return {kinds.TIMESTAMP: Timestamps, kinds.TIMESTAMP_INSTANT: Timestamps, kinds.DATE: Dates}


class OrcRowWriter:
    """Slow, exact. `compression` in ORC's words: NONE, ZLIB, SNAPPY, LZ4, ZSTD."""

    def __init__(self, stream: BinaryIO, names: Sequence[str], types: Sequence[Type], compression: str) -> None:
        import pyorc

        self._types = types
        self._converters = [_to_orc(type_) for type_ in types]
        schema = pyorc.Struct(**{name: _orc_type(type_) for name, type_ in zip(names, types, strict=True)})
        self._writer = pyorc.Writer(
            stream, schema, compression=pyorc.CompressionKind[compression], converters=dict(_converters())
        )

    def write(self, page: pa.RecordBatch) -> None:
        """A page with the columns in order."""
        columns = []
        for values, type_, convert in zip(page.columns, self._types, self._converters, strict=True):
            made = arrow_to_values(type_, values)
            columns.append(made if convert is None else [None if one is None else convert(one) for one in made])
        for row in zip(*columns, strict=True):
            self._writer.write(row)

    def close(self) -> None:
        """Write the footer; the stream stays open."""
        self._writer.close()


def _orc_type(type_: Type) -> Any:
    import pyorc

    simple: dict[Type, Callable[[], Any]] = {
        BOOLEAN: pyorc.Boolean,
        TINYINT: pyorc.TinyInt,
        SMALLINT: pyorc.SmallInt,
        INTEGER: pyorc.Int,
        BIGINT: pyorc.BigInt,
        REAL: pyorc.Float,
        DOUBLE: pyorc.Double,
        VARBINARY: pyorc.Binary,
        DATE: pyorc.Date,
    }
    match type_:
        case VarcharType() | CharType():
            return pyorc.String()
        case DecimalType(precision, scale):
            return pyorc.Decimal(precision, scale)
        case TimestampType():
            return pyorc.Timestamp()
        case ArrayType(element):
            return pyorc.Array(_orc_type(element))
        case MapType(key, value):
            return pyorc.Map(_orc_type(key), _orc_type(value))
        case RowType(fields):
            return pyorc.Struct(**{str(field.name): _orc_type(field.type) for field in fields})
    return simple[type_]()


def _to_orc(type_: Type) -> Convert | None:
    """From a value as in `ir.Constant`; None when it is the same."""
    match type_:
        case DecimalType(_, scale):
            return lambda value: Decimal(value).scaleb(-scale, _DECIMALS)
        case TimestampType():
            return lambda value: (value // _PICOSECONDS, value % _PICOSECONDS // 1000)
        case ArrayType(element):
            item = _to_orc(element) or _same
            return lambda value: [None if one is None else item(one) for one in value]
        case MapType(key, value):
            name, inside = _to_orc(key) or _same, _to_orc(value) or _same
            return lambda found: {name(one): None if two is None else inside(two) for one, two in found}
        case RowType(fields):
            parts = [_to_orc(field.type) or _same for field in fields]
            return lambda found: tuple(
                None if one is None else part(one) for one, part in zip(found, parts, strict=True)
            )
    return None


def _same(value: Any) -> Any:
    return value


def read_orc_rows(source: BinaryIO, stripe: int, columns: Sequence[tuple[str, Type]]) -> Iterator[list[pa.Array]]:
    """Columns of a stripe by their names in the file, some thousand rows at a time, as arrays of their types.

    The types are those in the file, but timestamps have the precision that is wanted.
    """
    import pyorc

    names = [name for name, _ in columns]
    reader = pyorc.Reader(source, column_names=names, converters=dict(_converters()))
    schema: Any = reader.selected_schema
    order = list(schema.fields)
    readers = [(order.index(name), type_, _from_orc(type_)) for name, type_ in columns]
    rows: list[Any] = []
    for row in reader.read_stripe(stripe):
        rows.append(row)
        if len(rows) == _ROWS:
            yield [_column(rows, place, type_, convert) for place, type_, convert in readers]
            rows = []
    if rows:
        yield [_column(rows, place, type_, convert) for place, type_, convert in readers]


def _column(rows: Sequence[Any], place: int, type_: Type, convert: Convert | None) -> pa.Array:
    values = [row[place] for row in rows]
    if convert is not None:
        values = [None if one is None else convert(one) for one in values]
    return values_to_arrow(type_, values)


def _from_orc(type_: Type) -> Convert | None:
    match type_:
        case VarcharType(length) if length is not None:
            return lambda value: value[:length]
        case CharType(length):
            return lambda value: value[:length].rstrip(" ")
        case DecimalType(_, scale):
            return lambda value: int(value.scaleb(scale, _DECIMALS))
        case TimestampType(precision):
            step = 10 ** max(9 - precision, 0)
            return lambda value: value[0] * _PICOSECONDS + (value[1] + step // 2) // step * step * 1000
        case ArrayType(element):
            item = _from_orc(element) or _same
            return lambda value: tuple(None if one is None else item(one) for one in value)
        case MapType(key, value):
            name, inside = _from_orc(key) or _same, _from_orc(value) or _same
            return lambda found: tuple((name(one), None if two is None else inside(two)) for one, two in found.items())
        case RowType(fields):
            parts = [_from_orc(field.type) or _same for field in fields]
            return lambda found: tuple(
                None if one is None else part(one) for one, part in zip(found, parts, strict=True)
            )
    return None
