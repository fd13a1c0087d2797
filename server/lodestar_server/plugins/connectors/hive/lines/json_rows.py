"""JsonSerDe: an object per line; and its lenient cousin of OpenX, which makes NULL of what the first refuses.

| JSON | read as | strict | lenient |
|---|---|---|---|
| a field that is not there, null | NULL | | |
| names | without regard to case; `_col3` is the fourth column | | no `_col3` |
| number | integers: cut off behind the point | out of range is an error | NULL |
| text | numbers | error, but for decimals | the number in it, else NULL |
| anything | varchar: the text as it stands | objects and arrays are errors | their JSON |
| anything | boolean: whether it is `true` in any case | | |

Lines go through Arrow's reader when all columns are simple and nothing in the text is doubtful; otherwise one by one.
Source: answers of Trino 476.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.lines import scalars
from lodestar_server.plugins.connectors.hive.lines.moments import hive_date, hive_timestamp
from lodestar_server.plugins.connectors.hive.lines.splitting import joined_lines
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGRAL_BITS,
    INTEGRAL_TYPES,
    REAL,
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
from lodestar_server.spi.types.values import values_to_arrow
from lodestar_server.spi.values import frozen

_PLACE = re.compile(r"_col(\d+)", re.ASCII)
_PICOSECONDS = 1_000_000_000_000


class MalformedJson(ValueError):
    """A line that is no JSON object, or a value that does not fit its column."""


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


class _Object(list[tuple[str, Any]]):
    """The fields of an object, in order."""

    __slots__ = ()


def _no_constant(text: str) -> NoReturn:
    raise MalformedJson(text)


_PARSER = json.JSONDecoder(
    object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number, parse_constant=_no_constant
)


@frozen
class JsonColumn:
    """A column: its name in lower case, its place in the table."""

    name: str
    place: int
    type: Type


class JsonDecoder:
    """Strict."""

    def __init__(self, columns: Sequence[JsonColumn]) -> None:
        self._columns = columns
        self._names = {column.name: i for i, column in enumerate(columns)}
        self._places = {column.place: i for i, column in enumerate(columns)}
        self._readers = [_reader(column.type) for column in columns]
        self._schema = _schema(columns)

    def decode(self, lines: pa.Array) -> list[pa.Array]:
        """A column each. Raises: MalformedJson."""
        return self._at_once(lines) or self._one_by_one(lines)

    def _at_once(self, lines: pa.Array) -> list[pa.Array] | None:
        """By Arrow's reader; None when it cannot, or when it would not see what the other way sees."""
        import pyarrow.json

        if self._schema is None or not self._columns or not len(lines):
            return None
        content = joined_lines(lines)
        if b"\\u" in content or b"_col" in content.lower():
            return None
        lower = content.lower()
        for column in self._columns:
            name = json.dumps(column.name).encode()
            if lower.count(name) != content.count(name):
                return None
        options = pyarrow.json.ParseOptions(self._schema, unexpected_field_behavior="ignore")
        read = pyarrow.json.ReadOptions(use_threads=False, block_size=len(content) + 1)
        try:
            table = pyarrow.json.read_json(pa.BufferReader(content), read_options=read, parse_options=options)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
        if table.num_rows != len(lines):
            return None
        made = []
        for column in self._columns:
            values = table.column(column.name).combine_chunks()
            if isinstance(column.type, TimestampType | VarcharType | CharType) or column.type == DATE:
                try:
                    values = scalars.parse(values, column.type, lenient=False)
                except ValueError:
                    return None
            made.append(values)
        return made

    def _one_by_one(self, lines: pa.Array) -> list[pa.Array]:
        rows = [self._row(line.decode(errors="replace")) for line in lines.to_pylist()]
        return [values_to_arrow(column.type, [row[i] for row in rows]) for i, column in enumerate(self._columns)]

    def _row(self, line: str) -> list[Any]:
        try:
            found, _ = _PARSER.raw_decode(line, len(line) - len(line.lstrip()))
        except (ValueError, RecursionError) as fault:
            raise MalformedJson(str(fault)) from None
        if not isinstance(found, _Object):
            raise MalformedJson("start of object expected")
        return _fields(found, self._readers, self._names, self._places)


def _schema(columns: Sequence[JsonColumn]) -> pa.Schema | None:
    """What Arrow's reader is asked for; None when a type is not for it."""
    fields = []
    for column in columns:
        match column.type:
            case VarcharType() | CharType() | TimestampType():
                arrow = pa.string()
            case _ if column.type == DATE:
                arrow = pa.string()
            case _ if column.type in (BIGINT, INTEGER):
                arrow = pa.int64() if column.type == BIGINT else pa.int32()
            case _ if column.type == DOUBLE:
                arrow = pa.float64()
            case _ if column.type == BOOLEAN:
                arrow = pa.bool_()
            case _:
                return None
        fields.append((column.name, arrow))
    return pa.schema(fields)


