"""CREATE, DROP, COMMENT: what is said, in which order, and what is left out."""

from __future__ import annotations

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    exc,
    literal_column,
    schema,
    select,
    text,
)
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, DropColumnComment, SetColumnComment

from sqlalchemy_lodestar import ROW


def test_order_of_a_columns_parts(compiled):
    made = Table(
        "t",
        MetaData(),
        Column("a", Integer, nullable=False, comment="it's", server_default=text("5"), lodestar_with={"x": True}),
        Column("b", String(3)),
        comment="all of it",
        lodestar_with={"format": "PARQUET", "partitioned_by": ["b"], "bucket_count": 4, "extra": {"k": "v"}},
    )
    assert compiled(CreateTable(made)) == (
        "CREATE TABLE t ( a INTEGER DEFAULT 5 NOT NULL COMMENT 'it''s' WITH (x = true), b VARCHAR(3) ) "
        "COMMENT 'all of it' WITH (format = 'PARQUET', partitioned_by = ARRAY['b'], bucket_count = 4, "
        "extra = MAP(ARRAY['k'], ARRAY['v']))"
    )


def test_constraints_and_indexes_of_a_model_are_left_out(compiled):
    metadata = MetaData()
    Table("p", metadata, Column("id", Integer, primary_key=True))
    made = Table(
        "c",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("kept", Integer, primary_key=True, nullable=False),
        Column("p_id", ForeignKey("p.id"), index=True),
        Column("u", Integer, CheckConstraint("u > 0"), unique=True),
        UniqueConstraint("p_id", "u"),
        CheckConstraint("u < 9"),
    )
    assert (
        compiled(CreateTable(made)) == "CREATE TABLE c ( id INTEGER, kept INTEGER NOT NULL, p_id INTEGER, u INTEGER )"
    )
    assert compiled(CreateIndex(next(iter(made.indexes)))) == ""


def test_what_is_asked_for_by_itself_is_refused(compiled):
    made = Table("t", MetaData(), Column("a", Integer))
    with pytest.raises(exc.CompileError, match="no constraints"):
        compiled(AddConstraint(UniqueConstraint(made.c.a)))
    with pytest.raises(exc.CompileError, match="no computed columns"):
        compiled(CreateTable(Table("t", MetaData(), Column("a", Integer, Computed("1 + 1")))))
    with pytest.raises(exc.CompileError, match="no sequences"):
        compiled(schema.CreateSequence(schema.Sequence("s")))


def test_comments_name_the_whole_column(compiled):
    made = Table("t", MetaData(), Column("a", Integer, comment="x"), schema="memory.s")
    assert compiled(SetColumnComment(made.c.a)) == "COMMENT ON COLUMN memory.s.t.a IS 'x'"
    assert compiled(DropColumnComment(made.c.a)) == "COMMENT ON COLUMN memory.s.t.a IS NULL"


def test_fields_of_rows_are_quoted(compiled):
    made = Table("t", MetaData(), Column("r", ROW([("date", Integer), ('a"b', String), (None, Integer)])))
    assert compiled(CreateTable(made)) == 'CREATE TABLE t ( r ROW("date" INTEGER, "a""b" VARCHAR, INTEGER) )'


@pytest.mark.skipif(not hasattr(schema, "CreateView"), reason="SQLAlchemy 2.1 has CREATE VIEW")
def test_views_and_tables_from_queries(compiled):
    query = select(literal_column("1").label("x")).where(literal_column("2") == "it's")
    view = schema.CreateView(query, "v", or_replace=True, lodestar_comment="c", lodestar_security="invoker")
    assert compiled(view) == (
        "CREATE OR REPLACE VIEW v COMMENT 'c' SECURITY INVOKER AS SELECT 1 AS x WHERE 2 = 'it''s'"
    )
    materialized = schema.CreateView(query, "v", materialized=True, lodestar_with={"format": "ORC"})
    assert compiled(materialized).startswith("CREATE MATERIALIZED VIEW v WITH (format = 'ORC') AS SELECT")
    assert compiled(schema.CreateTableAs(query, "t", if_not_exists=True)).startswith(
        "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS x"
    )
    with pytest.raises(exc.CompileError, match="temporary"):
        compiled(schema.CreateTableAs(query, "t", temporary=True))


def test_an_index_is_created_without_a_statement(memory_engine):
    made = Table("indexed", MetaData(), Column("a", Integer, index=True), Index("both", "a"))
    made.create(memory_engine)
    made.drop(memory_engine)
