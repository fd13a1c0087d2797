"""Which names of files' columns mean which fields, for files that tell no ids: `schema.name-mapping.default`.

Source: the specification's "Column Projection" and "Name Mapping Serialization".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.types import Field, IcebergType, ListOf, MapOf, Struct

PROPERTY = "schema.name-mapping.default"

Names = Mapping[int, tuple[str, ...]]
"""Names in files by field id, the top level only."""


def file_names(schema: Schema, properties: Mapping[str, str]) -> Names:
    """By the table's mapping, or else by the columns' own names."""
    text = properties.get(PROPERTY)
    if text is None:
        return {one.id: (one.name,) for one in schema.columns}
    return {one["field-id"]: tuple(one.get("names", ())) for one in json.loads(text) if "field-id" in one}


def new_mapping(schema: Schema) -> str:
    """Every field by the name that it has."""
    return _text(_mapped(schema.columns), 0)


def changed_mapping(text: str, schema: Schema) -> str:
    """After a change of the schema: fields keep the names that they had, and a name belongs to who has it now."""
    return _text(_merged(json.loads(text), _mapped(schema.columns)), 0)


def _mapped(fields: Sequence[Field]) -> list[dict[str, Any]]:
    made = []
    for one in fields:
        entry: dict[str, Any] = {"field-id": one.id, "names": [one.name]}
        inside = _mapped(_parts(one.type))
        made.append(entry | {"fields": inside} if inside else entry)
    return made


def _parts(type_: IcebergType) -> Sequence[Field]:
    match type_:
        case Struct(fields):
            return fields
        case ListOf():
            return (Field(type_.element_id, "element", type_.element),)
        case MapOf():
            return (Field(type_.key_id, "key", type_.key), Field(type_.value_id, "value", type_.value))
    return ()


def _merged(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = {one.get("field-id"): one for one in old}
    taken = {name for one in new for name in one["names"]}
    made = []
    for one in new:
        before = known.get(one["field-id"], {})
        kept = [name for name in before.get("names", ()) if name not in taken]
        entry = {"field-id": one["field-id"], "names": [*kept, *one["names"]]}
        inside = _merged(before.get("fields", ()), one.get("fields", ()))
        made.append(entry | {"fields": inside} if inside else entry)
    return made


def _text(fields: Sequence[Mapping[str, Any]], depth: int) -> str:
    """As the library of the format prints it, so that a table's property does not depend on who has written it."""
    inner = "  " * (depth + 1)
    shown = []
    for one in fields:
        names = ", ".join(json.dumps(name) for name in one["names"])
        lines = [f'"field-id" : {one["field-id"]}', f'"names" : [ {names} ]']
        if "fields" in one:
            lines.append(f'"fields" : {_text(one["fields"], depth + 1)}')
        body = f",\n{inner}".join(lines)
        shown.append(f"{{\n{inner}{body}\n{'  ' * depth}}}")
    return f"[ {', '.join(shown)} ]" if shown else "[ ]"
