"""JSON values of the wire → Python values, by the type's signature; once per column, not once per value."""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from lodestar.types.rows import row_class
from lodestar.types.temporal import READERS

Decoder = Callable[[Any], Any]
"""From a JSON value that is not null."""


def _float(value: Any) -> float:
    """Numbers as they are; NaN and infinities come as text."""
    return value if type(value) is float else float(value)


_SIMPLE: dict[str, Decoder] = {
    "double": _float,
    "real": _float,
    "decimal": Decimal,
    "number": Decimal,
    "varbinary": a2b_base64,
    "uuid": uuid.UUID,
    "ipaddress": ipaddress.ip_address,
    "HyperLogLog": a2b_base64,
    "P4HyperLogLog": a2b_base64,
    "SetDigest": a2b_base64,
    "qdigest": a2b_base64,
    "tdigest": a2b_base64,
}

_KEYS: dict[str, Decoder] = {
    "boolean": lambda text: text == "true",
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "double": float,
    "real": float,
}
"""Keys of maps are texts on the wire, of these types too."""


def make_decoder(signature: Mapping[str, Any], *, decode_json: bool = False) -> Decoder | None:
    """The decoder of a `typeSignature`, None when values are right as they come (numbers, texts, unknown types)."""
    raw = str(signature.get("rawType", ""))
    simple = _SIMPLE.get(raw)
    if simple is not None:
        return simple
    if raw == "json":
        return orjson.loads if decode_json else None
    arguments: Sequence[Mapping[str, Any]] = signature.get("arguments") or ()
    reader = READERS.get((raw, _precision(arguments) > 6))
    if reader is not None:
        return reader
    if raw == "array":
        return _array(make_decoder(arguments[0]["value"], decode_json=decode_json))
    if raw == "map":
        key_type = arguments[0]["value"]
        key = _KEYS.get(str(key_type.get("rawType")))
        if key is None and key_type.get("rawType") not in ("array", "row", "map"):
            key = make_decoder(key_type, decode_json=decode_json)
        return _map(key, make_decoder(arguments[1]["value"], decode_json=decode_json))
    if raw == "row":
        fields = [argument["value"] for argument in arguments]
        names = tuple((field.get("fieldName") or {}).get("name") for field in fields)
        return _row(names, [make_decoder(field["typeSignature"], decode_json=decode_json) for field in fields])
    return None


def _precision(arguments: Sequence[Mapping[str, Any]]) -> int:
    if arguments and arguments[0].get("kind") == "LONG":
        return int(arguments[0]["value"])
    return 0


def _array(element: Decoder | None) -> Decoder | None:
    if element is None:
        return None
    return lambda values: [None if value is None else element(value) for value in values]


def _map(key: Decoder | None, value: Decoder | None) -> Decoder | None:
    if key is None and value is None:
        return None
    read_key = key or _same
    read_value = value or _same
    return lambda found: {read_key(one): None if other is None else read_value(other) for one, other in found.items()}


def _row(names: tuple[str | None, ...], fields: Sequence[Decoder | None]) -> Decoder:
    make = row_class(names)
    if not any(fields):
        return make
    readers = [field or _same for field in fields]
    return lambda values: make(
        None if value is None else read(value) for read, value in zip(readers, values, strict=True)
    )


def _same(value: Any) -> Any:
    return value


_WHOLE: dict[tuple[str, bool], Decoder] = {
    ("decimal", False): Decimal,
    ("varbinary", False): a2b_base64,
    ("uuid", False): uuid.UUID,
    ("date", False): dt.date.fromisoformat,
    ("time", False): dt.time.fromisoformat,
    ("time with time zone", False): dt.time.fromisoformat,
    ("timestamp", False): dt.datetime.fromisoformat,
}
"""Functions in C that do for most values, by raw type and whether it has more than six digits: mapped over a whole
column they take a third of the time. What they refuse goes through the decoder."""

ColumnDecoder = Callable[[Sequence[Any]], Sequence[Any]]


def make_column_decoder(signature: Mapping[str, Any], *, decode_json: bool = False) -> ColumnDecoder | None:
    """The decoder of a column of JSON values, NULL among them; None when they are right as they come."""
    decode = make_decoder(signature, decode_json=decode_json)
    if decode is None:
        return None
    if decode is _float:
        return _floats
    raw, arguments = str(signature.get("rawType")), signature.get("arguments") or ()
    whole = _WHOLE.get((raw, raw != "decimal" and _precision(arguments) > 6))

    def one_by_one(values: Sequence[Any]) -> list[Any]:
        return [None if value is None else decode(value) for value in values]

    if whole is None:
        return one_by_one

    def all_at_once(values: Sequence[Any]) -> list[Any]:
        try:
            if None in values:
                return [None if value is None else whole(value) for value in values]
            return list(map(whole, values))
        except ValueError:
            return one_by_one(values)

    return all_at_once


def _floats(values: Sequence[Any]) -> Sequence[Any]:
    """Only the few that are not numbers come as text."""
    if str not in set(map(type, values)):
        return values
    return [float(value) if type(value) is str else value for value in values]


class RowDecoder:
    """Rows of JSON values → tuples of Python values."""

    def __init__(self, signatures: Iterable[Mapping[str, Any]], *, decode_json: bool = False) -> None:
        found = [make_column_decoder(signature, decode_json=decode_json) for signature in signatures]
        self._decoders = [(place, decoder) for place, decoder in enumerate(found) if decoder is not None]

    def decode(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """All rows at once, column by column."""
        if not self._decoders or not rows:
            return list(map(tuple, rows))
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, decode in self._decoders:
            columns[place] = decode(columns[place])
        return list(zip(*columns, strict=True))
