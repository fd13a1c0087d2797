"""Our driver against a real Trino, by the cases that it passes against our server."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import threading
import uuid
from decimal import Decimal

import pytest
from tests.client.values import VALUES

import lodestar

URL = os.environ.get("LODESTAR_TEST_TRINO")

pytestmark = pytest.mark.skipif(not URL, reason="LODESTAR_TEST_TRINO names no server")

LONG = "SELECT count(*) FROM tpch.sf1000.lineitem"


@pytest.fixture(scope="module")
def connection():
    with lodestar.connect(URL, user="driver", catalog="tpch", schema="tiny", time_zone="UTC") as found:
        yield found


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_round_trips(connection, value):
    found, kind = connection.execute("SELECT ?, typeof(?)", [value, value]).fetchone()
    assert found == value, kind
    assert isinstance(found, type(value))


def test_instants(connection):
    paris = lodestar.types.temporal.find_zone("Europe/Paris")
    for day in (dt.datetime(2020, 10, 25, 2, 30), dt.datetime(2020, 3, 29, 2, 30), dt.datetime(1850, 1, 1)):
        for fold in (0, 1):
            value = day.replace(tzinfo=paris, fold=fold)
            assert connection.execute("SELECT to_unixtime(?)", [value]).fetchone()[0] == value.timestamp()


def test_rows(connection):
    cursor = connection.execute("SELECT orderkey, linenumber, shipdate FROM lineitem")
    assert len({row[:2] for row in cursor}) == 60_175
    assert cursor.description[2].type_code == lodestar.DATETIME


def test_many_rows(connection):
    schema = f"memory.driver_{uuid.uuid4().hex[:8]}"
    cursor = connection.cursor()
    cursor.execute(f"CREATE SCHEMA {schema}")
    try:
        cursor.execute(f"CREATE TABLE {schema}.t (a bigint, b varchar, c decimal(10,2))")
        rows = [(number, f"it's {number}", Decimal(number) / 4) for number in range(1500)]
        cursor.executemany(f"INSERT INTO {schema}.t (a, b, c) VALUES (?, ?, ?)", rows)
        assert cursor.rowcount == 1500
        assert sorted(connection.execute(f"SELECT * FROM {schema}.t").fetchall()) == rows
        cursor.executemany(f"INSERT INTO {schema}.t SELECT CAST(? AS bigint), ?, NULL", [(1, "x"), (2, "y")])
        assert cursor.rowcount == 2
    finally:
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")


def test_errors(connection):
    with pytest.raises(lodestar.ProgrammingError) as caught:
        connection.execute("SELECT nope FROM nation")
    assert (caught.value.error_name, caught.value.line, caught.value.column) == ("COLUMN_NOT_FOUND", 1, 8)


def test_the_session():
    with lodestar.connect(URL, user="driver", time_zone="UTC") as connection:
        connection.execute("USE tpch.tiny")
        connection.execute("SET SESSION query_max_run_time = '5m'")
        connection.execute("SET TIME ZONE 'Asia/Tokyo'")
        connection.execute("PREPARE p FROM SELECT ? + 1")
        assert connection.execute("EXECUTE p USING 5").fetchone() == (6,)
        connection.execute("DEALLOCATE PREPARE p")
        assert connection.execute("SELECT current_schema, current_timezone()").fetchone() == ("tiny", "Asia/Tokyo")


def test_transactions(connection):
    connection.isolation_level = "READ UNCOMMITTED"
    try:
        connection.execute("SELECT 1").fetchall()
        assert connection.in_transaction
        connection.commit()
        with pytest.raises(lodestar.ProgrammingError):
            connection.execute("SELECT nope")
        connection.rollback()
        assert not connection.in_transaction
    finally:
        connection.autocommit = True


def test_cancelling(connection):
    cursor = connection.cursor()
    faults = []

    def work():
        try:
            cursor.execute(LONG)
        except lodestar.Error as fault:
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    while cursor.query_id is None and thread.is_alive():
        thread.join(0.05)
    cursor.cancel()
    thread.join(30)
    assert [fault.error_name for fault in faults] == ["USER_CANCELED"]


def test_arrow_from_rows(connection):
    table = connection.cursor(arrow=True).execute("SELECT * FROM orders ORDER BY orderkey").fetch_arrow_table()
    assert (table.num_rows, table.schema.field("totalprice").type) == (15_000, "double")


def test_asynchronously():
    async def main():
        async with await lodestar.aconnect(URL, user="driver", catalog="tpch", schema="tiny") as connection:
            cursor = await connection.execute("SELECT name FROM nation WHERE regionkey = ? ORDER BY 1", [1])
            return await cursor.fetchall()

    assert asyncio.run(main())[0] == ("ARGENTINA",)
