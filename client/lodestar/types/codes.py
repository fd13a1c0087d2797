"""Type codes of PEP 249: texts of Trino's types, which compare equal to the type object of their family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lodestar.protocol.documents import WireColumn


class TypeObject:
    """A family of types. Equal to every type text of the family: `description[0][1] == lodestar.NUMBER`."""

    __slots__ = ("_families", "_name")

    def __init__(self, name: str, *families: str) -> None:
        self._name = name
        self._families = frozenset(families)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TypeObject):
            return self is other
        return isinstance(other, str) and raw_type(other) in self._families

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return self._name


def raw_type(text: str) -> str:
    """A type's text without parameters, in lower case: `timestamp(3) with time zone` → `timestamp with time zone`."""
    text = text.strip().lower()
    opening = text.find("(")
    if opening < 0:
        return text
    closing = text.rfind(")")
    return f"{text[:opening]}{text[closing + 1 :]}".strip()


STRING = TypeObject("STRING", "varchar", "char", "json", "uuid", "ipaddress")
BINARY = TypeObject("BINARY", "varbinary", "hyperloglog", "p4hyperloglog", "qdigest", "tdigest", "setdigest")
NUMBER = TypeObject("NUMBER", "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal", "number")
DATETIME = TypeObject(
    "DATETIME", "date", "time", "time with time zone", "timestamp", "timestamp with time zone",
    "interval day to second", "interval year to month",
)  # fmt: skip
ROWID = TypeObject("ROWID")
"""No type of Trino's is one."""


class ColumnDescription(NamedTuple):
    """One entry of `cursor.description`. `type_code` is the type's text, equal to one of the type objects.

    `internal_size` is the length of varchar(n) and char(n); `precision` that of decimals, times and timestamps.
    """

    name: str
    type_code: str
    display_size: None
    internal_size: int | None
    precision: int | None
    scale: int | None
    null_ok: bool | None


UNBOUNDED = 2147483647
"""The length of a varchar without one, on the wire."""


def describe_column(column: WireColumn) -> ColumnDescription:
    """The description of a column."""
    raw = column.signature.get("rawType", "")
    arguments: Sequence[Mapping[str, Any]] = column.signature.get("arguments") or ()
    numbers = [int(one["value"]) for one in arguments if one.get("kind") == "LONG"]
    size = precision = scale = None
    if raw in ("varchar", "char") and numbers:
        size = numbers[0] if numbers[0] != UNBOUNDED else None
    elif raw == "decimal" and len(numbers) == 2:
        precision, scale = numbers
    elif numbers:
        precision = numbers[0]
    return ColumnDescription(column.name, column.type, None, size, precision, scale, None)
