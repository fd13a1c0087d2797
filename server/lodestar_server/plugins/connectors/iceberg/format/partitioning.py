"""Partition specs and sort orders: their JSON, and the texts of the properties `partitioning` and `sorted_by`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.transforms import Transform, read_transform
from lodestar_server.plugins.connectors.iceberg.format.types import IcebergType, Primitive
from lodestar_server.spi.values import frozen

FIRST_PARTITION_ID = 1000

_IDENTIFIER = r'(?:[a-zA-Z_][a-zA-Z0-9_]*|"(?:""|[^"])*")'
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_IDENTITY = re.compile(_IDENTIFIER)
_PERIOD = re.compile(rf"(year|month|day|hour|void)\(({_IDENTIFIER})\)", re.IGNORECASE)
_NUMBERED = re.compile(rf"(bucket|truncate)\(({_IDENTIFIER}), *(\d+)\)", re.IGNORECASE)
_SORT = re.compile(
    rf"\s*(?P<name>{_IDENTIFIER})(?:\s+(?P<order>ASC|DESC))?(?:\s+NULLS\s+(?P<nulls>FIRST|LAST))?\s*",
    re.IGNORECASE,
)
_PERIODS = ("year", "month", "day", "hour")
_SUFFIXES = {"bucket": "bucket", "truncate": "trunc", "void": "null"}


class PartitioningError(ValueError):
    """A partitioning that cannot be; the text is for users."""


@frozen
class PartitionField:
    """A value of a partition: the transform of the column `source_id`, with an id and name of its own."""

    source_id: int
    id: int
    name: str
    transform: Transform


@frozen
class PartitionSpec:
    """How files are told apart; none of the fields: not at all."""

    id: int
    fields: tuple[PartitionField, ...] = ()

    @property
    def is_partitioned(self) -> bool:
        """Some field tells files apart."""
        return any(one.transform.kind != "void" for one in self.fields)

    def same_fields(self, other: PartitionSpec) -> bool:
        """The same but for ids."""
        return [(a.source_id, a.name, a.transform) for a in self.fields] == [
            (b.source_id, b.name, b.transform) for b in other.fields
        ]

    def path(self, types: Sequence[IcebergType], values: Sequence[Any]) -> str:
        """`a=1/b_bucket=2`; `types` are those of the source columns."""
        parts = []
        for field, type_, value in zip(self.fields, types, values, strict=True):
            parts.append(f"{escape_path(field.name)}={escape_path(field.transform.human(type_, value))}")
        return "/".join(parts)


def escape_path(text: str) -> str:
    """As Java encodes form values."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def read_spec(id_: int, fields: Sequence[Mapping[str, Any]]) -> PartitionSpec:
    """From JSON; old tables have no field ids."""
    return PartitionSpec(
        id_,
        tuple(
            PartitionField(
                one["source-id"],
                one.get("field-id", FIRST_PARTITION_ID + place),
                one["name"],
                read_transform(one["transform"]),
            )
            for place, one in enumerate(fields)
        ),
    )


def write_spec_fields(spec: PartitionSpec) -> list[dict[str, Any]]:
    """To JSON."""
    return [
        {"name": one.name, "transform": str(one.transform), "source-id": one.source_id, "field-id": one.id}
        for one in spec.fields
    ]


# the property `partitioning`


def parse_partitioning(schema: Schema, texts: Sequence[str]) -> PartitionSpec:
    """Raises: PartitioningError."""
    fields: list[PartitionField] = []
    for text in texts:
        kind, column, argument = _declaration(text)
        source = schema.by_name.get(column)
        if source is None:
            raise PartitioningError(f"Cannot find source column: {column}")
        transform = Transform(kind, argument)
        name = _field_name(schema, fields, column, source.id, transform)
        other = next(
            (one for one in fields if one.source_id == source.id and _same_kind(one.transform, transform)), None
        )
        if other is not None:
            raise PartitioningError(
                f"Cannot add redundant partition: {_shown(other)} conflicts with "
                f"{_shown(PartitionField(source.id, FIRST_PARTITION_ID + len(fields), name, transform))}"
            )
        fields.append(PartitionField(source.id, FIRST_PARTITION_ID + len(fields), name, transform))
    for field in fields:
        type_ = schema.fields[field.source_id].type
        if not isinstance(type_, Primitive):
            raise PartitioningError(f"Cannot partition by non-primitive source field: {type_}")
        if not field.transform.accepts(type_):
            raise PartitioningError(f"Invalid source type {type_} for transform: {field.transform}")
    return PartitionSpec(0, tuple(fields))


