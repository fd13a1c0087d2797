"""Schemas from and to JSON, and what evolution allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.schema import (
    SchemaChange,
    SchemaError,
    read_schema,
    with_fresh_ids,
    write_schema,
)
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, Struct, read_type

DOCUMENT = {
    "type": "struct",
    "schema-id": 7,
    "fields": [
        {"id": 1, "name": "id", "required": True, "type": "int"},
        {"id": 2, "name": "d", "required": False, "type": "decimal(9, 2)", "doc": "money"},
        {
            "id": 3,
            "name": "r",
            "required": False,
            "type": {
                "type": "struct",
                "fields": [
                    {"id": 4, "name": "x", "required": False, "type": "fixed[3]"},
                    {
                        "id": 5,
                        "name": "l",
                        "required": False,
                        "type": {"type": "list", "element-id": 6, "element-required": False, "element": "date"},
                    },
                ],
            },
        },
        {
            "id": 8,
            "name": "m",
            "required": False,
            "type": {
                "type": "map",
                "key-id": 9,
                "key": "string",
                "value-id": 10,
                "value-required": False,
                "value": {"type": "struct", "fields": [{"id": 11, "name": "v", "required": False, "type": "long"}]},
            },
        },
    ],
}


@pytest.fixture
def change() -> SchemaChange:
    return SchemaChange(read_schema(DOCUMENT), 11)


def test_documents_come_back() -> None:
    schema = read_schema(DOCUMENT)
    assert write_schema(schema) == DOCUMENT
    assert schema.highest_id == 11
    assert schema.names[11] == "m.v" or schema.names[11] == "m.value.v"
    assert schema.find("R.X", any_case=True) == schema.by_name["r.x"]
    assert schema.find("R.X") is None


def test_new_ids_are_never_used_again(change: SchemaChange) -> None:
    change.drop("m")
    change.add(None, "m", types.STRING)
    assert change.schema.by_name["m"].id == 12
    change.add("r", "y", types.INT)
    assert change.schema.by_name["r.y"].id == 13
    assert change.last_id == 13


def test_ids_of_a_struct_come_before_those_of_its_fields() -> None:
    numbers = iter(range(1, 100))
    nested = read_type(
        {
            "type": "struct",
            "fields": [
                {
                    "id": 0,
                    "name": "a",
                    "required": False,
                    "type": {"type": "list", "element-id": 0, "element-required": False, "element": "int"},
                },
                {"id": 0, "name": "b", "required": False, "type": "int"},
            ],
        }
    )
    made = with_fresh_ids(nested, lambda: next(numbers))
    assert isinstance(made, Struct)
    assert str(made) == "struct<1: a: optional list<int>, 2: b: optional int>"
    assert made.fields[0].type.element_id == 3


def test_changes(change: SchemaChange) -> None:
    change.rename("r.x", "z")
    change.set_type("id", types.LONG)
    change.set_type("d", DecimalOf(12, 2))
    change.make_optional("id")
    change.set_doc("d", None)
    change.order(None, ["m", "r", "d", "id"])
    schema = change.schema
    assert [str(one.type) for one in schema.columns[2:]] == ["decimal(12, 2)", "long"]
    assert [one.name for one in schema.columns] == ["m", "r", "d", "id"]
    assert not schema.by_name["id"].required
    assert schema.by_name["d"].doc is None
    assert schema.by_name["r.z"].id == 4


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda c: c.add(None, "id", types.INT), "Cannot add column, name already exists: id"),
        (lambda c: c.add("id", "x", types.INT), "Cannot add to non-struct column: id: int"),
        (lambda c: c.add("nosuch", "x", types.INT), "Cannot find parent struct: nosuch"),
        (lambda c: c.drop("nosuch"), "Cannot delete missing column: nosuch"),
        (lambda c: c.rename("nosuch", "x"), "Cannot rename missing column: nosuch"),
        (lambda c: c.set_type("id", types.STRING), "Cannot change column type: id: int -> string"),
        (
            lambda c: c.set_type("d", DecimalOf(8, 2)),
            "Cannot change column type: d: decimal(9, 2) -> decimal(8, 2)",
        ),
        (
            lambda c: c.set_type("d", DecimalOf(12, 3)),
            "Cannot change column type: d: decimal(9, 2) -> decimal(12, 3)",
        ),
    ],
)
def test_refused_changes(change: SchemaChange, act: Callable[[SchemaChange], None], message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        act(change)
    assert str(caught.value) == message
