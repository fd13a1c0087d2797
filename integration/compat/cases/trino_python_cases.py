"""The stock Python client by its own API. LODESTAR_COMPAT_URL is the server, which has tpch and memory."""

import os
import threading
import time
import uuid
from datetime import date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from trino.dbapi import Connection
from trino.exceptions import TrinoQueryError, TrinoUserError
from trino.transaction import IsolationLevel

HOST, PORT = os.environ["LODESTAR_COMPAT_URL"].split("://")[1].split(":")
SLOW = "SELECT count(*) FROM tpch.sf1000.lineitem a JOIN tpch.sf1000.lineitem b ON a.partkey = b.partkey"


def connect(**options):
    return Connection(**{"host": HOST, "port": int(PORT), "user": "tester", **options})


@pytest.fixture
def cursor():
    with connect() as connection:
        yield connection.cursor()


@pytest.fixture
def schema(cursor):
    """A schema of its own in memory."""
    name = "py_" + uuid.uuid4().hex[:8]
    cursor.execute(f"CREATE SCHEMA memory.{name}").fetchall()
    yield f"memory.{name}"
    cursor.execute(f"DROP SCHEMA memory.{name} CASCADE").fetchall()


def rows(cursor, sql, params=None):
    return cursor.execute(sql, params).fetchall()


BERLIN = ZoneInfo("Europe/Berlin")
PLUS = timezone(timedelta(hours=5, minutes=30))
VALUES = [
    ("NULL", None, "unknown"),
    ("true", True, "boolean"),
    ("TINYINT '-128'", -128, "tinyint"),
    ("SMALLINT '32767'", 32767, "smallint"),
    ("INTEGER '-2147483648'", -(2**31), "integer"),
    ("BIGINT '9223372036854775807'", 2**63 - 1, "bigint"),
    ("REAL '3.1'", 3.1, "real"),
    ("DOUBLE '1e-300'", 1e-300, "double"),
    ("infinity()", float("inf"), "double"),
    ("-infinity()", float("-inf"), "double"),
    ("DECIMAL '-123456789012345678901234567890.12345678'", Decimal("-123456789012345678901234567890.12345678"), None),
    ("DECIMAL '0.10'", Decimal("0.10"), "decimal(2, 2)"),
    ("'grüße 😀'", "grüße 😀", "varchar(7)"),
    ("CAST('x' AS VARCHAR)", "x", "varchar"),
    ("CAST('ab' AS CHAR(4))", "ab  ", "char(4)"),
    ("X'00ff10'", b"\x00\xff\x10", "varbinary"),
    ("DATE '1582-10-10'", date(1582, 10, 10), "date"),
    ("TIME '01:02:03.456'", clock(1, 2, 3, 456000), "time(3)"),
    ("TIME '23:59:59.999999'", clock(23, 59, 59, 999999), "time(6)"),
    ("TIME '10:11:12.5 +05:30'", clock(10, 11, 12, 500000, PLUS), "time(1) with time zone"),
    ("TIMESTAMP '2024-02-29 12:13:14.123456'", datetime(2024, 2, 29, 12, 13, 14, 123456), "timestamp(6)"),
    ("TIMESTAMP '2024-02-29 12:13:14.123456999999'", datetime(2024, 2, 29, 12, 13, 14, 123457), "timestamp(12)"),
    (
        "TIMESTAMP '2024-07-01 12:00:00.000 Europe/Berlin'",
        datetime(2024, 7, 1, 12, tzinfo=BERLIN),
        "timestamp(3) with time zone",
    ),
    (
        "TIMESTAMP '2024-07-01 12:00:00 +05:30'",
        datetime(2024, 7, 1, 12, tzinfo=PLUS),
        "timestamp(0) with time zone",
    ),
    ("INTERVAL '3' MONTH", relativedelta(months=3), "INTERVAL YEAR TO MONTH"),
    ("INTERVAL '1 02:03:04.567' DAY TO SECOND", timedelta(1, 7384, 567000), "INTERVAL DAY TO SECOND"),
    ("UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'", uuid.UUID("12151fd2-7586-11e9-8f9e-2a86e4085a59"), "uuid"),
    ("IPADDRESS '2001:db8::1'", "2001:db8::1", "ipaddress"),
    ("JSON '{\"a\": [1, null]}'", '{"a":[1,null]}', "json"),
    ("ARRAY[1, NULL, 3]", [1, None, 3], "array(integer)"),
    ("ARRAY[ARRAY['a'], ARRAY[]]", [["a"], []], "array(array(varchar(1)))"),
    (
        "MAP(ARRAY['k', 'l'], ARRAY[DATE '2024-01-01', NULL])",
        {"k": date(2024, 1, 1), "l": None},
        "map(varchar(1), date)",
    ),
    (
        "CAST(ROW(1, 'x', NULL) AS ROW(a INTEGER, b VARCHAR, c DOUBLE))",
        (1, "x", None),
        "row(a integer, b varchar, c double)",
    ),
    ("ROW(1, ARRAY[ROW('n')])", (1, [("n",)]), "row(integer, array(row(varchar(1))))"),
]


