"""The SQLAlchemy dialect of the stock Python client. LODESTAR_COMPAT_URL is the server, which has tpch and memory."""

import os
import uuid

import pandas
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchTableError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from trino.sqlalchemy import URL
from trino.sqlalchemy.datatype import JSON, MAP, ROW, TIMESTAMP

HOST, PORT = os.environ["LODESTAR_COMPAT_URL"].split("://")[1].split(":")


def engine_of(catalog, schema=None, **options):
    return sa.create_engine(URL(HOST, int(PORT), user="tester", catalog=catalog, schema=schema), **options)


@pytest.fixture
def tpch():
    engine = engine_of("tpch", "tiny")
    yield engine
    engine.dispose()


@pytest.fixture
def memory():
    name = "sa_" + uuid.uuid4().hex[:8]
    engine = engine_of("memory", name)
    with engine.connect() as connection:
        connection.execute(sa.schema.CreateSchema(name))
    yield engine
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP SCHEMA memory.{name} CASCADE"))
    engine.dispose()


def test_inspection(tpch):
    inspector = sa.inspect(tpch)
    assert {"tiny", "sf1", "information_schema"} <= set(inspector.get_schema_names())
    assert sorted(inspector.get_table_names()) == [
        "customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier",
    ]  # fmt: skip
    assert inspector.get_view_names() == []
    assert [(one["name"], str(one["type"]), one["nullable"]) for one in inspector.get_columns("nation")] == [
        ("nationkey", "BIGINT", False), ("name", "VARCHAR(25)", False), ("regionkey", "BIGINT", False),
        ("comment", "VARCHAR(152)", False),
    ]  # fmt: skip
    assert inspector.has_table("nation") and not inspector.has_table("nothing")
    assert inspector.get_pk_constraint("nation") == {"name": None, "constrained_columns": []}
    assert inspector.get_foreign_keys("nation") == []
    with pytest.raises(NoSuchTableError):
        inspector.get_columns("nothing")


def test_reflection_and_select(tpch):
    nation = sa.Table("nation", sa.MetaData(), autoload_with=tpch)
    region = sa.Table("region", nation.metadata, autoload_with=tpch)
    query = (
        sa.select(region.c.name, sa.func.count().label("nations"))
        .join_from(nation, region, nation.c.regionkey == region.c.regionkey)
        .where(nation.c.name.in_(["FRANCE", "GERMANY", "JAPAN"]))
        .group_by(region.c.name)
        .order_by(sa.desc("nations"))
        .limit(5)
        .offset(0)
    )
    with tpch.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [("EUROPE", 2), ("ASIA", 1)]


def test_tables_types_and_rows(memory):
    metadata = sa.MetaData()
    table = sa.Table(
        "things",
        metadata,
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(30)),
        sa.Column("amount", sa.Numeric(12, 2)),
        sa.Column("at", TIMESTAMP(6, timezone=True)),
        sa.Column("tags", sa.ARRAY(sa.String)),
        sa.Column("more", MAP(sa.String, sa.Integer)),
        sa.Column("place", ROW([("x", sa.Integer), ("y", sa.String)])),
    )
    metadata.create_all(memory)
    inspector = sa.inspect(memory)
    assert sorted(inspector.get_table_names()) == ["things"]
    with memory.connect() as connection:
        connection.execute(sa.text("COMMENT ON TABLE things IS 'things of all kinds'"))
        connection.execute(sa.text("COMMENT ON COLUMN things.id IS 'its key'"))
    assert inspector.get_table_comment("things") == {"text": "things of all kinds"}
    found = {one["name"]: one for one in inspector.get_columns("things")}
    assert found["id"]["comment"] == "its key"
    assert [one["type"].compile(dialect=memory.dialect) for one in found.values()] == [
        "BIGINT", "VARCHAR(30)", "DECIMAL(12, 2)", "TIMESTAMP(6) WITH TIME ZONE", "ARRAY(VARCHAR)",
        "MAP(VARCHAR, INTEGER)", "ROW(x INTEGER, y VARCHAR)",
    ]  # fmt: skip
    with memory.begin() as connection:
        connection.execute(table.insert(), [{"id": 1, "name": "it's"}, {"id": 2, "name": None}])
        rows = connection.execute(sa.select(table.c.id, table.c.name).order_by(table.c.id)).all()
        assert rows == [(1, "it's"), (2, None)]
    metadata.drop_all(memory)
    assert sa.inspect(memory).get_table_names() == []


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(40))


def test_orm_round_trip(memory):
    Base.metadata.create_all(memory)
    with Session(memory) as session:
        session.add_all([Person(id=1, name="Ada"), Person(id=2, name="Grace")])
        session.commit()
    with Session(memory) as session:
        assert session.scalars(sa.select(Person.name).where(Person.id > 1)).all() == ["Grace"]
    Base.metadata.drop_all(memory)


def test_views(memory):
    with memory.connect() as connection:
        connection.execute(sa.text("CREATE VIEW v AS SELECT name FROM tpch.tiny.region"))
    inspector = sa.inspect(memory)
    assert inspector.get_view_names() == ["v"]
    assert "tpch.tiny.region" in inspector.get_view_definition("v")
    assert [one["name"] for one in inspector.get_columns("v")] == ["name"]


def test_json_path(memory):
    table = sa.Table("documents", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("body", JSON))
    query = sa.select(sa.literal_column('JSON \'{"a": {"b": 5}}\'', type_=JSON)["a"])
    assert table.c.body["a"] is not None
    with memory.connect() as connection:
        assert connection.execute(query).scalar_one() == {"b": 5}


def test_table_made_of_a_query(memory):
    with memory.connect() as connection:
        made = connection.execute(sa.text("CREATE TABLE big AS SELECT * FROM tpch.tiny.orders WHERE orderkey < 100"))
        assert made.rowcount == 27
        assert connection.execute(sa.text("SELECT count(*) FROM big")).scalar_one() == 27


def test_errors(tpch):
    with tpch.connect() as connection:
        with pytest.raises(ProgrammingError, match=r"Table 'tpch\.tiny\.nothing' does not exist"):
            connection.execute(sa.text("SELECT * FROM nothing"))
        with pytest.raises(DBAPIError, match="Division by zero"):
            connection.execute(sa.text("SELECT 1 / x FROM (VALUES 0) AS t (x)")).all()


def test_server_version(tpch):
    with tpch.connect() as connection:
        assert connection.dialect.server_version_info == ("476",)
        assert connection.dialect.default_schema_name == "tiny"
        assert connection.execute(sa.text("SELECT version()")).scalar_one() == "476"
        assert set(tpch.dialect.get_catalog_names(connection)) >= {"memory", "system", "tpch"}


def test_pandas(memory):
    frame = pandas.DataFrame({"k": [1, 2, 3], "v": ["a", None, "c"], "d": [0.5, 1.5, None]})
    frame.to_sql("frame", memory, index=False, method="multi")
    back = pandas.read_sql("SELECT * FROM frame ORDER BY k", memory)
    assert back["k"].tolist() == [1, 2, 3] and back["v"].tolist()[::2] == ["a", "c"]
    assert pandas.read_sql("SELECT sum(d) AS s FROM frame", memory)["s"].tolist() == [2.0]


def test_stream(tpch):
    with tpch.connect().execution_options(stream_results=True, max_row_buffer=100) as connection:
        result = connection.execute(sa.text("SELECT orderkey FROM lineitem"))
        assert sum(len(part) for part in result.partitions(5000)) == 60175
