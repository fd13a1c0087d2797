"""Kinds of values that go between engines: their SQL in both dialects, and one text that tells two values apart."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

_EXACT = Context(prec=76)
INF = float("inf")
NAN = float("nan")
MAX_REAL = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
MIN_REAL = struct.unpack("<f", b"\x01\0\0\0")[0]


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `name` with Trino's and Spark's spelling; `of` are types below it, `fields` the names of a row's."""

    name: str
    trino: str
    spark: str
    of: tuple[Type, ...] = ()
    fields: tuple[str, ...] = ()


def _plain(trino: str, spark: str | None = None) -> Type:
    return Type(trino.partition("(")[0], trino, spark or trino)


BOOLEAN, TINYINT, SMALLINT = _plain("boolean"), _plain("tinyint"), _plain("smallint")
INTEGER, BIGINT = _plain("integer", "int"), _plain("bigint")
REAL, DOUBLE = _plain("real", "float"), _plain("double")
VARCHAR, VARBINARY = _plain("varchar", "string"), _plain("varbinary", "binary")
DATE, TIMESTAMP = _plain("date"), _plain("timestamp(6)", "timestamp")


def decimal(precision: int, scale: int) -> Type:
    """A decimal."""
    return _plain(f"decimal({precision},{scale})")


def array(of: Type) -> Type:
    """A list."""
    return Type("array", f"array({of.trino})", f"array<{of.spark}>", (of,))


def map_of(key: Type, value: Type) -> Type:
    """A map."""
    return Type("map", f"map({key.trino},{value.trino})", f"map<{key.spark},{value.spark}>", (key, value))


def row(**fields: Type) -> Type:
    """A row."""
    trino = ",".join(f"{name} {type_.trino}" for name, type_ in fields.items())
    spark = ",".join(f"{name}:{type_.spark}" for name, type_ in fields.items())
    return Type("row", f"row({trino})", f"struct<{spark}>", tuple(fields.values()), tuple(fields))


@dataclass(frozen=True, slots=True)
class Kind:
    """A column of every table: its type and its values, of which a NULL is one more."""

    name: str
    type: Type
    values: tuple[Any, ...]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


_NESTED = array(row(a=array(INTEGER), m=map_of(VARCHAR, decimal(20, 2))))

KINDS: Sequence[Kind] = (
    Kind("boolean", BOOLEAN, (True, False)),
    Kind("tinyint", TINYINT, (-128, 127, 0)),
    Kind("smallint", SMALLINT, (-32768, 32767)),
    Kind("integer", INTEGER, (-(2**31), 2**31 - 1, 0)),
    Kind("bigint", BIGINT, (-(2**63), 2**63 - 1, 0)),
    Kind("real", REAL, (1.5, -0.0, NAN, INF, -INF, MAX_REAL, MIN_REAL)),
    Kind("double", DOUBLE, (1e300, -0.0, NAN, INF, -INF, 5e-324, 0.1)),
    Kind("decimal9", decimal(9, 2), (Decimal("-1234567.89"), Decimal("0.01"), Decimal("0.00"))),
    Kind("decimal18", decimal(18, 4), (Decimal("-99999999999999.9999"), Decimal("0.0001"))),
    Kind(
        "decimal38",
        decimal(38, 10),
        (Decimal("9999999999999999999999999999.9999999999"), Decimal("-0.0000000001"), Decimal("0E-10")),
    ),
    Kind("varchar", VARCHAR, ('żółw, "q" \\ 🐢', "", " both ends ", "tab\tinside", "'", "NULL", "x" * 300)),
    Kind("varchar_n", _plain("varchar(5)"), ("żółwi", "", "ab ")),
    Kind("char_n", _plain("char(5)"), ("ab", "żółwi", "")),
    Kind("varbinary", VARBINARY, (b"\0\xff\x10", b"", b"a")),
    Kind(
        "date",
        DATE,
        (
            date(2024, 2, 29),
            date(1969, 12, 31),
            date(1582, 10, 10),
            date(1582, 10, 4),
            date(1, 1, 1),
            date(9999, 12, 31),
        ),
    ),
    Kind(
        "timestamp",
        TIMESTAMP,
        (
            _at("2024-02-29 12:34:56.789"),
            _at("2024-02-29 12:34:56.789123"),
            _at("1969-12-31 23:59:59.999999"),
            _at("1901-01-01 00:00:00.001"),
            _at("1582-10-10 01:02:03"),
            _at("0001-01-01 00:00:00"),
            _at("9999-12-31 23:59:59.999999"),
        ),
    ),
    Kind("array", array(INTEGER), ([1, None, -3], [], [None])),
    Kind("map", map_of(VARCHAR, BIGINT), ({"k": 1, "ł": None}, {}, {"": 0})),
    Kind("row", row(x=INTEGER, y=VARCHAR), ({"x": 7, "y": "z"}, {"x": None, "y": None}, {"x": 0, "y": ""})),
    Kind(
        "nested",
        _NESTED,
        (
            [{"a": [1, None], "m": {"k": Decimal("1.50"), "l": None}}, None],
            [],
            [{"a": None, "m": None}, {"a": [], "m": {}}],
        ),
    ),
)
_IN_ICEBERG = {"timestamp": _plain("timestamp(6)", "timestamp_ntz")}
_NOT_IN_ICEBERG = ("tinyint", "smallint", "varchar_n", "char_n")
ICEBERG: Sequence[Kind] = (
    *(
        Kind(kind.name, _IN_ICEBERG.get(kind.name, kind.type), kind.values)
        for kind in KINDS
        if kind.name not in _NOT_IN_ICEBERG
    ),
)
"""What Iceberg has."""
TEXTS: Sequence[Kind] = (Kind("varchar", VARCHAR, ('żółw, "q" 🐢', "", " both ends ", "tab\tinside", "'", "NULL")),)
"""What CSV has: without backslashes, which Hive's writer leaves alone and its reader takes for escapes."""