@pytest.mark.parametrize(("sql", "value", "type_text"), VALUES, ids=[value[0][:40] for value in VALUES])
def test_value_and_type(cursor, sql, value, type_text):
    assert rows(cursor, f"SELECT {sql} AS v") == [[value]]
    name, type_code, *_ = cursor.description[0]
    assert name == "v"
    if type_text is not None:
        assert type_code == type_text
    nothing = rows(cursor, f"SELECT v FROM (SELECT {sql} AS v) WHERE rand() > 2")
    assert nothing == []


def test_not_a_number(cursor):
    ((double, real),) = rows(cursor, "SELECT nan(), CAST(nan() AS REAL)")
    assert double != double and real != real


def test_legacy_primitive_types(schema):
    with connect(legacy_primitive_types=True) as connection:
        found = rows(connection.cursor(), "SELECT DATE '-0001-01-01', TIME '01:02:03', DECIMAL '1.50'")
    assert found == [["-0001-01-01", "01:02:03", "1.50"]]


def test_description_has_precision_and_scale(cursor):
    rows(cursor, "SELECT CAST(1 AS DECIMAL(20, 4)) d, CAST('a' AS VARCHAR(7)) v, CAST(NULL AS TIMESTAMP(9)) t")
    found = [(one.name, one.type_code, one.internal_size, one.precision, one.scale) for one in cursor.description]
    assert found == [
        ("d", "decimal(20, 4)", None, 20, 4),
        ("v", "varchar(7)", 7, None, None),
        ("t", "timestamp(9)", None, 9, None),
    ]


PARAMETERS = [
    None, True, False, 0, -1, 2**31, 2**63 - 1, 1.5, float("inf"), Decimal("12345678901234567890.12"), "it's 😀", "",
    b"\x00\xff", date(1, 1, 1), date(9999, 12, 31), clock(1, 2, 3, 4), clock(1, 2, 3, 456, PLUS),
    datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(2024, 7, 1, 12, 0, 0, 1, BERLIN),
    uuid.UUID(int=7), [1, 2, None], [["a"], []], {"a": 1, "b": None}, ("x", 1.0, [True]),
]  # fmt: skip


@pytest.mark.parametrize("legacy", [True, False, None])
def test_parameters_come_back(legacy):
    with connect(legacy_prepared_statements=legacy) as connection:
        cursor = connection.cursor()
        for value in PARAMETERS:
            assert rows(cursor, "SELECT ?", (value,)) == [[value]], value
        marks = ", ".join("?" * len(PARAMETERS))
        assert [tuple(found) for found in rows(cursor, f"SELECT {marks}", PARAMETERS)] == [tuple(PARAMETERS)]


@pytest.mark.parametrize("legacy", [True, False])
def test_wrong_number_of_parameters(legacy):
    with connect(legacy_prepared_statements=legacy) as connection, pytest.raises(TrinoUserError) as caught:
        rows(connection.cursor(), "SELECT ?, ?", (1,))
    assert caught.value.error_name == "INVALID_PARAMETER_USAGE"


