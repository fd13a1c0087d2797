"""The dialect on a server: connecting, values, errors, the ORM."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData, Table, create_engine, exc, func, insert, make_url, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import lodestar
from sqlalchemy_lodestar import ARRAY, MAP, ROW, TIMESTAMP, TINYINT
from sqlalchemy_lodestar.dialect import LodestarDialect


@pytest.mark.parametrize(
    ("url", "target", "keywords"),
    [
        (
            "lodestar://ann:p%40ss@host:8443/hive/sales?client_tags=a,b",
            "lodestar://ann:p%40ss@host:8443/hive/sales?client_tags=a%2Cb",
            {"source": "sqlalchemy-lodestar"},
        ),
        ("lodestar+asyncio://host?source=me", "lodestar://host?source=me", {}),
    ],
)
def test_the_url_is_the_drivers(url, target, keywords):
    assert LodestarDialect().create_connect_args(make_url(url)) == ([target], keywords)


def test_connecting(memory_engine):
    with memory_engine.connect() as connection:
        assert connection.execute(text("SELECT current_catalog, current_schema")).one() == ("memory", "default")
        assert memory_engine.dialect.server_version_info == (476,)
        assert memory_engine.dialect.default_schema_name == "default"
        assert connection.get_isolation_level() == "AUTOCOMMIT"
        assert connection.connection.driver_connection.session.source == "sqlalchemy-lodestar"


def test_isolation_levels(memory_engine):
    with memory_engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        assert connection.get_isolation_level() == "SERIALIZABLE"
        connection.execute(text("SELECT 1")).all()
        assert connection.connection.driver_connection.in_transaction
        connection.rollback()
        assert not connection.connection.driver_connection.in_transaction
    with memory_engine.connect() as connection:
        assert connection.get_isolation_level() == "AUTOCOMMIT"
    with pytest.raises(exc.ArgumentError, match="Invalid value"):
        memory_engine.connect().execution_options(isolation_level="CHAOS")


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (sa.Boolean(), True),
        (TINYINT(), -128),
        (sa.BigInteger(), 2**62),
        (sa.Float(), 0.1),
        (sa.Numeric(38, 10), Decimal("1234567890123456789.0123456789")),
        (sa.Numeric(10, 2, asdecimal=False), 1.25),
        (sa.Float(asdecimal=True), Decimal("0.25")),
        (sa.String(20), "it's é \U0001f600 ? % :x"),
        (sa.Text(), ""),
        (sa.LargeBinary(), b"\x00\xff"),
        (sa.Date(), dt.date(1, 1, 1)),
        (sa.Time(), dt.time(23, 59, 59, 999999)),
        (sa.DateTime(), dt.datetime(2020, 1, 2, 3, 4, 5, 123456)),
        (sa.DateTime(timezone=True), dt.datetime(2020, 1, 2, 3, 4, tzinfo=ZoneInfo("Europe/Paris"))),
        (TIMESTAMP(3), dt.datetime(2020, 1, 2, 3, 4, 5, 123000)),
        (sa.Interval(), dt.timedelta(days=-3, milliseconds=1)),
        (sa.Uuid(), uuid.UUID(int=5)),
        (sa.Uuid(as_uuid=False), str(uuid.UUID(int=5))),
        (sa.Enum("a", "b", name="letters"), "b"),
        (sa.JSON(), {"a": [1, None, {"b": 1.5}]}),
        (sa.ARRAY(sa.Integer), [1, None, 3]),
        (ARRAY(sa.String, dimensions=2), [["a"], []]),
        (MAP(sa.String, sa.Numeric(4, 1)), {"k": Decimal("1.5"), "n": None}),
        (ROW([("x", sa.Integer), ("y", ARRAY(sa.Date))]), (1, [dt.date(2020, 1, 1)])),
    ],
    ids=lambda value: str(value) if isinstance(value, sa.types.TypeEngine) else "",
)
def test_values_come_back(memory_engine, type_, value):
    made = Table("values_come_back", MetaData(), sa.Column("id", sa.Integer), sa.Column("v", type_))
    made.create(memory_engine)
    try:
        with memory_engine.begin() as connection:
            connection.execute(insert(made), [{"id": 1, "v": value}, {"id": 2, "v": None}])
            connection.execute(insert(made).values(id=3, v=sa.literal(value, type_, literal_execute=True)))
            found = connection.execute(select(made.c.v).order_by(made.c.id)).scalars().all()
        assert found == [value, None, value]
        assert type(found[0]) is type(value) or isinstance(value, tuple)
    finally:
        made.drop(memory_engine)


def test_many_rows_are_few_statements(memory_engine):
    made = Table("many_rows", MetaData(), sa.Column("id", sa.Integer), sa.Column("n", sa.String))
    made.create(memory_engine)
    sent = []
    try:
        with memory_engine.begin() as connection:
            sa.event.listen(connection, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
            rows = [{"id": number, "n": "x"} for number in range(2500)]
            result = connection.execute(insert(made), rows)
            assert result.rowcount == 2500
            assert len(sent) == 1
            assert connection.scalar(select(func.count(made.c.id.distinct()))) == 2500
            assert connection.execute(insert(made), {"id": 1, "n": "x"}).rowcount == 1
    finally:
        made.drop(memory_engine)


def test_streamed_rows(memory_engine):
    query = text("SELECT x FROM UNNEST(sequence(1, 5000)) AS t(x)")
    with memory_engine.connect() as connection:
        result = connection.execution_options(stream_results=True, max_row_buffer=100).execute(query)
        assert next(iter(result.partitions(10))) == [(number,) for number in range(1, 11)]
        result.close()
        assert connection.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize(
    ("statement", "kind", "name"),
    [
        ("SELEC 1", exc.ProgrammingError, "SYNTAX_ERROR"),
        ("SELECT * FROM nothing", exc.ProgrammingError, "TABLE_NOT_FOUND"),
        ("SELECT 1 / 0", exc.DataError, "DIVISION_BY_ZERO"),
        ("SELECT CAST('x' AS integer)", exc.DataError, "INVALID_CAST_ARGUMENT"),
    ],
)
def test_errors_keep_what_the_server_says(memory_engine, statement, kind, name):
    with memory_engine.connect() as connection, pytest.raises(kind) as caught:
        connection.execute(text(statement)).all()
    assert caught.value.orig.error_name == name
    assert not caught.value.connection_invalidated


def test_a_server_that_is_not_there_is_a_disconnect():
    engine = create_engine("lodestar://x@127.0.0.1:9/memory?max_attempts=1&retry_timeout=0.1")
    with pytest.raises(exc.OperationalError) as caught:
        engine.connect()
    assert engine.dialect.is_disconnect(caught.value.orig, None, None)


def test_a_closed_connection_is_a_disconnect(memory_engine):
    with memory_engine.connect() as connection:
        connection.connection.driver_connection.close()
        with pytest.raises(exc.InterfaceError) as caught:
            connection.execute(text("SELECT 1"))
        assert caught.value.connection_invalidated
    with memory_engine.connect() as connection:
        assert memory_engine.dialect.do_ping(connection.connection)
        assert not memory_engine.dialect.is_disconnect(lodestar.ProgrammingError("x"), None, None)


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    born: Mapped[dt.date | None]
    books: Mapped[list[Book]] = relationship(back_populates="author", order_by="Book.id")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("authors.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(50), unique=True)
    author: Mapped[Author] = relationship(back_populates="books")


def test_the_orm(memory_engine):
    Base.metadata.create_all(memory_engine)
    try:
        with Session(memory_engine) as session:
            session.add(Author(id=1, name="Ann", books=[Book(id=1, title="One"), Book(id=2, title="Two")]))
            session.add(Author(id=2, name="Bob", born=dt.date(1970, 1, 1)))
            session.commit()
        with Session(memory_engine) as session:
            found = session.scalars(select(Author).join(Author.books).where(Book.title == "Two")).one()
            assert (found.name, [book.title for book in found.books]) == ("Ann", ["One", "Two"])
            counted = (
                select(Author.name, func.count(Book.id))
                .join(Author.books, isouter=True)
                .group_by(Author.name)
                .order_by(Author.name)
            )
            assert session.execute(counted).all() == [("Ann", 2), ("Bob", 0)]
    finally:
        Base.metadata.drop_all(memory_engine)
