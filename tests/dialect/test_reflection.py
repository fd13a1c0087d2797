"""What the inspector finds."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, MetaData, Table, exc, inspect, text

from sqlalchemy_lodestar import MAP, TIMESTAMP
from sqlalchemy_lodestar.reflection import LodestarInspector


@pytest.fixture(scope="module")
def reflected(memory_engine):
    metadata = MetaData()
    Table(
        "Things",
        metadata,
        Column("Id", sa.Integer, nullable=False, comment="the id"),
        Column("at", TIMESTAMP(3)),
        Column("m", MAP(sa.String, sa.Integer)),
        comment="all things",
        schema="reflected",
    )
    with memory_engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA memory.reflected"))
        metadata.create_all(connection)
        connection.execute(
            text("CREATE VIEW memory.reflected.seen COMMENT 'seen' AS SELECT \"Id\" FROM reflected.things")
        )
    yield memory_engine
    with memory_engine.begin() as connection:
        connection.execute(text("DROP SCHEMA memory.reflected CASCADE"))


def test_names(reflected):
    inspector = inspect(reflected)
    assert isinstance(inspector, LodestarInspector)
    assert {"memory", "tpch", "system"} <= set(inspector.get_catalog_names())
    assert {"default", "information_schema", "reflected"} <= set(inspector.get_schema_names())
    assert "tiny" in inspector.get_schema_names(lodestar_catalog="tpch")
    assert inspector.get_table_names("reflected") == ["things"]
    assert inspector.get_view_names("memory.reflected") == ["seen"]
    assert inspector.get_materialized_view_names("reflected") == []
    assert "nation" in inspector.get_table_names("tpch.tiny")
    assert inspector.has_schema("REFLECTED")
    assert not inspector.has_schema("tpch.reflected")


def test_names_are_found_however_they_are_written(reflected):
    inspector = inspect(reflected)
    assert inspector.has_table("Things", schema="Reflected")
    assert inspector.has_table("seen", schema="reflected")
    assert not inspector.has_table("nothing", schema="reflected")
    assert not inspector.has_table("things", schema="nothing")


def test_columns(reflected):
    columns = inspect(reflected).get_columns("THINGS", "reflected")
    assert [
        (column["name"], column["type"].compile(dialect=reflected.dialect), column["nullable"], column["comment"])
        for column in columns
    ] == [
        ("id", "INTEGER", False, "the id"),
        ("at", "TIMESTAMP(3)", True, None),
        ("m", "MAP(VARCHAR, INTEGER)", True, None),
    ]


def test_texts(reflected):
    inspector = inspect(reflected)
    assert inspector.get_table_comment("Things", "reflected") == {"text": "all things"}
    assert inspector.get_table_comment("seen", "reflected") == {"text": "seen"}
    definition = inspector.get_view_definition("seen", "reflected")
    assert " ".join(definition.split()) == "SELECT Id FROM reflected.things" or '"Id"' in definition


def test_what_trino_has_not(reflected):
    inspector = inspect(reflected)
    assert inspector.get_pk_constraint("things", "reflected")["constrained_columns"] == []
    assert inspector.get_foreign_keys("things", "reflected") == []
    assert inspector.get_unique_constraints("things", "reflected") == []
    assert inspector.get_check_constraints("things", "reflected") == []
    assert inspector.get_indexes("things", "reflected") == []
    assert not inspector.has_index("things", "x", "reflected")
    assert not inspector.has_sequence("s")


@pytest.mark.parametrize(
    "method", ["get_columns", "get_table_comment", "get_pk_constraint", "get_indexes", "get_view_definition"]
)
def test_a_missing_table(reflected, method):
    with pytest.raises(exc.NoSuchTableError, match=r"reflected\.nothing"):
        getattr(inspect(reflected), method)("nothing", "reflected")


def test_whole_schemas(reflected):
    metadata = MetaData()
    metadata.reflect(reflected, schema="memory.reflected", views=True)
    assert sorted(metadata.tables) == ["memory.reflected.seen", "memory.reflected.things"]
    assert metadata.tables["memory.reflected.things"].comment == "all things"
    with reflected.connect() as connection:
        assert connection.execute(sa.select(metadata.tables["memory.reflected.seen"])).all() == []


def test_many_tables_are_few_questions(reflected):
    asked = []
    with reflected.connect() as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
        metadata = MetaData()
        metadata.reflect(connection, schema="tpch.tiny")
    assert len(metadata.tables) == 8
    assert len(asked) < 10


def test_a_table_of_another_catalog(reflected):
    nation = Table("nation", MetaData(), schema="tiny", lodestar_catalog="tpch", autoload_with=reflected)
    assert [column.name for column in nation.c] == ["nationkey", "name", "regionkey", "comment"]
    with reflected.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(nation)) == 25


def test_partitions_of_a_hive_table_are_an_index(reflected):
    lake = "lake"
    with reflected.begin() as connection:
        if lake not in inspect(connection).get_catalog_names():
            pytest.skip("the server has no Hive catalog")
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS lake.reflected"))
        made = Table(
            "parted",
            MetaData(),
            Column("a", sa.Integer),
            Column("p", sa.String),
            Column("q", sa.Integer),
            schema="lake.reflected",
            lodestar_with={"partitioned_by": ["p", "q"]},
        )
        plain = Table("plain", MetaData(), Column("a", sa.Integer), schema="lake.reflected")
        made.create(connection)
        plain.create(connection)
        try:
            found = inspect(connection).get_indexes("parted", "lake.reflected")
            assert found == [{"name": "partition", "column_names": ["p", "q"], "unique": False}]
            assert inspect(connection).get_indexes("plain", "lake.reflected") == []
            every = inspect(connection).get_multi_indexes("lake.reflected")
            assert every == {("lake.reflected", "parted"): found, ("lake.reflected", "plain"): []}
        finally:
            made.drop(connection)
            plain.drop(connection)
            connection.execute(text("DROP SCHEMA lake.reflected"))


def test_the_session_says_where_names_are(reflected):
    with reflected.connect() as connection:
        connection.execute(text("USE tpch.tiny"))
        assert inspect(connection).has_table("nation")
        connection.execute(text("USE memory.default"))


def test_without_a_catalog_one_has_to_be_named(dialect_url):
    engine = sa.create_engine(f"lodestar://tester@{dialect_url}")
    inspector = inspect(engine)
    assert "nation" in inspector.get_table_names("tpch.tiny")
    with pytest.raises(exc.InvalidRequestError, match="needs a catalog"):
        inspector.get_table_names("tiny")
    with pytest.raises(exc.InvalidRequestError, match="needs a catalog"):
        inspector.get_schema_names()
    engine.dispose()