def test_prepared_statement_of_the_session(cursor):
    rows(cursor, "PREPARE mine FROM SELECT name FROM tpch.tiny.nation WHERE nationkey = ? OR name = ?")
    assert rows(cursor, "EXECUTE mine USING 3, 'JAPAN'") == [["CANADA"], ["JAPAN"]]
    assert rows(cursor, "DESCRIBE INPUT mine") == [[0, "bigint"], [1, "varchar(25)"]]
    assert rows(cursor, "DESCRIBE OUTPUT mine")[0][:5] == ["name", "tpch", "tiny", "nation", "varchar(25)"]
    rows(cursor, "DEALLOCATE PREPARE mine")
    with pytest.raises(TrinoUserError, match="Prepared statement not found: mine"):
        rows(cursor, "EXECUTE mine USING 3, 'x'")


def test_describe(cursor):
    found = cursor.describe("SELECT 1 AS one, 'x' AS x")
    assert [(one.name, one.type, one.aliased) for one in found] == [("one", "integer", True), ("x", "varchar(1)", True)]


def test_insert_reports_rows(cursor, schema):
    rows(cursor, f"CREATE TABLE {schema}.t (a BIGINT, b VARCHAR)")
    assert cursor.update_type == "CREATE TABLE"
    rows(cursor, f"INSERT INTO {schema}.t VALUES (1, 'x'), (2, NULL)")
    assert (cursor.update_type, cursor.rowcount) == ("INSERT", 2)
    cursor.executemany(f"INSERT INTO {schema}.t VALUES (?, ?)", [(3, "y"), (4, "z"), (5, "it's")])
    assert rows(cursor, f"SELECT * FROM {schema}.t ORDER BY a") == [
        [1, "x"],
        [2, None],
        [3, "y"],
        [4, "z"],
        [5, "it's"],
    ]
    rows(cursor, f"CREATE TABLE {schema}.u AS SELECT * FROM tpch.tiny.nation")
    assert (cursor.update_type, cursor.rowcount) == ("CREATE TABLE", 25)
    rows(cursor, f"TRUNCATE TABLE {schema}.u")
    assert rows(cursor, f"SELECT count(*) FROM {schema}.u") == [[0]]


def test_several_pages(cursor):
    cursor.execute("SELECT orderkey, comment FROM tpch.tiny.lineitem")
    first = cursor.fetchone()
    some = cursor.fetchmany(1000)
    rest = cursor.fetchall()
    assert len(first) == 2 and len(some) == 1000
    assert 1 + 1000 + len(rest) == 60175
    assert cursor.fetchone() is None
    assert cursor.stats["state"] == "FINISHED" and cursor.stats["processedRows"] == 60175


def test_iteration_and_order(cursor):
    cursor.execute("SELECT n FROM UNNEST(sequence(1, 10000)) AS t (n) ORDER BY n DESC")
    assert [row[0] for row in cursor] == list(range(10000, 0, -1))


def test_wide_and_long_rows(cursor):
    columns = ", ".join(f"{number} AS c{number}" for number in range(500))
    assert rows(cursor, f"SELECT {columns}") == [list(range(500))]
    assert rows(cursor, "SELECT rpad('x', 3000000, 'ab')")[0][0] == "x" + ("ab" * 1500000)[:2999999]


def test_session_properties():
    with connect(session_properties={"query_max_run_time": "7m", "join_distribution_type": "BROADCAST"}) as connection:
        cursor = connection.cursor()
        found = {row[0]: row[1] for row in rows(cursor, "SHOW SESSION")}
        assert (found["query_max_run_time"], found["join_distribution_type"]) == ("7m", "BROADCAST")
        rows(cursor, "SET SESSION query_max_run_time = '9m'")
        rows(cursor, "RESET SESSION join_distribution_type")
        found = {row[0]: row[1] for row in rows(cursor, "SHOW SESSION")}
        assert (found["query_max_run_time"], found["join_distribution_type"]) == ("9m", "AUTOMATIC")


def test_wrong_session_property():
    connection = connect(session_properties={"no_such_property": "1"})
    with pytest.raises(TrinoQueryError) as caught:
        rows(connection.cursor(), "SELECT 1")
    assert caught.value.error_name == "INVALID_SESSION_PROPERTY"


