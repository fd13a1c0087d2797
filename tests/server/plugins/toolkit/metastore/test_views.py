"""Views in Trino's stored form."""

from __future__ import annotations

import base64
import json

import pytest

from lodestar_server.plugins.toolkit.metastore.model import Table, TableType
from lodestar_server.plugins.toolkit.metastore.views import decode_view, encode_view, type_id, view_table
from lodestar_server.spi.connector import ViewColumn, ViewDefinition
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import BIGINT, VarcharType
from lodestar_server.spi.types.text import parse_type

NAME = SchemaTableName("s", "v")
VIEW = ViewDefinition(
    "SELECT 1 a",
    "hive",
    "s",
    (ViewColumn("a", BIGINT, "one"), ViewColumn("b", parse_type('row("x y" integer, z varchar(3))'))),
    "about",
    "alice",
    path=("memory.default",),
)


def stored(text: str) -> Table:
    return Table(NAME, "alice", TableType.VIRTUAL_VIEW, (), parameters={"presto_view": "true"}, view_original_text=text)


@pytest.mark.parametrize(
    "view",
    [
        VIEW,
        ViewDefinition("SELECT 'ż'", None, None, (ViewColumn("a", VarcharType(1)),), run_as_invoker=True),
    ],
)
def test_round_trip(view: ViewDefinition) -> None:
    table = view_table(NAME, view, "alice", "query")
    assert table.is_view
    assert decode_view(table) == view


def test_the_stored_form() -> None:
    text = encode_view(VIEW)
    assert text.startswith("/* Presto View: ")
    document = json.loads(base64.b64decode(text.removeprefix("/* Presto View: ").removesuffix(" */")))
    assert document == {
        "originalSql": "SELECT 1 a",
        "catalog": "hive",
        "schema": "s",
        "columns": [
            {"name": "a", "type": "bigint", "comment": "one"},
            {"name": "b", "type": 'row("x y" integer,"z" varchar(3))'},
        ],
        "comment": "about",
        "owner": "alice",
        "runAsInvoker": False,
        "path": [{"catalogName": "memory", "schemaName": "default"}],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("array(row(a bigint))", 'array(row("a" bigint))'),
        ("map(varchar, timestamp(6) with time zone)", "map(varchar,timestamp(6) with time zone)"),
        ("row(bigint, decimal(5, 2))", "row(bigint,decimal(5,2))"),
    ],
)
def test_types(text: str, expected: str) -> None:
    assert type_id(parse_type(text)) == expected
    assert parse_type(expected) == parse_type(text)


@pytest.mark.parametrize("text", ["", "SELECT 1", "/* Presto View: !!! */", "/* Presto View: bm90IGpzb24= */"])
def test_what_is_not_a_view(text: str) -> None:
    with pytest.raises(LodestarError) as caught:
        decode_view(stored(text))
    assert (caught.value.code.name, caught.value.message) == ("HIVE_INVALID_VIEW_DATA", "Invalid view JSON: s.v")


def test_views_of_hive() -> None:
    table = Table(NAME, "alice", TableType.VIRTUAL_VIEW, (), view_original_text="SELECT 1")
    with pytest.raises(LodestarError) as caught:
        decode_view(table)
    assert caught.value.code.name == "NOT_SUPPORTED"