Reader = Callable[[Any], Any]
"""From a parsed JSON value that is not null to a value as in `ir.Constant`. Raises: MalformedJson."""


def _fields(
    found: _Object, readers: Sequence[Reader], names: Mapping[str, int], places: Mapping[int, int]
) -> list[Any]:
    made: list[Any] = [None] * len(readers)
    seen: set[int] = set()
    for name, value in found:
        which = names.get(name.lower())
        if which is None:
            match = _PLACE.fullmatch(name)
            which = None if match is None else places.get(int(match[1]))
            if which is None:
                continue
        if which in seen:
            raise MalformedJson(f"duplicate field {name}")
        seen.add(which)
        made[which] = None if value is None else readers[which](value)
    return made


def text_of_json(value: Any) -> str:
    """The text of a simple value. Raises: MalformedJson for an object or an array."""
    if isinstance(value, list):
        raise MalformedJson("value must be a scalar json value")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(value: Any) -> _Number:
    if not isinstance(value, _Number):
        raise MalformedJson("not a number")
    return value


def _reader(type_: Type) -> Reader:
    match type_:
        case ArrayType(element):
            return _array(_reader(element))
        case MapType(key, value):
            return _map(_key_reader(key), _reader(value))
        case RowType(fields):
            readers = [_reader(field.type) for field in fields]
            names = {(field.name or "").lower(): i for i, field in enumerate(fields)}
            return _row(readers, names)
        case VarcharType() | CharType():
            return lambda value: cut_text(text_of_json(value), type_)
        case DecimalType():
            return lambda value: _decimal(text_of_json(value), type_)
        case TimestampType(precision):
            return lambda value: _timestamp(text_of_json(value), precision)
    if type_ == BOOLEAN:
        return lambda value: text_of_json(value).lower() == "true"
    if type_ in INTEGRAL_TYPES:
        bits = INTEGRAL_BITS[type_]
        return lambda value: _integer(_number(value), bits)
    if type_ in (REAL, DOUBLE):
        single = type_ == REAL
        return lambda value: scalars.java_double(_number(value), single)
    if type_ == DATE:
        return lambda value: _checked(hive_date, text_of_json(value))
    assert type_ == VARBINARY, type_
    return lambda value: text_of_json(value).encode(errors="replace")


def _array(element: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or isinstance(value, _Object):
            raise MalformedJson("start of array expected")
        return tuple(None if one is None else element(one) for one in value)

    return read


def _map(key: Callable[[str], Any], item: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, _Object):
            raise MalformedJson("start of object expected")
        # The last of equal keys counts.
        made = {key(name): None if one is None else item(one) for name, one in value}
        return tuple(made.items())

    return read


def _row(readers: Sequence[Reader], names: Mapping[str, int]) -> Reader:
    places = {i: i for i in range(len(readers))}

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, _Object):
            raise MalformedJson("start of object expected")
        return tuple(_fields(value, readers, names, places))

    return read


def _key_reader(type_: Type) -> Callable[[str], Any]:
    if type_ in (REAL, DOUBLE) or type_ in INTEGRAL_TYPES:
        single = type_ == REAL
        if type_ in INTEGRAL_TYPES:
            bits = INTEGRAL_BITS[type_]
            return lambda text: _checked(lambda one: scalars.truncated(one, bits), text)
        return lambda text: _checked(lambda one: scalars.java_double(one, single), text)
    return _reader(type_)


def _checked(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (ValueError, OverflowError):
        raise MalformedJson(text) from None


def cut_text(text: str, type_: VarcharType | CharType) -> str:
    """As many characters as the type has."""
    if isinstance(type_, CharType):
        return text[: type_.length].rstrip(" ")
    return text if type_.length is None else text[: type_.length]


def _decimal(text: str, type_: DecimalType) -> int | None:
    try:
        return scalars.unscaled(scalars.java_decimal(text, type_), type_.scale)
    except (ValueError, InvalidOperation):
        return None
    except OverflowError:
        raise MalformedJson(text) from None


def _timestamp(text: str, precision: int) -> int:
    try:
        seconds, nanos = hive_timestamp(text)
    except ValueError:
        raise MalformedJson(text) from None
    return timestamp_value(seconds, nanos, precision)


def timestamp_value(seconds: int, nanos: int, precision: int) -> int:
    """Picoseconds since 1970, rounded half up to the precision."""
    step = 10 ** max(9 - precision, 0)
    rounded: int = (nanos + step // 2) // step * step
    return seconds * _PICOSECONDS + rounded * 1000


def _integer(text: _Number, bits: int) -> int:
    number = int(Decimal(text)) if not text.lstrip("-").isdigit() else int(text)
    if bits == 8 and 128 <= number <= 255:
        return number - 256  # a byte without sign is taken for one with a sign
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise MalformedJson(text)
    return number