def test_catalog_schema_and_use():
    with connect(catalog="tpch", schema="tiny") as connection:
        cursor = connection.cursor()
        assert rows(cursor, "SELECT count(*) FROM region") == [[5]]
        rows(cursor, "USE tpch.sf1")
        assert rows(cursor, "SELECT current_catalog, current_schema") == [["tpch", "sf1"]]
        assert rows(cursor, "SELECT count(*) FROM supplier") == [[10000]]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/Los_Angeles"])
def test_time_zone(zone):
    with connect(timezone=zone) as connection:
        assert rows(connection.cursor(), "SELECT current_timezone()") == [[zone]]


def test_time_zone_of_the_statement(cursor):
    rows(cursor, "SET TIME ZONE 'Asia/Tokyo'")
    assert rows(cursor, "SELECT current_timezone()") == [["Asia/Tokyo"]]


def test_roles():
    with connect(roles={"system": "ALL"}) as connection:
        assert rows(connection.cursor(), "SELECT 1") == [[1]]
    with connect(roles="NONE") as connection:
        assert rows(connection.cursor(), "SELECT 1") == [[1]]


def test_client_tags_and_source():
    with connect(client_tags=["a", "b"], source="lane") as connection:
        cursor = connection.cursor()
        assert rows(cursor, "SELECT 1") == [[1]]
        mine = cursor.query_id
        found = rows(
            cursor, f"SELECT state, \"user\", source, query FROM system.runtime.queries WHERE query_id = '{mine}'"
        )
        assert found == [["FINISHED", "tester", "lane", "SELECT 1"]]


def test_current_user_and_extra_credential():
    with connect(user="ünïcode user", extra_credential=[("token", "x=y,z")]) as connection:
        assert rows(connection.cursor(), "SELECT current_user") == [["ünïcode user"]]


def test_transaction_commits(schema):
    with connect(isolation_level=IsolationLevel.READ_UNCOMMITTED) as connection:
        cursor = connection.cursor()
        assert rows(cursor, "SELECT count(*) FROM tpch.tiny.nation") == [[25]]
        assert rows(cursor, "SELECT count(*) FROM tpch.tiny.region") == [[5]]
        connection.commit()
        assert rows(connection.cursor(), "SELECT 1") == [[1]]
        connection.rollback()


def test_transaction_by_statements(cursor):
    rows(cursor, "START TRANSACTION READ ONLY")
    assert cursor.update_type == "START TRANSACTION"


def test_failed_transaction_must_be_left():
    connection = connect(isolation_level=IsolationLevel.READ_COMMITTED)
    cursor = connection.cursor()
    with pytest.raises(TrinoUserError):
        rows(cursor, "SELECT * FROM tpch.tiny.nowhere")
    with pytest.raises(TrinoUserError) as caught:
        rows(cursor, "SELECT 1")
    assert caught.value.error_name == "TRANSACTION_ALREADY_ABORTED"
    connection.rollback()
    assert rows(cursor, "SELECT 1") == [[1]]
    connection.close()


ERRORS = [
    ("SELEC 1", "SYNTAX_ERROR", "USER_ERROR", 1, (1, 1)),
    ("SELECT\n  x FROM tpch.tiny.nation", "COLUMN_NOT_FOUND", "USER_ERROR", 47, (2, 3)),
    ("SELECT * FROM tpch.tiny.nope", "TABLE_NOT_FOUND", "USER_ERROR", 46, (1, 15)),
    ("SELECT * FROM nope.a.b", "CATALOG_NOT_FOUND", "USER_ERROR", 44, (1, 15)),
    ("SELECT nope(1)", "FUNCTION_NOT_FOUND", "USER_ERROR", 6, (1, 8)),
    ("SELECT 1 / x FROM (VALUES 0) AS t (x)", "DIVISION_BY_ZERO", "USER_ERROR", 8, None),
    ("SELECT CAST(x AS INTEGER) FROM (VALUES 'a') AS t (x)", "INVALID_CAST_ARGUMENT", "USER_ERROR", 9, None),
    ("SELECT 'a' + 1", "TYPE_MISMATCH", "USER_ERROR", 58, (1, 12)),
    ("SELECT x FROM (VALUES 1) t (x) GROUP BY 2 > 1", "EXPRESSION_NOT_AGGREGATE", "USER_ERROR", 73, (1, 8)),
]


