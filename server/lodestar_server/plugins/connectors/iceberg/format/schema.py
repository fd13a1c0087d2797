"""A schema: columns with ids, and the changes that evolution allows, each of which gives a new schema.

Ids of new fields go on from the highest that was ever given. Source: the specification's "Schema Evolution".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.types import (
    DecimalOf,
    Field,
    IcebergType,
    ListOf,
    MapOf,
    Primitive,
    Struct,
    all_fields,
    read_struct,
    write_fields,
)


class SchemaError(ValueError):
    """A change that the format does not allow; the text is for users."""


@dataclass(frozen=True)
class Schema:
    """`identifiers` are the ids of fields that tell rows apart."""

    struct: Struct
    id: int = 0
    identifiers: tuple[int, ...] = ()

    @property
    def columns(self) -> tuple[Field, ...]:
        """The top level."""
        return self.struct.fields

    @cached_property
    def names(self) -> Mapping[int, str]:
        """Full name of every field by id."""
        return {one.id: name for name, one, _ in all_fields(self.struct)}

    @cached_property
    def fields(self) -> Mapping[int, Field]:
        """Every field by id."""
        return {one.id: one for _, one, _ in all_fields(self.struct)}

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Every field by full name; fields of structs in lists and maps also under the short name of `l.element.a`:
        `l.a`."""
        found: dict[str, Field] = {}
        for name, one, _ in all_fields(self.struct):
            found.setdefault(name, one)
        for name, one in list(found.items()):
            short = name.replace(".element.", ".").replace(".value.", ".")
            found.setdefault(short, one)
        return found

    def find(self, name: str, *, any_case: bool = False) -> Field | None:
        """A field by full name."""
        found = self.by_name.get(name)
        if found is None and any_case:
            lower = name.lower()
            found = next((one for key, one in self.by_name.items() if key.lower() == lower), None)
        return found

    @property
    def highest_id(self) -> int:
        """Of all fields."""
        return max(self.fields, default=0)


def read_schema(document: Mapping[str, Any]) -> Schema:
    """From JSON."""
    return Schema(read_struct(document), document.get("schema-id", 0), tuple(document.get("identifier-field-ids", ())))


def write_schema(schema: Schema) -> dict[str, Any]:
    """To JSON."""
    made: dict[str, Any] = {"type": "struct", "schema-id": schema.id}
    if schema.identifiers:
        made["identifier-field-ids"] = list(schema.identifiers)
    return {**made, "fields": write_fields(schema.struct)}


def with_fresh_ids(type_: IcebergType, next_id: Callable[[], int]) -> IcebergType:
    """The type with new ids: those of a struct's own fields first, as the reference implementation gives them."""
    match type_:
        case Struct(fields):
            ids = [next_id() for _ in fields]
            return Struct(
                tuple(
                    replace(one, id=number, type=with_fresh_ids(one.type, next_id))
                    for number, one in zip(ids, fields, strict=True)
                )
            )
        case ListOf():
            number = next_id()
            return replace(type_, element_id=number, element=with_fresh_ids(type_.element, next_id))
        case MapOf():
            key, value = next_id(), next_id()
            return replace(
                type_,
                key_id=key,
                value_id=value,
                key=with_fresh_ids(type_.key, next_id),
                value=with_fresh_ids(type_.value, next_id),
            )
    return type_