def _same_kind(one: Transform, other: Transform) -> bool:
    """One of the two says nothing that the other does not: periods of whatever length count as one."""
    return one == other or (one.kind in _PERIODS and other.kind in _PERIODS)


def _shown(field: PartitionField) -> str:
    return f"{field.id}: {field.name}: {field.transform}({field.source_id})"


def _declaration(text: str) -> tuple[str, str, int]:
    if _IDENTITY.fullmatch(text):
        return "identity", unquoted(text), 0
    match = _PERIOD.fullmatch(text)
    if match:
        return match[1].lower(), unquoted(match[2]), 0
    match = _NUMBERED.fullmatch(text)
    if match is None:
        raise PartitioningError(f"Invalid partition field declaration: {text}")
    kind, number = match[1].lower(), int(match[3])
    if number >= 1 << 31:
        raise PartitioningError(f'For input string: "{match[3]}"')
    if number <= 0:
        what = "number of buckets" if kind == "bucket" else "truncate width"
        raise PartitioningError(f"Invalid {what}: {number} (must be > 0)")
    return kind, unquoted(match[2]), number


def _field_name(
    schema: Schema, fields: Sequence[PartitionField], column: str, source_id: int, transform: Transform
) -> str:
    taken = {one.name for one in fields}
    if transform.kind == "identity":
        if column in taken:
            raise PartitioningError(f"Cannot use partition name more than once: {column}")
        return column
    stem = f"{column}_{_SUFFIXES.get(transform.kind, transform.kind)}"
    name, number = stem, 1
    while name in schema.by_name:
        number += 1
        name = f"{stem}_{number}"
    if name in taken:
        raise PartitioningError(f"Cannot use partition name more than once: {name}")
    return name


def unquoted(identifier: str) -> str:
    """The column that an identifier names."""
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.lower()


def quoted(name: str) -> str:
    """The inverse."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def partitioning_texts(schema: Schema, spec: PartitionSpec) -> tuple[str, ...]:
    """The property's value."""
    made = []
    for field in spec.fields:
        name = quoted(schema.names.get(field.source_id, field.name))
        match field.transform.kind:
            case "identity":
                made.append(name)
            case "bucket" | "truncate":
                made.append(f"{field.transform.kind}({name}, {field.transform.argument})")
            case kind:
                made.append(f"{kind}({name})")
    return tuple(made)


# sort orders


@frozen
class SortField:
    """A column of a sort order; `direction` asc or desc, `nulls` nulls-first or nulls-last."""

    source_id: int
    transform: Transform
    direction: str
    nulls: str


@frozen
class SortOrder:
    """No fields: not sorted."""

    id: int
    fields: tuple[SortField, ...] = ()


def read_order(document: Mapping[str, Any]) -> SortOrder:
    """From JSON."""
    return SortOrder(
        document["order-id"],
        tuple(
            SortField(one["source-id"], read_transform(one["transform"]), one["direction"], one["null-order"])
            for one in document["fields"]
        ),
    )


def write_order(order: SortOrder) -> dict[str, Any]:
    """To JSON."""
    return {
        "order-id": order.id,
        "fields": [
            {
                "transform": str(one.transform),
                "source-id": one.source_id,
                "direction": one.direction,
                "null-order": one.nulls,
            }
            for one in order.fields
        ],
    }


def parse_sorting(texts: Sequence[str]) -> list[tuple[str, str, str]]:
    """Of the property `sorted_by`: column, direction, place of nulls. Raises: PartitioningError."""
    made = []
    for text in texts:
        match = _SORT.fullmatch(text)
        if match is None:
            raise PartitioningError(f"Unable to parse sort field: [{text}]")
        direction = (match["order"] or "ASC").lower()
        nulls = match["nulls"] or ("FIRST" if direction == "asc" else "LAST")
        made.append((unquoted(match["name"]), direction, f"nulls-{nulls.lower()}"))
    return made


def sorting_texts(schema: Schema, order: SortOrder) -> tuple[str, ...]:
    """The property's value; empty when a field is transformed."""
    if any(one.transform.kind != "identity" for one in order.fields):
        return ()
    return tuple(
        f"{quoted(schema.names.get(one.source_id, '?'))} {one.direction.upper()} {one.nulls.upper().replace('-', ' ')}"
        for one in order.fields
    )