@pytest.mark.parametrize(("sql", "name", "kind", "code", "place"), ERRORS, ids=[error[1] for error in ERRORS])
def test_error(cursor, sql, name, kind, code, place):
    with pytest.raises(TrinoUserError) as caught:
        rows(cursor, sql)
    error = caught.value
    assert (error.error_name, error.error_type) == (name, kind)
    assert error.query_id == cursor.query_id
    assert error.error_code == code
    if place is not None:
        assert error.error_location == place
        assert error.message.startswith(f"line {place[0]}:{place[1]}: ")


def test_cancel_of_a_running_query(cursor):
    cursor.execute("SELECT * FROM tpch.tiny.lineitem CROSS JOIN tpch.tiny.nation")
    cursor.fetchmany(10)
    query_id = cursor.query_id
    cursor.cancel()
    with connect() as other:
        assert state_at_last(other.cursor(), query_id) == "FAILED"


def state_at_last(cursor, query_id):
    for _ in range(100):
        ((state,),) = rows(cursor, f"SELECT state FROM system.runtime.queries WHERE query_id = '{query_id}'")
        if state in ("FAILED", "FINISHED"):
            return state
        time.sleep(0.1)
    return state


def test_kill_from_another_connection():
    with connect(source="victim-" + uuid.uuid4().hex[:6]) as connection, connect() as other:
        failures = []

        def run():
            try:
                rows(connection.cursor(), SLOW)
            except TrinoQueryError as error:
                failures.append((error.error_name, error.message))

        thread = threading.Thread(target=run)
        thread.start()
        watcher = other.cursor()
        source = connection._client_session.source
        find = f"SELECT query_id FROM system.runtime.queries WHERE source = '{source}' AND state = 'RUNNING'"
        found = []
        for _ in range(200):
            found = rows(watcher, find)
            if found:
                break
            time.sleep(0.05)
        ((query_id,),) = found
        rows(watcher, f"CALL system.runtime.kill_query(query_id => '{query_id}', message => 'enough')")
        thread.join(30)
        assert failures == [("ADMINISTRATIVELY_KILLED", "Query killed. Message: enough")]


def test_several_connections_at_once():
    answers = []

    def run(number):
        with connect() as connection:
            answers.append(rows(connection.cursor(), f"SELECT sum(n) FROM UNNEST(sequence(1, {number})) t (n)")[0][0])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [number * (number + 1) // 2 for number in range(1, 17)]


def test_warnings_and_info(cursor):
    rows(cursor, "SELECT 1")
    assert cursor.warnings == []
    assert cursor.query_id in cursor.info_uri
    assert cursor.query == "SELECT 1"


@pytest.mark.parametrize("encoding", [None, "json", "json+lz4", "json+zstd", ["json+zstd", "json"]])
def test_encodings_that_are_asked_for(encoding):
    with connect(encoding=encoding) as connection:
        assert len(rows(connection.cursor(), "SELECT * FROM tpch.tiny.orders")) == 15000


def test_metadata_statements(cursor, schema):
    rows(cursor, f"CREATE TABLE {schema}.t (a BIGINT COMMENT 'key', b ARRAY(VARCHAR)) COMMENT 'a table'")
    assert ["tpch"] in rows(cursor, "SHOW CATALOGS")
    assert rows(cursor, f"SHOW TABLES FROM {schema}") == [["t"]]
    assert rows(cursor, f"DESCRIBE {schema}.t") == [["a", "bigint", "", "key"], ["b", "array(varchar)", "", ""]]
    ((text,),) = rows(cursor, f"SHOW CREATE TABLE {schema}.t")
    assert text == f"CREATE TABLE {schema}.t (\n   a bigint COMMENT 'key',\n   b array(varchar)\n)\nCOMMENT 'a table'"
    rows(cursor, f"CREATE VIEW {schema}.v AS SELECT a FROM {schema}.t")
    assert rows(cursor, f"SHOW TABLES FROM {schema}") == [["t"], ["v"]]


def test_explain(cursor):
    ((text,),) = rows(cursor, "EXPLAIN SELECT name FROM tpch.tiny.nation WHERE nationkey = 1")
    assert "nationkey" in text and "tpch" in text
    ((valid,),) = rows(cursor, "EXPLAIN (TYPE VALIDATE) SELECT 1")
    assert valid is True
