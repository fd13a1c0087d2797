"""Trino's type text → SQLAlchemy types.

The text is that of `information_schema.columns`, which writes the fields of a row without quotes: in `row(b c varchar)`
the field is `b c`. A field is therefore the shortest name that leaves a type.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy.sql import sqltypes
from sqlalchemy.types import TypeEngine

from sqlalchemy_lodestar.types.json import JSON
from sqlalchemy_lodestar.types.nested import ARRAY, MAP, ROW
from sqlalchemy_lodestar.types.scalars import HYPERLOGLOG, IPADDRESS, OPAQUE, TINYINT
from sqlalchemy_lodestar.types.temporal import INTERVAL_DAY_TO_SECOND, INTERVAL_YEAR_TO_MONTH, TIME, TIMESTAMP

_PLAIN: dict[str, Callable[[], TypeEngine[Any]]] = {
    "boolean": sqltypes.BOOLEAN,
    "tinyint": TINYINT,
    "smallint": sqltypes.SMALLINT,
    "integer": sqltypes.INTEGER,
    "int": sqltypes.INTEGER,
    "bigint": sqltypes.BIGINT,
    "real": sqltypes.REAL,
    "double": sqltypes.DOUBLE,
    "double precision": sqltypes.DOUBLE,
    "decimal": sqltypes.DECIMAL,
    "varchar": sqltypes.VARCHAR,
    "char": sqltypes.CHAR,
    "varbinary": sqltypes.VARBINARY,
    "date": sqltypes.DATE,
    "json": JSON,
    "uuid": sqltypes.UUID,
    "ipaddress": IPADDRESS,
    "interval day to second": INTERVAL_DAY_TO_SECOND,
    "interval year to month": INTERVAL_YEAR_TO_MONTH,
    "hyperloglog": HYPERLOGLOG,
    "unknown": sqltypes.NullType,
}

# Types without a Python form; the names are Trino's own spelling.
_OPAQUE = {
    name.lower(): name
    for name in (
        *("P4HyperLogLog", "SetDigest", "tdigest", "qdigest", "Geometry", "SphericalGeography", "BingTile", "KdbTree"),
        *("color", "JsonPath", "JoniRegExp", "Re2JRegExp", "LikePattern", "CodePoints", "function", "ObjectId"),
        *("Classifier", "Regressor", "Model", "json2016", "variant"),
    )
}

_WITH_PRECISION = re.compile(r"(timestamp|time)\s*(?:\(\s*(\d+)\s*\))?\s*(with time zone|without time zone)?")
_WITH_ARGUMENTS = re.compile(r"([a-z_][a-z0-9_]*)\s*\((.*)\)", re.DOTALL | re.IGNORECASE)


_QUOTED = re.compile(r'"(?:[^"]|"")*"(?=\s)')


def read_type(text: str) -> TypeEngine[Any] | None:
    """The type of a text such as `map(varchar, array(decimal(10,2)))`; None when it is none that is known here."""
    folded = text.strip().lower()
    plain = _PLAIN.get(folded)
    if plain is not None:
        return plain()
    temporal = _WITH_PRECISION.fullmatch(folded)
    if temporal is not None:
        kind = TIMESTAMP if temporal[1] == "timestamp" else TIME
        return kind(int(temporal[2]) if temporal[2] else None, timezone=temporal[3] == "with time zone")
    with_arguments = _WITH_ARGUMENTS.fullmatch(text.strip())
    if with_arguments is None:
        return OPAQUE(_OPAQUE[folded]) if folded in _OPAQUE else None
    return _read_with_arguments(with_arguments[1].lower(), _split(with_arguments[2]))


def _read_with_arguments(name: str, arguments: list[str]) -> TypeEngine[Any] | None:
    if name in ("varchar", "char", "decimal"):
        if not all(argument.strip().isdigit() for argument in arguments):
            return None
        numbers = [int(argument) for argument in arguments]
        kinds: dict[str, Any] = {"varchar": sqltypes.VARCHAR, "char": sqltypes.CHAR, "decimal": sqltypes.DECIMAL}
        found: TypeEngine[Any] = kinds[name](*numbers)
        return found
    if name == "array" and len(arguments) == 1:
        item = read_type(arguments[0])
        if isinstance(item, ARRAY):
            return ARRAY(item.item_type, dimensions=(item.dimensions or 1) + 1)
        return None if item is None else ARRAY(item, dimensions=1)
    if name == "map" and len(arguments) == 2:
        key, value = read_type(arguments[0]), read_type(arguments[1])
        return None if key is None or value is None else MAP(key, value)
    if name == "row":
        fields = [_read_field(argument) for argument in arguments]
        return None if any(type_ is None for _, type_ in fields) else ROW(fields)
    return OPAQUE(f"{_OPAQUE[name]}({', '.join(arguments)})") if name in _OPAQUE else None


def _read_field(text: str) -> tuple[str | None, TypeEngine[Any] | None]:
    quoted = re.match(r'\s*"((?:[^"]|"")*)"\s+(.*)', text, re.DOTALL)
    if quoted is not None and (type_ := read_type(quoted[2])) is not None:
        return quoted[1].replace('""', '"'), type_
    without_name = read_type(text)
    if without_name is not None:
        return None, without_name
    for space in re.finditer(r"\s+", text.strip()):
        type_ = read_type(text.strip()[space.end() :])
        if type_ is not None:
            return text.strip()[: space.start()], type_
    return None, None


def _split(text: str) -> list[str]:
    """The arguments between commas that stand outside parentheses and quotes.

    Quotes are those that open an argument; inside a name they are letters, as everything is.
    """
    parts, depth, start, quoted_until = [], 0, 0, 0
    opens = True
    for place, letter in enumerate(text):
        if place < quoted_until:
            continue
        quoted = _QUOTED.match(text, place) if opens else None
        opens = letter in "(," or (opens and letter == " ")
        if quoted is not None:
            quoted_until, opens = quoted.end(), False
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]
