"""Names and their quotes; catalogs in front of schemas."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select, table
from sqlalchemy.schema import CreateSchema
from sqlalchemy.sql.elements import quoted_name

from sqlalchemy_lodestar.compiler import split_schema
from sqlalchemy_lodestar.dialect import LodestarDialect

preparer = LodestarDialect().identifier_preparer


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("plain", "plain"),
        ("_x1", "_x1"),
        ("select", '"select"'),
        ("json_table", '"json_table"'),
        ("date", "date"),  # a keyword that may be a name
        ("1st", '"1st"'),
        ("orders$partitions", '"orders$partitions"'),
        ("MixedCase", '"MixedCase"'),
        ("naïve", '"naïve"'),
        ('a"b', '"a""b"'),
        ("a b", '"a b"'),
    ],
)
def test_quotes_where_trino_needs_them(name, written):
    assert preparer.quote(name) == written


@pytest.mark.parametrize(
    ("schema", "parts"),
    [
        ("tiny", (None, "tiny")),
        ("tpch.tiny", ("tpch", "tiny")),
        ('"my.catalog".tiny', ("my.catalog", "tiny")),
        ('tpch."a""b"', ("tpch", 'a"b')),
        ("a.b.c", (None, "a.b.c")),
        ("a.", (None, "a.")),
        (quoted_name("tpch.tiny", quote=True), (None, "tpch.tiny")),
    ],
)
def test_a_schema_may_name_its_catalog(schema, parts):
    assert split_schema(schema) == parts


def test_catalogs_stand_in_front_of_tables(compiled):
    by_schema = Table("nation", MetaData(), Column("x", Integer), schema="tpch.tiny")
    assert compiled(select(by_schema)) == "SELECT tpch.tiny.nation.x FROM tpch.tiny.nation"
    by_option = Table("nation", MetaData(), Column("x", Integer), schema="tiny", lodestar_catalog="TPCH")
    assert compiled(select(by_option)) == 'SELECT tiny.nation.x FROM "TPCH".tiny.nation'
    assert compiled(select(table("nation", schema="tpch.tiny"))) == "SELECT FROM tpch.tiny.nation"


def test_schemas_are_created_in_their_catalog(compiled):
    assert compiled(CreateSchema("memory.new")) == "CREATE SCHEMA memory.new"


def test_a_translated_schema_may_name_a_catalog(memory_engine):
    nation = Table("nation", MetaData(), Column("nationkey", Integer), schema="one")
    with memory_engine.connect() as connection:
        moved = connection.execution_options(schema_translate_map={"one": "tpch.tiny"})
        assert len(moved.execute(select(nation)).all()) == 25
