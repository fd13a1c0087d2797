"""Values as they come over the wire to text. Which text depends on the column's type, so it is decided once per column.

Most types arrive as the text to show. Numbers are written as Java writes them, bytes as pairs of hexadecimal digits,
arrays `[1, NULL]`, maps `{k=v}`, rows `{name=value, value}`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from lodestar.cli.formats.java import float_text, in_hash_order

NUMERIC = frozenset({"tinyint", "smallint", "integer", "bigint", "real", "double", "decimal"})
"""Raw types whose columns stand right."""

_INTEGERS = frozenset({"tinyint", "smallint", "integer", "bigint"})
_FLOATS = frozenset({"real", "double"})
_TEXTS = frozenset(
    {
        *("varchar", "char", "json", "decimal", "date", "uuid", "ipaddress", "color", "Geometry", "SphericalGeography"),
        *("time", "time with time zone", "timestamp", "timestamp with time zone"),
        *("interval year to month", "interval day to second"),
    }
)
_DOCUMENTS = frozenset({"KdbTree", "BingTile"})
_BYTES_PER_LINE = 16
_ESCAPED_CONTROL = re.compile(r"\\u00[01][0-9a-f]")

Text = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name and the type as the tree that the server sends (`typeSignature`)."""

    name: str
    signature: Mapping[str, Any]

    @property
    def numeric(self) -> bool:
        """Whether it stands right."""
        return self.signature.get("rawType") in NUMERIC


def shown_text(column: Column) -> Text:
    """For people: null is `NULL`, bytes are lines of 16."""
    return _nullable(_text(column.signature), "NULL")


def plain_text(column: Column) -> Text:
    """For files: null is empty, bytes are one line."""
    if _is_bytes(column.signature):
        return _nullable(lambda value: hex_pairs(decode_bytes(value), None), "")
    return _nullable(_text(column.signature), "")


def json_text(column: Column) -> Text:
    """As JSON without spaces; only what must be escaped is."""
    return _nullable(_json(column.signature), "null")


def quoted(text: str) -> str:
    """A string of JSON."""
    found = encode_basestring(text)
    # Python writes the digits of control characters in lower case.
    return (
        _ESCAPED_CONTROL.sub(lambda match: match[0][:-2] + match[0][-2:].upper(), found) if "\\u00" in found else found
    )


def hex_pairs(data: bytes, per_line: int | None = _BYTES_PER_LINE) -> str:
    """`00 ff`, in lines of so many bytes."""
    if per_line is None or len(data) <= per_line:
        return data.hex(" ")
    return "\n".join(data[start : start + per_line].hex(" ") for start in range(0, len(data), per_line))


