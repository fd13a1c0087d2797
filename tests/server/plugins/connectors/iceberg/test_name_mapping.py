"""Names in files by field, and what changes of a schema make of them."""

from __future__ import annotations

import json

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.types import Field, ListOf, MapOf, Struct
from lodestar_server.plugins.connectors.iceberg.name_mapping import PROPERTY, changed_mapping, file_names, new_mapping


def schema(*fields: Field) -> Schema:
    return Schema(Struct(fields))


def test_text_is_that_of_the_formats_library() -> None:
    flat = schema(Field(1, "a", ice.INT), Field(2, "b", ice.STRING))
    assert new_mapping(flat) == (
        '[ {\n  "field-id" : 1,\n  "names" : [ "a" ]\n}, {\n  "field-id" : 2,\n  "names" : [ "b" ]\n} ]'
    )


def test_nested_fields_are_named_too() -> None:
    nested = schema(
        Field(1, "r", Struct((Field(4, "x", ice.INT),))),
        Field(2, "l", ListOf(5, ice.INT)),
        Field(3, "m", MapOf(6, ice.STRING, 7, ice.INT)),
    )
    assert json.loads(new_mapping(nested)) == [
        {"field-id": 1, "names": ["r"], "fields": [{"field-id": 4, "names": ["x"]}]},
        {"field-id": 2, "names": ["l"], "fields": [{"field-id": 5, "names": ["element"]}]},
        {
            "field-id": 3,
            "names": ["m"],
            "fields": [{"field-id": 6, "names": ["key"]}, {"field-id": 7, "names": ["value"]}],
        },
    ]


def test_a_renamed_field_keeps_its_name_in_files_until_another_takes_it() -> None:
    first = new_mapping(schema(Field(1, "a", ice.INT)))
    renamed = changed_mapping(first, schema(Field(1, "b", ice.INT)))
    assert json.loads(renamed) == [{"field-id": 1, "names": ["a", "b"]}]
    taken = changed_mapping(renamed, schema(Field(1, "b", ice.INT), Field(2, "a", ice.INT)))
    assert json.loads(taken) == [{"field-id": 1, "names": ["b"]}, {"field-id": 2, "names": ["a"]}]


def test_without_a_mapping_columns_have_their_own_names() -> None:
    one = schema(Field(1, "a", ice.INT), Field(2, "b", ice.INT))
    assert file_names(one, {}) == {1: ("a",), 2: ("b",)}
    assert file_names(one, {PROPERTY: '[{"field-id": 1, "names": ["x", "y"]}, {"names": ["z"]}]'}) == {1: ("x", "y")}
