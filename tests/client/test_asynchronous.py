"""The asynchronous driver against our server, and that it has all that the blocking one has."""

import asyncio
import inspect

import pytest

import lodestar
from lodestar.aio import AsyncConnection, AsyncCursor

LONG = "SELECT count(*) FROM lineitem a CROSS JOIN lineitem b CROSS JOIN orders c WHERE a.tax + b.tax + c.custkey < 0"


STATE = "SELECT state, error_code FROM system.runtime.queries WHERE query_id = ?"


async def known(cursor):
    """The query's id, as soon as the server has given one."""
    while cursor.query_id is None:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return cursor.query_id


@pytest.fixture
async def connection(embedded):
    async with await lodestar.aconnect(embedded.url, user="alice", catalog="tpch", schema="tiny") as found:
        yield found


ONLY_BLOCKING: set[str] = set()
ONLY_ASYNCHRONOUS = {"beat", "cancel_later"}


@pytest.mark.parametrize(("one", "twin"), [(lodestar.Connection, AsyncConnection), (lodestar.Cursor, AsyncCursor)])
def test_the_twins_are_alike(one, twin):
    def surface(kind):
        found = {}
        for name, member in inspect.getmembers(kind):
            if name.startswith("_") or inspect.isclass(member):
                continue
            is_method = inspect.isfunction(member)
            found[name] = list(inspect.signature(member).parameters) if is_method else "property"
        return found

    mine, other = surface(one), surface(twin)
    assert {name: mine[name] for name in mine if name not in ONLY_BLOCKING} == {
        name: other[name] for name in other if name not in ONLY_ASYNCHRONOUS
    }


async def test_rows(connection):
    cursor = await connection.execute("SELECT nationkey, name FROM nation WHERE regionkey = ? ORDER BY 1", [1])
    assert await cursor.fetchone() == (1, "ARGENTINA")
    assert await cursor.fetchmany(1) == [(2, "BRAZIL")]
    assert [row[0] async for row in cursor] == [3, 17, 24]
    assert (await cursor.fetchone(), await cursor.fetchall()) == (None, [])
    assert cursor.description[0].type_code == lodestar.NUMBER


async def test_many_queries_at_once(connection):
    async def count(number):
        cursor = await connection.execute("SELECT orderkey FROM orders WHERE orderkey % 3 = ?", [number])
        return len(await cursor.fetchall())

    assert sum(await asyncio.gather(*map(count, range(3)))) == 15_000


async def test_arrow(connection):
    pytest.importorskip("pyarrow")
    cursor = connection.cursor(arrow=True)
    await cursor.execute("SELECT * FROM lineitem")
    assert (await cursor.fetch_arrow_table()).num_rows == 60_175


async def test_cancelling_from_another_task(connection):
    cursor = connection.cursor()
    task = asyncio.create_task(cursor.execute(LONG))
    await known(cursor)
    await cursor.cancel()
    with pytest.raises(lodestar.OperationalError, match="canceled"):
        await task


async def test_a_task_that_is_cancelled_cancels_its_query(connection):
    cursor = connection.cursor()
    task = asyncio.create_task(cursor.execute(LONG))
    query_id = await known(cursor)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    state = ("", "")
    while state[0] != "FAILED":
        found = await connection.execute(STATE, [query_id])
        state = await found.fetchone()
    assert state[1] == "USER_CANCELED"


async def test_a_cursor_that_is_forgotten_cancels_its_query_later(connection):
    query_id = (await connection.execute("SELECT * FROM lineitem")).query_id
    found = await connection.execute(STATE, [query_id])
    assert await found.fetchone() == ("FAILED", "USER_CANCELED")


async def test_transactions(connection):
    connection.autocommit = False
    await (await connection.execute("SELECT 1")).fetchall()
    assert connection.in_transaction
    await connection.rollback()
    assert not connection.in_transaction


async def test_errors(connection):
    with pytest.raises(lodestar.ProgrammingError):
        await connection.execute("SELECT nope")
    with pytest.raises(lodestar.QueryTimeout):
        await connection.execute(LONG, timeout=0.2)


async def test_a_closed_connection(embedded):
    connection = await lodestar.aconnect(embedded.url, user="alice")
    await connection.close()
    await connection.close()
    with pytest.raises(lodestar.InterfaceError):
        connection.cursor()
    with pytest.raises(lodestar.InterfaceError):
        await connection.commit()
