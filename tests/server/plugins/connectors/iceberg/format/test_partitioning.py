"""The property `partitioning`: its texts, what they make, and what is refused."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.iceberg.format.partitioning import (
    PartitioningError,
    parse_partitioning,
    parse_sorting,
    partitioning_texts,
    read_spec,
    write_spec_fields,
)
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, read_schema

NAMES = {"a": "int", "b": "string", "c": "timestamptz", "d": "double", "Odd Name": "string", "b_bucket": "int"}


@pytest.fixture
def schema() -> Schema:
    fields = [
        {"id": i, "name": name, "required": False, "type": type_} for i, (name, type_) in enumerate(NAMES.items(), 1)
    ]
    return read_schema({"type": "struct", "schema-id": 0, "fields": fields})


def test_texts(schema: Schema) -> None:
    texts = ["a", "bucket(b, 4)", "MONTH(c)", 'truncate("Odd Name",3)', "void(d)"]
    spec = parse_partitioning(schema, texts)
    assert [(one.id, one.name, str(one.transform)) for one in spec.fields] == [
        (1000, "a", "identity"),
        (1001, "b_bucket_2", "bucket[4]"),
        (1002, "c_month", "month"),
        (1003, "Odd Name_trunc", "truncate[3]"),
        (1004, "d_null", "void"),
    ]
    assert partitioning_texts(schema, spec) == (
        "a",
        "bucket(b, 4)",
        "month(c)",
        'truncate("Odd Name", 3)',
        "void(d)",
    )
    assert read_spec(0, write_spec_fields(spec)) == spec


def test_paths(schema: Schema) -> None:
    spec = parse_partitioning(schema, ["a", "month(c)", '"Odd Name"'])
    types = [schema.by_name[name].type for name in ("a", "c", "Odd Name")]
    assert spec.path(types, (1, 650, "x/y=z ~*é")) == "a=1/c_month=2024-03/Odd+Name=x%2Fy%3Dz+%7E*%C3%A9"
    assert spec.path(types, (None, None, None)) == "a=null/c_month=null/Odd+Name=null"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["nosuch"], "Cannot find source column: nosuch"),
        (["a b"], "Invalid partition field declaration: a b"),
        (["bucket(a, 0)"], "Invalid number of buckets: 0 (must be > 0)"),
        (["truncate(a, 0)"], "Invalid truncate width: 0 (must be > 0)"),
        (["hour(a)"], "Invalid source type int for transform: hour"),
        (["bucket(d, 2)"], "Invalid source type double for transform: bucket[2]"),
        (["a", "a"], "Cannot use partition name more than once: a"),
    ],
)
def test_refused(schema: Schema, texts: list[str], message: str) -> None:
    with pytest.raises(PartitioningError) as caught:
        parse_partitioning(schema, texts)
    assert str(caught.value) == message


def test_sort_orders() -> None:
    assert parse_sorting(["a", "b DESC", '"Odd Name" asc nulls last', "c desc NULLS LAST"]) == [
        ("a", "asc", "nulls-first"),
        ("b", "desc", "nulls-last"),
        ("Odd Name", "asc", "nulls-last"),
        ("c", "desc", "nulls-last"),
    ]
    with pytest.raises(PartitioningError):
        parse_sorting(["bucket(a, 2)"])
