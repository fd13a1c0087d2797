"""The dialect over the driver's asynchronous connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import exc, inspect, select, text

pytest.importorskip("greenlet", reason="SQLAlchemy's asyncio needs greenlet")
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


@pytest.fixture
async def engine(dialect_url: str) -> AsyncIterator[Any]:
    engine = create_async_engine(f"lodestar+asyncio://tester@{dialect_url}/memory/default")
    yield engine
    await engine.dispose()


async def test_statements(engine):
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT :a + 1, current_schema"), {"a": 1})
        assert found.one() == (2, "default")
        assert (await connection.get_raw_connection()).driver_connection.session.catalog == "memory"
        assert engine.dialect.server_version_info == (476,)


async def test_errors(engine):
    async with engine.connect() as connection:
        with pytest.raises(exc.ProgrammingError) as caught:
            await connection.execute(text("SELECT * FROM nothing"))
        assert caught.value.orig.error_name == "TABLE_NOT_FOUND"
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def test_tables_and_rows(engine):
    made = sa.Table("async_rows", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("n", sa.String))
    async with engine.begin() as connection:
        await connection.run_sync(made.metadata.create_all)
        try:
            await connection.execute(sa.insert(made), [{"id": number, "n": "x"} for number in range(50)])
            assert len((await connection.execute(select(made))).all()) == 50
            columns = await connection.run_sync(lambda sync: inspect(sync).get_columns("async_rows"))
            assert [column["name"] for column in columns] == ["id", "n"]
            async with AsyncSession(bind=connection) as session:
                assert await session.scalar(select(sa.func.count()).select_from(made)) == 50
        finally:
            await connection.run_sync(made.metadata.drop_all)


async def test_streams(engine):
    async with engine.connect() as connection:
        result = await connection.stream(text("SELECT x FROM UNNEST(sequence(1, 5000)) AS t(x) ORDER BY x"))
        seen = 0
        async for (number,) in result:
            seen += 1
            assert number == seen
        assert seen == 5000
        result = await connection.stream(text("SELECT x FROM UNNEST(sequence(1, 5000)) AS t(x)"))
        assert await result.fetchone() is not None
        await result.close()


async def test_isolation(engine):
    async with engine.connect() as connection:
        assert await connection.get_isolation_level() == "AUTOCOMMIT"
        await connection.execution_options(isolation_level="READ COMMITTED")
        assert await connection.get_isolation_level() == "READ COMMITTED"
        await connection.execute(text("SELECT 1"))
        await connection.rollback()


async def test_many_at_once(engine):
    async def one(number: int) -> int:
        async with engine.connect() as connection:
            return int((await connection.execute(select(sa.literal(number)))).scalar())

    assert await asyncio.gather(*(one(number) for number in range(12))) == list(range(12))


async def test_a_cancelled_task_leaves_nothing_behind(engine):
    slow = text(
        "SELECT count(*) AS slow FROM tpch.sf1.lineitem a CROSS JOIN tpch.sf1.lineitem b WHERE a.comment < b.comment"
    )

    async def run() -> None:
        async with engine.connect() as connection:
            await connection.execute(slow)

    task = asyncio.ensure_future(run())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with engine.connect() as connection:
        states = text("SELECT state FROM system.runtime.queries WHERE query LIKE 'SELECT count(*) AS slow%'")
        assert [row[0] for row in await connection.execute(states)] == ["FAILED"]
    assert engine.pool.checkedout() == 0
