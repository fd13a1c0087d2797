"""The driver and our server, together."""

import datetime as dt
import gc
import math
import threading
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

import lodestar
from tests.client.values import VALUES


@pytest.fixture
def connection(embedded):
    with lodestar.connect(embedded.url, user="alice", catalog="tpch", schema="tiny", time_zone="UTC") as found:
        yield found


@pytest.fixture
def schema(connection):
    """An empty schema of the memory catalog; gone afterwards."""
    name = f"memory.driver_{threading.get_ident()}"
    connection.execute(f"CREATE SCHEMA {name}")
    yield name
    connection.execute(f"DROP SCHEMA {name} CASCADE")


def test_rows_and_what_is_told_about_them(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT nationkey, name, CAST(1.5 AS decimal(10,2)) d FROM nation ORDER BY nationkey;")
    assert cursor.fetchone() == (0, "ALGERIA", Decimal("1.50"))
    assert [row[0] for row in cursor.fetchmany(3)] == [1, 2, 3]
    assert [row[0] for row in cursor] == list(range(4, 25))
    assert (cursor.fetchone(), cursor.fetchmany(), cursor.fetchall()) == (None, [], [])
    assert [column[:2] for column in cursor.description] == [
        ("nationkey", "bigint"),
        ("name", "varchar(25)"),
        ("d", "decimal(10, 2)"),
    ]
    assert [column.internal_size for column in cursor.description] == [None, 25, None]
    assert (cursor.description[2].precision, cursor.description[2].scale) == (10, 2)
    assert cursor.description[0].type_code == lodestar.NUMBER
    assert cursor.description[1].type_code == lodestar.STRING != cursor.description[0].type_code
    assert (cursor.rowcount, cursor.update_type) == (-1, None)
    assert cursor.stats["state"] == "FINISHED"
    assert cursor.stats["queryId"] == cursor.query_id
    assert cursor.query_id in cursor.info_uri
    assert cursor.warnings == []


def test_many_pages(connection):
    rows = connection.execute("SELECT orderkey, linenumber, comment FROM lineitem").fetchall()
    assert len(rows) == 60_175
    assert len({row[:2] for row in rows}) == 60_175


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_round_trips(connection, value):
    found, kind = connection.execute("SELECT ?, typeof(?)", [value, value]).fetchone()
    assert found == value, kind
    assert isinstance(found, type(value))
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        assert found.utcoffset() == value.utcoffset() or value.fold


def test_not_a_number(connection):
    assert math.isnan(connection.execute("SELECT ?", [math.nan]).fetchone()[0])


def test_instants_of_an_hour_that_comes_twice(connection):
    paris = ZoneInfo("Europe/Paris")
    for fold in (0, 1):
        value = dt.datetime(2020, 10, 25, 2, 30, tzinfo=paris, fold=fold)
        seconds = connection.execute("SELECT to_unixtime(?)", [value]).fetchone()[0]
        assert seconds == value.timestamp()


def test_json_as_asked(embedded):
    with lodestar.connect(embedded.url, user="alice", decode_json=True) as connection:
        assert connection.execute("""SELECT JSON '{"a":[1]}'""").fetchone() == ({"a": [1]},)


def test_values_of_the_wire(connection):
    cursor = connection.cursor(wire_values=True).execute("SELECT DECIMAL '1.20', DATE '2001-01-01', nan()")
    assert cursor.fetchall() == [("1.20", "2001-01-01", "NaN")]


def test_statements_without_rows(connection, schema):
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.t AS SELECT * FROM nation")
    assert (cursor.rowcount, cursor.update_type, cursor.update_count, cursor.description) == (
        25,
        "CREATE TABLE",
        25,
        None,
    )
    with pytest.raises(lodestar.ProgrammingError, match="no rows"):
        cursor.fetchall()
    cursor.execute(f"DROP TABLE {schema}.t")
    assert (cursor.rowcount, cursor.update_type, cursor.description) == (-1, "DROP TABLE", None)


def test_many_rows(connection, schema):
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {schema}.t (a bigint, b varchar, c decimal(10,2))")
    rows = [(number, f"it's {number}", Decimal(number) / 4) for number in range(1500)]
    cursor.executemany(f"INSERT INTO {schema}.t (a, b, c) VALUES (?, ?, ?)", rows)
    assert cursor.rowcount == 1500
    assert sorted(connection.execute(f"SELECT * FROM {schema}.t").fetchall()) == rows
    cursor.executemany(f"INSERT INTO {schema}.t SELECT CAST(? AS bigint), ?, NULL", [(1, "x"), (2, "y")])
    assert cursor.rowcount == 2
    cursor.executemany(f"INSERT INTO {schema}.t VALUES (?, ?, ?)", [])
    assert cursor.rowcount == 0


def test_errors(connection):
    with pytest.raises(lodestar.ProgrammingError) as caught:
        connection.execute("SELECT nope\nFROM nation")
    fault = caught.value
    assert (fault.error_name, fault.error_code, fault.line, fault.column) == ("COLUMN_NOT_FOUND", 47, 1, 8)
    assert fault.query_id is not None
    with pytest.raises(lodestar.DataError):
        connection.execute("SELECT 1 / (nationkey - nationkey) FROM nation").fetchall()


def test_the_session_follows_the_server(connection):
    connection.execute("USE tpch.sf1")
    connection.execute("SET SESSION query_max_run_time = '5m'")
    connection.execute("SET TIME ZONE 'Asia/Tokyo'")
    connection.execute("PREPARE p FROM SELECT ? + 1")
    assert connection.session.schema == "sf1"
    assert connection.execute("SELECT current_schema, current_timezone()").fetchone() == ("sf1", "Asia/Tokyo")
    assert connection.execute("EXECUTE p USING 5").fetchone() == (6,)
    connection.execute("DEALLOCATE PREPARE p")
    connection.execute("RESET SESSION query_max_run_time")
    assert (connection.session.prepared, "query_max_run_time" in connection.session.properties) == ({}, False)


def test_transactions(connection):
    assert (connection.autocommit, connection.isolation_level) == (True, "AUTOCOMMIT")
    connection.isolation_level = "read committed"
    assert not connection.in_transaction
    connection.execute("SELECT 1").fetchall()
    assert connection.in_transaction
    with pytest.raises(lodestar.InterfaceError):
        connection.autocommit = True
    connection.commit()
    assert not connection.in_transaction
    connection.commit()
    connection.execute("SELECT 1").fetchall()
    with pytest.raises(lodestar.ProgrammingError):
        connection.execute("SELECT nope")
    connection.rollback()
    connection.execute("SELECT 1").fetchall()
    connection.rollback()
    connection.autocommit = True
    connection.execute("SELECT 1").fetchall()
    assert not connection.in_transaction


LONG = (
    "SELECT count(*) FROM lineitem a CROSS JOIN lineitem b CROSS JOIN orders c WHERE a.tax + b.tax + c.totalprice < 0"
)


def test_cancelling_from_another_thread(connection):
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
        thread.join(0.01)
    cursor.cancel()
    thread.join(10)
    assert [type(fault) for fault in faults] == [lodestar.OperationalError]
    assert faults[0].error_name == "USER_CANCELED"


def test_a_cursor_that_is_closed_cancels_its_query(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM lineitem")
    query_id = cursor.query_id
    cursor.close()
    cursor.close()
    with pytest.raises(lodestar.InterfaceError):
        cursor.fetchone()
    state = "SELECT state, error_code FROM system.runtime.queries WHERE query_id = ?"
    assert connection.execute(state, [query_id]).fetchone() == ("FAILED", "USER_CANCELED")


def test_a_cursor_that_is_forgotten_cancels_its_query_later(connection):
    query_id = connection.execute("SELECT * FROM lineitem").query_id
    state = "SELECT state, error_code FROM system.runtime.queries WHERE query_id = ?"
    assert connection.execute(state, [query_id]).fetchone() == ("FAILED", "USER_CANCELED")


def test_a_statement_ends_the_one_before(connection):
    cursor = connection.cursor()
    first = cursor.execute("SELECT * FROM lineitem").query_id
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    state = "SELECT state FROM system.runtime.queries WHERE query_id = ?"
    assert connection.execute(state, [first]).fetchone() == ("FAILED",)


def test_cursors_side_by_side(connection):
    one, other = connection.cursor(), connection.cursor()
    one.execute("SELECT orderkey FROM lineitem")
    other.execute("SELECT orderkey FROM orders")
    assert (len(one.fetchall()), len(other.fetchall())) == (60_175, 15_000)


def test_threads_share_a_connection(connection):
    found = []

    def work(number):
        cursor = connection.cursor()
        for _ in range(10):
            found.append(cursor.execute("SELECT ?", [number]).fetchone() == (number,))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 40


def test_a_closed_connection(embedded):
    connection = lodestar.connect(embedded.url, user="alice")
    cursor = connection.cursor()
    connection.close()
    connection.close()
    for action in (connection.cursor, connection.commit, connection.rollback, lambda: cursor.execute("SELECT 1")):
        with pytest.raises(lodestar.InterfaceError):
            action()


def test_nothing_executed_yet(connection):
    cursor = connection.cursor()
    assert (cursor.description, cursor.query_id, cursor.stats, cursor.rowcount) == (None, None, {}, -1)
    with pytest.raises(lodestar.InterfaceError):
        cursor.fetchone()
    with pytest.raises(lodestar.NotSupportedError):
        cursor.callproc("x")
    cursor.setinputsizes([1])
    cursor.setoutputsize(1)


def test_no_socket_is_left(embedded):
    with lodestar.connect(embedded.url, user="alice", catalog="tpch", schema="tiny") as connection:
        connection.execute("SELECT * FROM lineitem").fetchone()
    del connection
    # Warnings are errors here: a socket that nobody closed would be one.
    gc.collect()