def finite(kinds: Iterable[Kind]) -> list[Kind]:
    """The same without NaN and infinities."""
    return [
        Kind(
            kind.name, kind.type, tuple(one for one in kind.values if not isinstance(one, float) or math.isfinite(one))
        )
        for kind in kinds
    ]


def rows(kinds: Iterable[Kind]) -> list[list[Any]]:
    """Values of all kinds side by side; whoever has fewer is NULL, and so is the last row."""
    chosen = list(kinds)
    count = max(len(kind.values) for kind in chosen) + 1
    return [[kind.values[i] if i < len(kind.values) else None for kind in chosen] for i in range(count)]


def told(type_: Type, value: Any) -> str:
    """One text for one value, whichever engine has given it."""
    if value is None:
        return "NULL"
    match type_.name:
        case "array":
            return "[" + ", ".join(told(type_.of[0], one) for one in value) + "]"
        case "map":
            key, item = type_.of
            return "{" + ", ".join(sorted(f"{told(key, k)}={told(item, v)}" for k, v in value.items())) + "}"
        case "row":
            return "(" + ", ".join(told(of, value[name]) for name, of in zip(type_.fields, type_.of, strict=True)) + ")"
        case "real":
            return repr(struct.unpack("<f", struct.pack("<f", value))[0])
        case "double":
            return repr(float(value))
        case "decimal":
            # Spark's values come with as many zeros as it likes.
            return f"{value.quantize(Decimal(1).scaleb(-int(type_.trino[:-1].split(',')[1])), context=_EXACT):f}"
        case "varbinary":
            return "X" + bytes(value).hex()
        case "timestamp":
            return value.isoformat(" ", "microseconds")
        case "char":
            return repr(str(value).rstrip(" "))
        case "varchar":
            return repr(str(value))
    return str(value)


def of_wire(type_: Type, value: Any) -> Any:
    """A value of the protocol's JSON. Raises: ValueError for one that Python does not have."""
    if value is None:
        return None
    match type_.name:
        case "array":
            return [of_wire(type_.of[0], one) for one in value]
        case "map":
            key, item = type_.of
            return {of_wire(key, k): of_wire(item, v) for k, v in value.items()}
        case "row":
            return {name: of_wire(of, one) for name, of, one in zip(type_.fields, type_.of, value, strict=True)}
        case "real" | "double":
            return float(value)
        case "decimal":
            return Decimal(value)
        case "varbinary":
            return base64.b64decode(value)
        case "date":
            return date.fromisoformat(value)
        case "timestamp":
            return _at(value)
    return value


def in_trino(type_: Type, value: Any) -> str:
    """A literal of Trino's SQL."""
    return f"CAST({_trino(type_, value)} AS {type_.trino})"


def _trino(type_: Type, value: Any) -> str:
    if value is None:
        return "NULL"
    match type_.name:
        case "array":
            return "ARRAY[" + ", ".join(in_trino(type_.of[0], one) for one in value) + "]"
        case "map":
            keys = ", ".join(in_trino(type_.of[0], one) for one in value)
            items = ", ".join(in_trino(type_.of[1], one) for one in value.values())
            return f"MAP(ARRAY[{keys}], ARRAY[{items}])"
        case "row":
            fields = zip(type_.fields, type_.of, strict=True)
            return "ROW(" + ", ".join(in_trino(of, value[name]) for name, of in fields) + ")"
        case "varbinary":
            return f"X'{value.hex()}'"
        case "boolean":
            return str(value)
    return _quoted(_text(value), "'", "''")


def in_spark(type_: Type, value: Any) -> str:
    """An expression of Spark's SQL."""
    return f"CAST({_spark(type_, value)} AS {type_.spark})"


def _spark(type_: Type, value: Any) -> str:
    if value is None:
        return "NULL"
    match type_.name:
        case "array":
            return "array(" + ", ".join(in_spark(type_.of[0], one) for one in value) + ")"
        case "map":
            pairs = (f"{in_spark(type_.of[0], k)}, {in_spark(type_.of[1], v)}" for k, v in value.items())
            return f"map({', '.join(pairs)})"
        case "row":
            fields = zip(type_.fields, type_.of, strict=True)
            return "named_struct(" + ", ".join(f"'{name}', {in_spark(of, value[name])}" for name, of in fields) + ")"
        case "varbinary":
            return f"X'{value.hex()}'"
        case "boolean":
            return str(value)
    return _quoted(_text(value).replace("\\", "\\\\"), "'", "\\'")


def _text(value: Any) -> str:
    match value:
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case float() if math.isnan(value):
            return "NaN"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat(" ")
    return str(value)


def _quoted(text: str, quote: str, escaped: str) -> str:
    return quote + text.replace(quote, escaped) + quote


def spark_columns(kinds: Iterable[Kind]) -> str:
    """For a CREATE TABLE of Spark."""
    return ", ".join(f"`{kind.name}` {kind.type.spark}" for kind in kinds)


def trino_columns(kinds: Iterable[Kind]) -> str:
    """For a CREATE TABLE of Trino."""
    return ", ".join(f'"{kind.name}" {kind.type.trino}' for kind in kinds)