class SchemaChange:
    """Changes of one schema, applied one after the other. `last_id` is the highest id ever given in the table."""

    def __init__(self, schema: Schema, last_id: int) -> None:
        self._struct = schema.struct
        self._identifiers = schema.identifiers
        self.last_id = max(last_id, schema.highest_id)

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    @property
    def schema(self) -> Schema:
        """As it is now, with id 0."""
        return Schema(self._struct, 0, self._identifiers)

    def _edit(self, id_: int, change: Callable[[Field], Field | None]) -> None:
        self._struct = _edited_struct(self._struct, id_, change)

    def _parent(self, name: str | None) -> tuple[Field | None, Struct]:
        if name is None:
            return None, self._struct
        parent = self.schema.find(name)
        if parent is None:
            raise SchemaError(f"Cannot find parent struct: {name}")
        inner: IcebergType = parent.type
        if isinstance(inner, MapOf):
            inner = inner.value
        elif isinstance(inner, ListOf):
            inner = inner.element
        if not isinstance(inner, Struct):
            raise SchemaError(f"Cannot add to non-struct column: {name}: {parent.type}")
        return parent, inner

    def add(self, parent_name: str | None, name: str, type_: IcebergType, doc: str | None = None) -> None:
        """A new optional field at the end. Raises: SchemaError."""
        parent, struct = self._parent(parent_name)
        full = name if parent_name is None else f"{parent_name}.{name}"
        if struct.find(name) is not None or self.schema.find(full) is not None:
            raise SchemaError(f"Cannot add column, name already exists: {full}")
        number = self._next_id()
        made = Field(number, name, with_fresh_ids(type_, self._next_id), False, doc)
        if parent is None:
            self._struct = Struct((*self._struct.fields, made))
        else:
            self._edit(parent.id, lambda one: replace(one, type=_with_field(one.type, made)))

    def drop(self, name: str) -> None:
        """Raises: SchemaError."""
        self._edit(self._require(name, "delete").id, lambda _: None)

    def rename(self, name: str, new_name: str) -> None:
        """`new_name` is that of the field alone. Raises: SchemaError."""
        found = self._require(name, "rename")
        full = ".".join((*name.split(".")[:-1], new_name)) if "." in name and self._is_nested(found) else new_name
        other = self.schema.find(full)
        if other is not None and other.id != found.id:
            raise SchemaError(f"Multiple entries with same key: {full}={found.id} and {full}={other.id}")
        self._edit(found.id, lambda one: replace(one, name=new_name))

    def _is_nested(self, found: Field) -> bool:
        return all(one.id != found.id for one in self._struct.fields)

    def set_type(self, name: str, type_: Primitive) -> None:
        """Raises: SchemaError unless every old value fits."""
        found = self._require(name, "update")
        if found.type == type_:
            return
        if not is_promotion(found.type, type_):
            raise SchemaError(f"Cannot change column type: {name}: {found.type} -> {type_}")
        self._edit_type(found.id, type_)

    def _edit_type(self, id_: int, type_: IcebergType) -> None:
        self._edit(id_, lambda one: replace(one, type=type_))

    def set_doc(self, name: str, doc: str | None) -> None:
        """Raises: SchemaError."""
        self._edit(self._require(name, "update").id, lambda one: replace(one, doc=doc))

    def make_optional(self, name: str) -> None:
        """Raises: SchemaError."""
        self._edit(self._require(name, "update").id, lambda one: replace(one, required=False))

    def order(self, parent_name: str | None, names: Sequence[str]) -> None:
        """Fields of a struct in this order."""
        rank = {name: i for i, name in enumerate(names)}

        def ordered(struct: Struct) -> Struct:
            return Struct(tuple(sorted(struct.fields, key=lambda one: rank[one.name])))

        if parent_name is None:
            self._struct = ordered(self._struct)
            return
        parent, _ = self._parent(parent_name)
        assert parent is not None

        def change(one: Field) -> Field:
            assert isinstance(one.type, Struct)
            return replace(one, type=ordered(one.type))

        self._edit(parent.id, change)

    def _require(self, name: str, verb: str) -> Field:
        found = self.schema.find(name)
        if found is None:
            raise SchemaError(f"Cannot {verb} missing column: {name}")
        return found


def is_promotion(old: IcebergType, new: IcebergType) -> bool:
    """Every value of the old type is one of the new."""
    if isinstance(old, DecimalOf) and isinstance(new, DecimalOf):
        return old.scale == new.scale and new.precision >= old.precision
    return (old, new) in ((types.INT, types.LONG), (types.FLOAT, types.DOUBLE))


def _with_field(type_: IcebergType, made: Field) -> IcebergType:
    match type_:
        case Struct(fields):
            return Struct((*fields, made))
        case ListOf():
            return replace(type_, element=_with_field(type_.element, made))
        case MapOf():
            return replace(type_, value=_with_field(type_.value, made))
    raise SchemaError(f"Cannot add to non-struct column: {type_}")


def _edited_struct(struct: Struct, id_: int, change: Callable[[Field], Field | None]) -> Struct:
    made = []
    for one in struct.fields:
        changed: Field | None
        if one.id == id_:
            changed = change(one)
        else:
            changed = replace(one, type=_edited(one.type, id_, change))
        if changed is not None:
            made.append(changed)
    return Struct(tuple(made))


def _edited(type_: IcebergType, id_: int, change: Callable[[Field], Field | None]) -> IcebergType:
    match type_:
        case Struct():
            return _edited_struct(type_, id_, change)
        case ListOf() if type_.element_id == id_:
            changed = change(Field(id_, "element", type_.element, type_.element_required))
            return type_ if changed is None else replace(type_, element=changed.type)
        case ListOf():
            return replace(type_, element=_edited(type_.element, id_, change))
        case MapOf() if type_.value_id == id_:
            changed = change(Field(id_, "value", type_.value, type_.value_required))
            return type_ if changed is None else replace(type_, value=changed.type)
        case MapOf():
            return replace(type_, key=_edited(type_.key, id_, change), value=_edited(type_.value, id_, change))
    return type_
