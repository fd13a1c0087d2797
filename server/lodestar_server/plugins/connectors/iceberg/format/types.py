"""Iceberg's types, from and to the JSON of table metadata, and the text that messages show.

A field is known by its id, which never changes; names may. Source: the table format's specification, "Schemas and Data
Types" and "Appendix C".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from lodestar_server.spi.values import frozen

_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_FIXED = re.compile(r"fixed\[\s*(\d+)\s*\]")


@frozen
class Primitive:
    """A type without fields; `str()` is its name in JSON."""

    name: str

    def __str__(self) -> str:
        return self.name


@frozen
class DecimalOf(Primitive):
    """decimal(p, s)."""

    name: str = field(init=False, default="decimal")
    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision}, {self.scale})"


@frozen
class FixedOf(Primitive):
    """fixed[n]."""

    name: str = field(init=False, default="fixed")
    length: int

    def __str__(self) -> str:
        return f"fixed[{self.length}]"


@frozen
class Field:
    """A column, or a field of a struct. `extra` holds JSON that is kept as it is (defaults of version 3)."""

    id: int
    name: str
    type: IcebergType
    required: bool = False
    doc: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)

    def __str__(self) -> str:
        kind = "required" if self.required else "optional"
        doc = "" if self.doc is None else f" ({self.doc})"
        return f"{self.id}: {self.name}: {kind} {self.type}{doc}"


@frozen
class Struct:
    """Named fields."""

    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"struct<{', '.join(map(str, self.fields))}>"

    def find(self, name: str, *, any_case: bool = False) -> Field | None:
        """The field of a name."""
        for one in self.fields:
            if one.name == name or (any_case and one.name.lower() == name.lower()):
                return one
        return None


@frozen
class ListOf:
    """A list; its elements are a field too."""

    element_id: int
    element: IcebergType
    element_required: bool = False

    def __str__(self) -> str:
        return f"list<{self.element}>"


@frozen
class MapOf:
    """A map; its keys and values are fields too."""

    key_id: int
    key: IcebergType
    value_id: int
    value: IcebergType
    value_required: bool = False

    def __str__(self) -> str:
        return f"map<{self.key}, {self.value}>"


IcebergType = Primitive | Struct | ListOf | MapOf

BOOLEAN = Primitive("boolean")
INT = Primitive("int")
LONG = Primitive("long")
FLOAT = Primitive("float")
DOUBLE = Primitive("double")
DATE = Primitive("date")
TIME = Primitive("time")
TIMESTAMP = Primitive("timestamp")
TIMESTAMPTZ = Primitive("timestamptz")
STRING = Primitive("string")
UUID = Primitive("uuid")
BINARY = Primitive("binary")


def same_type(a: IcebergType, b: IcebergType) -> bool:
    """Alike but for ids, docs and defaults."""
    match a, b:
        case Struct(), Struct():
            return len(a.fields) == len(b.fields) and all(
                x.name == y.name and same_type(x.type, y.type) for x, y in zip(a.fields, b.fields, strict=True)
            )
        case ListOf(), ListOf():
            return same_type(a.element, b.element)
        case MapOf(), MapOf():
            return same_type(a.key, b.key) and same_type(a.value, b.value)
    return a == b


def read_type(document: Any) -> IcebergType:
    """From JSON. Raises: ValueError, KeyError."""
    if isinstance(document, str):
        decimal = _DECIMAL.fullmatch(document)
        if decimal:
            return DecimalOf(int(decimal[1]), int(decimal[2]))
        fixed = _FIXED.fullmatch(document)
        return FixedOf(int(fixed[1])) if fixed else Primitive(document)
    match document["type"]:
        case "struct":
            return read_struct(document)
        case "list":
            return ListOf(document["element-id"], read_type(document["element"]), document["element-required"])
        case "map":
            return MapOf(
                document["key-id"],
                read_type(document["key"]),
                document["value-id"],
                read_type(document["value"]),
                document["value-required"],
            )
    raise ValueError(f"Unknown type: {document['type']}")


def read_struct(document: Mapping[str, Any]) -> Struct:
    """From JSON."""
    known = ("id", "name", "required", "type", "doc")
    return Struct(
        tuple(
            Field(
                one["id"],
                one["name"],
                read_type(one["type"]),
                one["required"],
                one.get("doc"),
                {key: value for key, value in one.items() if key not in known},
            )
            for one in document["fields"]
        )
    )


def write_type(type_: IcebergType) -> Any:
    """To JSON."""
    match type_:
        case Struct():
            return {"type": "struct", "fields": write_fields(type_)}
        case ListOf():
            return {
                "type": "list",
                "element-id": type_.element_id,
                "element": write_type(type_.element),
                "element-required": type_.element_required,
            }
        case MapOf():
            return {
                "type": "map",
                "key-id": type_.key_id,
                "key": write_type(type_.key),
                "value-id": type_.value_id,
                "value": write_type(type_.value),
                "value-required": type_.value_required,
            }
    return str(type_)


def write_fields(struct: Struct) -> list[dict[str, Any]]:
    """The fields of a struct as JSON."""
    return [
        {
            "id": one.id,
            "name": one.name,
            "required": one.required,
            "type": write_type(one.type),
            **({} if one.doc is None else {"doc": one.doc}),
            **one.extra,
        }
        for one in struct.fields
    ]


def all_fields(type_: IcebergType, path: str = "", *, inside_lists: bool = False) -> Iterator[tuple[str, Field, bool]]:
    """Every field below, depth first: its full name (`a.b`, `l.element`, `m.key`), the field, and whether it is inside
    a list or map."""
    prefix = f"{path}." if path else ""
    match type_:
        case Struct():
            for one in type_.fields:
                yield prefix + one.name, one, inside_lists
            for one in type_.fields:
                yield from all_fields(one.type, prefix + one.name, inside_lists=inside_lists)
        case ListOf():
            yield prefix + "element", Field(type_.element_id, "element", type_.element, type_.element_required), True
            yield from all_fields(type_.element, prefix + "element", inside_lists=True)
        case MapOf():
            yield prefix + "key", Field(type_.key_id, "key", type_.key, True), True
            yield prefix + "value", Field(type_.value_id, "value", type_.value, type_.value_required), True
            yield from all_fields(type_.key, prefix + "key", inside_lists=True)
            yield from all_fields(type_.value, prefix + "value", inside_lists=True)