def decode_bytes(value: Any) -> bytes:
    """Base64 of the wire; what is none is shown as its own bytes rather than lost."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return str(value).encode()


def _nullable(text: Text, null: str) -> Text:
    return lambda value: null if value is None else text(value)


def _raw(signature: Mapping[str, Any]) -> str:
    return str(signature.get("rawType", "varchar"))


def _is_bytes(signature: Mapping[str, Any]) -> bool:
    raw = _raw(signature)
    return not (
        raw in _TEXTS
        or raw in _INTEGERS
        or raw in _FLOATS
        or raw in _DOCUMENTS
        or raw in ("boolean", "array", "map", "row", "unknown")
    )


def _text(signature: Mapping[str, Any]) -> Text:
    raw = _raw(signature)
    if raw in _TEXTS or raw in _INTEGERS:
        return str
    if raw in _FLOATS:
        return lambda value: float_text(float(value))
    if raw == "boolean":
        return lambda value: "true" if value else "false"
    if raw == "array":
        item = _nullable(_text(_types(signature)[0]), "NULL")
        return lambda value: f"[{', '.join(map(item, value))}]"
    if raw == "map":
        return _map_text(signature)
    if raw == "row":
        return _row_text(signature)
    if raw in _DOCUMENTS or raw == "unknown":
        return _document_text
    return lambda value: hex_pairs(decode_bytes(value))


def _types(signature: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [argument["value"] for argument in signature.get("arguments", ())]


def row_fields(signature: Mapping[str, Any]) -> list[tuple[str | None, Mapping[str, Any]]]:
    """Name (None without one) and type of each field of a row."""
    fields = []
    for argument in signature.get("arguments", ()):
        named = argument["value"]
        name = named.get("fieldName")
        fields.append((None if name is None else str(name["name"]), named["typeSignature"]))
    return fields


def _map_text(signature: Mapping[str, Any]) -> Text:
    key_type, value_type = _types(signature)
    raw = _raw(key_type)
    key, item = decode_key(key_type), _nullable(_text(value_type), "NULL")
    name = _decoded_key_text(key_type)

    def text(value: Mapping[str, Any]) -> str:
        entries = {key(one): other for one, other in value.items()}
        return "{" + ", ".join(f"{name(one)}={item(other)}" for one, other in in_hash_order(entries, raw)) + "}"

    return text


def decode_key(signature: Mapping[str, Any]) -> Callable[[str], Any]:
    """The keys of maps travel as texts."""
    raw = _raw(signature)
    if raw in _INTEGERS:
        return int
    if raw in _FLOATS:
        return float
    if raw == "boolean":
        return lambda value: value.lower() == "true"
    return str


def _decoded_key_text(signature: Mapping[str, Any]) -> Text:
    if _is_bytes(signature):
        return lambda value: hex_pairs(decode_bytes(value))
    if _raw(signature) in _TEXTS or _raw(signature) in ("array", "map", "row", "unknown"):
        return str
    return _text(signature)


def _row_text(signature: Mapping[str, Any]) -> Text:
    fields = [
        (f"{name}=" if name is not None else "", _nullable(_text(kind), "NULL")) for name, kind in row_fields(signature)
    ]

    def text(value: Any) -> str:
        parts = zip(fields, value, strict=True)
        return "{" + ", ".join(prefix + item(one) for (prefix, item), one in parts) + "}"

    return text


def _document_text(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_document_text(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_document_text, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return float_text(value) if isinstance(value, float) else str(value)


def _json(signature: Mapping[str, Any]) -> Text:
    """Of what is not null."""
    raw = _raw(signature)
    if raw in _TEXTS:
        return quoted
    if raw in _INTEGERS:
        return str
    if raw in _FLOATS:
        return _json_float
    if raw == "boolean":
        return lambda value: "true" if value else "false"
    if raw == "array":
        item = _nullable(_json(_types(signature)[0]), "null")
        return lambda value: f"[{','.join(map(item, value))}]"
    if raw == "map":
        key_type, value_type = _types(signature)
        other = _nullable(_json(value_type), "null")
        name, decode = _decoded_key_text(key_type), decode_key(key_type)
        return lambda value: (
            "{" + ",".join(f"{quoted(name(decode(key)))}:{other(one)}" for key, one in value.items()) + "}"
        )
    if raw == "row":
        return _json_row(signature)
    if _is_bytes(signature):
        return lambda value: f'"{hex_pairs(decode_bytes(value), None)}"'
    return _json_document


def _json_float(value: Any) -> str:
    text = float_text(float(value))
    return text if text[-1].isdigit() else f'"{text}"'


def _json_row(signature: Mapping[str, Any]) -> Text:
    """An object when every field has a name of its own, else an array."""
    fields = row_fields(signature)
    names = [name for name, _ in fields]
    items = [_nullable(_json(kind), "null") for _, kind in fields]
    if None in names or len(set(names)) < len(names):
        return lambda value: "[" + ",".join([item(one) for item, one in zip(items, value, strict=True)]) + "]"
    heads = [f"{quoted(name)}:" for name in names if name is not None]
    return lambda value: (
        "{" + ",".join([head + item(one) for head, item, one in zip(heads, items, value, strict=True)]) + "}"
    )


def _json_document(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
