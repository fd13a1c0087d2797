"""Hive's types as Iceberg's."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.iceberg.hive_types import iceberg_fields
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn
from lodestar_server.spi.errors import LodestarError


@pytest.mark.parametrize(
    ("hive", "iceberg"),
    [
        ("tinyint", "int"),
        ("bigint", "long"),
        ("varchar(10)", "string"),
        ("char(3)", "string"),
        ("decimal(20,3)", "decimal(20, 3)"),
        ("decimal(7)", "decimal(7, 0)"),
        ("decimal", "decimal(10, 0)"),
        ("timestamp", "timestamp"),
        ("timestamp with local time zone", "timestamptz"),
        ("array<array<int>>", "list<list<int>>"),
        ("map<string,decimal(5,2)>", "map<string, decimal(5, 2)>"),
    ],
)
def test_types(hive: str, iceberg: str) -> None:
    assert str(iceberg_fields([HiveColumn("a", hive)])[0].type) == iceberg


def test_ids_are_given_level_by_level() -> None:
    fields = iceberg_fields([HiveColumn("a", "struct<x:int,y:struct<z:array<string>>>"), HiveColumn("b", "int", "why")])
    assert [(one.id, one.name, one.doc) for one in fields] == [(1, "a", None), (2, "b", "why")]
    row = fields[0].type
    assert [(one.id, one.name) for one in row.fields] == [(3, "x"), (4, "y")]
    inner = row.fields[1].type.fields[0]
    assert (inner.id, inner.name, inner.type.element_id) == (5, "z", 6)


def test_others_are_refused() -> None:
    with pytest.raises(LodestarError, match="Unsupported Hive type: interval_year_month"):
        iceberg_fields([HiveColumn("a", "interval_year_month")])
