"""aiotrino by its own API. LODESTAR_COMPAT_URL is the server, which has tpch and memory."""

import asyncio
import os
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import aiotrino
import pytest
from aiotrino.exceptions import TrinoUserError
from aiotrino.transaction import IsolationLevel

HOST, PORT = os.environ["LODESTAR_COMPAT_URL"].split("://")[1].split(":")
SLOW = "SELECT count(*) FROM tpch.sf1000.lineitem a JOIN tpch.sf1000.lineitem b ON a.partkey = b.partkey"


def connect(**options):
    return aiotrino.dbapi.connect(**{"host": HOST, "port": int(PORT), "user": "tester", **options})


async def rows(connection, sql, params=None):
    cursor = await connection.cursor()
    await cursor.execute(sql, params)
    return await cursor.fetchall()


def in_loop(case):
    """A case that is a coroutine over a connection."""

    def run():
        async def around():
            async with connect() as connection:
                await case(connection)

        asyncio.run(around())

    run.__name__ = case.__name__
    return run


VALUES = [
    ("NULL", None),
    ("true", True),
    ("BIGINT '-9223372036854775808'", -(2**63)),
    ("REAL '1.5'", 1.5),
    ("infinity()", float("inf")),
    ("DECIMAL '-12345678901234567890.50'", Decimal("-12345678901234567890.50")),
    ("'grüße 😀'", "grüße 😀"),
    ("X'00ff'", b"\x00\xff"),
    ("DATE '0001-01-01'", date(1, 1, 1)),
    ("TIME '01:02:03.456'", time(1, 2, 3, 456000)),
    ("TIMESTAMP '2024-02-29 12:13:14.123456'", datetime(2024, 2, 29, 12, 13, 14, 123456)),
    ("TIMESTAMP '2024-07-01 12:00:00.000 Europe/Berlin'", datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))),
    ("TIMESTAMP '2024-07-01 12:00:00 -03:00'", datetime(2024, 7, 1, 12, tzinfo=timezone(timedelta(hours=-3)))),
    ("UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'", uuid.UUID("12151fd2-7586-11e9-8f9e-2a86e4085a59")),
    ("JSON '{\"a\": 1}'", '{"a":1}'),
    ("ARRAY[1, NULL]", [1, None]),
    ("MAP(ARRAY['k'], ARRAY[DATE '2024-01-01'])", {"k": date(2024, 1, 1)}),
    ("ROW(1, 'x')", (1, "x")),
]


@in_loop
async def test_values(connection):
    for sql, value in VALUES:
        assert await rows(connection, f"SELECT {sql}") == [[value]], sql


@in_loop
async def test_parameters(connection):
    given = [None, True, 1, 2**40, 1.5, Decimal("1.50"), "it's 😀", b"\x00", date(2024, 1, 2), time(1, 2, 3),
             datetime(2024, 1, 2, 3, 4, 5, 6), uuid.UUID(int=5), [1, 2], {"a": 1}]  # fmt: skip
    for value in given:
        assert await rows(connection, "SELECT ?", (value,)) == [[value]], value
    marks = ", ".join("?" * len(given))
    assert await rows(connection, f"SELECT {marks}", given) == [given]


@in_loop
async def test_pages_and_iteration(connection):
    cursor = await connection.cursor()
    await cursor.execute("SELECT * FROM tpch.tiny.lineitem")
    first = await cursor.fetchone()
    some = await cursor.fetchmany(100)
    rest = await cursor.fetchall()
    assert len(first) == 16 and 1 + len(some) + len(rest) == 60175
    await cursor.execute("SELECT n FROM UNNEST(sequence(1, 5000)) AS t (n) ORDER BY n")
    assert [row[0] async for row in cursor] == list(range(1, 5001))


@in_loop
async def test_description(connection):
    cursor = await connection.cursor()
    await cursor.execute("SELECT CAST(1 AS DECIMAL(20, 4)) d, CAST('a' AS VARCHAR(7)) v")
    await cursor.fetchall()
    described = [(one.name, one.type_code, one.precision, one.scale) for one in await cursor.get_description()]
    assert described == [("d", "decimal(20, 4)", 20, 4), ("v", "varchar(7)", None, None)]


@in_loop
async def test_writes(connection):
    name = "memory.aio_" + uuid.uuid4().hex[:8]
    await rows(connection, f"CREATE SCHEMA {name}")
    await rows(connection, f"CREATE TABLE {name}.t (a BIGINT, b VARCHAR)")
    cursor = await connection.cursor()
    await cursor.execute(f"INSERT INTO {name}.t VALUES (?, ?), (2, NULL)", (1, "x"))
    await cursor.fetchall()
    assert (cursor.update_type, cursor.rowcount) == ("INSERT", 2)
    assert await rows(connection, f"SELECT * FROM {name}.t ORDER BY 1") == [[1, "x"], [2, None]]
    await rows(connection, f"DROP SCHEMA {name} CASCADE")


@in_loop
async def test_session(connection):
    await rows(connection, "SET SESSION query_max_run_time = '9m'")
    assert (await rows(connection, "SHOW SESSION LIKE 'query_max_run_time'"))[0][1] == "9m"
    await rows(connection, "USE tpch.tiny")
    assert await rows(connection, "SELECT count(*) FROM nation") == [[25]]


@in_loop
async def test_errors(connection):
    with pytest.raises(TrinoUserError) as caught:
        await rows(connection, "SELECT\n  nothing FROM tpch.tiny.nation")
    assert caught.value.error_name == "COLUMN_NOT_FOUND"
    assert caught.value.message == "line 2:3: Column 'nothing' cannot be resolved"
    with pytest.raises(TrinoUserError) as caught:
        await rows(connection, "SELECT 1 / (nationkey - 3) FROM tpch.tiny.nation")
    assert caught.value.error_name == "DIVISION_BY_ZERO"


@in_loop
async def test_cancel(connection):
    cursor = await connection.cursor()
    await cursor.execute("SELECT * FROM tpch.tiny.lineitem CROSS JOIN tpch.tiny.nation")
    await cursor.fetchone()
    await cursor.cancel()
    watch = f"SELECT state FROM system.runtime.queries WHERE query_id = '{cursor.query_id}'"
    for _ in range(100):
        if (state := await rows(connection, watch)) == [["FAILED"]]:
            break
        await asyncio.sleep(0.1)
    assert state == [["FAILED"]]


def test_a_task_that_is_cancelled_leaves_the_connection_usable():
    async def run():
        async with connect() as connection:
            slow = asyncio.create_task(rows(connection, SLOW))
            await asyncio.sleep(0.5)
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
            assert await rows(connection, "SELECT 1") == [[1]]
            find = f"SELECT query_id FROM system.runtime.queries WHERE state = 'RUNNING' AND query = '{SLOW}'"
            for (query_id,) in await rows(connection, find):
                await rows(connection, f"CALL system.runtime.kill_query(query_id => '{query_id}', message => 'left')")

    asyncio.run(run())


def test_transaction():
    async def run():
        async with connect(isolation_level=IsolationLevel.READ_UNCOMMITTED) as connection:
            assert await rows(connection, "SELECT count(*) FROM tpch.tiny.region") == [[5]]
            await connection.commit()
            assert await rows(connection, "SELECT count(*) FROM tpch.tiny.nation") == [[25]]
            await connection.rollback()

    asyncio.run(run())


def test_many_at_once():
    async def run():
        async with connect() as connection:
            found = await asyncio.gather(*(rows(connection, f"SELECT {number}") for number in range(20)))
        assert [one[0][0] for one in found] == list(range(20))

    asyncio.run(run())
