"""Arrow from both forms of results: JSON rows of any server, Arrow segments of ours. They give the same table."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest

import lodestar
from tests.fakes.documents import column, signature

pa = pytest.importorskip("pyarrow")

from lodestar import arrow  # noqa: E402
from lodestar.protocol.documents import WireColumn  # noqa: E402

EXPRESSIONS = [
    "1",
    "BIGINT '5'",
    "true",
    "2e0",
    "nan()",
    "REAL '1.5'",
    "DECIMAL '1.20'",
    "'text'",
    "CAST('ab' AS char(4))",
    "X'00ff'",
    """JSON '{"a":1}'""",
    "DATE '2001-01-01'",
    "TIME '01:02:03.456'",
    "TIME '01:02:03.456789123'",
    "TIME '01:02:03.45678912301'",
    "TIME '01:02:03.5 +05:30'",
    "TIMESTAMP '2001-01-01 01:02:03'",
    "TIMESTAMP '2001-01-01 01:02:03.456789123'",
    "TIMESTAMP '2001-01-01 01:02:03.45678912301'",
    "TIMESTAMP '2001-01-01 01:02:03.4 Europe/Paris'",
    "TIMESTAMP '2001-01-01 01:02:03.4 -03:00'",
    "TIMESTAMP '2001-01-01 01:02:03.456789123 Europe/Paris'",
    "TIMESTAMP '2001-01-01 01:02:03.4567891234 Europe/Paris'",
    "INTERVAL '1' DAY",
    "INTERVAL '3' MONTH",
    "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'",
    "IPADDRESS '10.0.0.1'",
    "IPADDRESS '2001:db8::1'",
    "ARRAY[1, NULL, 3]",
    "ARRAY[ARRAY[CAST('a' AS char(2))], NULL]",
    "MAP(ARRAY['a', 'b'], ARRAY[DATE '2001-01-01', NULL])",
    "MAP(ARRAY[1, 2], ARRAY[ARRAY[true], ARRAY[]])",
    "ROW(1, TIMESTAMP '2001-01-01 00:00:00 UTC')",
    "CAST(ROW(1, 'x') AS ROW(a bigint, b varchar))",
    "ARRAY[ROW(1, UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59')]",
]


@pytest.fixture(scope="module")
def connection(embedded):
    with lodestar.connect(embedded.url, user="alice", catalog="tpch", schema="tiny", time_zone="UTC") as found:
        yield found


def both(connection, sql):
    json_rows = connection.cursor().execute(sql)
    segments = connection.cursor(arrow=True).execute(sql)
    assert (json_rows.statement.encoding, segments.statement.encoding) == (None, "arrow")
    return json_rows.fetch_arrow_table(), segments.fetch_arrow_table()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_both_ways_give_the_same(connection, expression):
    sql = f"SELECT IF(n = 2, NULL, {expression}) a FROM (VALUES 1, 2, 3) t(n)"
    of_json, of_arrow = both(connection, sql)
    assert of_json.schema == of_arrow.schema
    assert of_json.column(0).null_count == 1
    if expression == "nan()":
        assert str(of_json) == str(of_arrow)
    else:
        assert of_json == of_arrow


def test_many_rows_in_segments(connection):
    of_json, of_arrow = both(connection, "SELECT * FROM lineitem ORDER BY orderkey, linenumber")
    assert of_arrow.num_rows == 60_175
    assert of_json.combine_chunks() == of_arrow.combine_chunks()


def test_no_rows(connection):
    for table in both(connection, "SELECT * FROM nation WHERE false"):
        assert (table.num_rows, table.schema.names) == (0, ["nationkey", "name", "regionkey", "comment"])
        assert table.schema.field("name").metadata == {b"trino:type": b"varchar(25)"}


def test_statements_that_do_not_travel_in_segments(connection):
    cursor = connection.cursor(arrow=True).execute("SHOW SCHEMAS FROM tpch LIKE 'tiny'")
    assert cursor.statement.encoding is None or cursor.statement.encoding == "arrow"
    assert cursor.fetch_arrow_table().to_pydict() == {"Schema": ["tiny"]}


def test_names_that_come_twice(connection):
    for table in both(connection, "SELECT 1 a, 2 a"):
        assert table.schema.names == ["a", "a"]


def test_rows_of_a_cursor_for_arrow(connection):
    cursor = connection.cursor(arrow=True).execute("SELECT nationkey, name FROM nation ORDER BY 1")
    assert cursor.fetchone() == (0, "ALGERIA")
    assert cursor.fetchmany(2) == [(1, "ARGENTINA"), (2, "BRAZIL")]
    # The rest, as Arrow.
    assert cursor.fetch_arrow_table().column(0).to_pylist() == list(range(3, 25))


def test_rows_then_arrow(connection):
    cursor = connection.cursor().execute("SELECT nationkey FROM nation ORDER BY 1")
    cursor.fetchmany(20)
    assert cursor.fetch_arrow_table().column(0).to_pylist() == [20, 21, 22, 23, 24]
    assert cursor.fetchall() == []


def test_data_frames(connection):
    pytest.importorskip("pandas")
    frame = connection.cursor(arrow=True).execute("SELECT nationkey, name FROM nation ORDER BY 1").fetch_df()
    assert list(frame["name"][:2]) == ["ALGERIA", "ARGENTINA"]


def wire(name, *arguments):
    document = column("a", name, *arguments)
    return WireColumn("a", document["type"], document["typeSignature"])


@pytest.mark.parametrize(
    ("raw", "arguments", "value"),
    [
        ("date", (), "+10000-01-01"),
        ("timestamp", (9,), "3000-01-01 00:00:00.000000000"),
        ("timestamp", (3,), "-0001-01-01 00:00:00.000"),
    ],
)
def test_what_arrow_cannot_hold_is_an_error(raw, arguments, value):
    columns = [wire(raw, *arguments)]
    with pytest.raises(lodestar.DataError):
        arrow.batch_of_rows([[value]], columns, arrow.arrow_schema(columns))


def test_batches_are_not_trusted():
    columns = [wire("integer")]
    with pytest.raises(lodestar.DataError):
        arrow.batches_of_stream(b"no stream", columns, arrow.arrow_schema(columns))


def test_types():
    row = signature("row", ("x", signature("decimal", 10, 2)), (None, signature("timestamp", 3)))
    assert arrow.arrow_type(signature("array", row)) == pa.list_(
        pa.struct([("x", pa.decimal128(10, 2)), ("field1", pa.timestamp("us"))])
    )


def test_values_in_python(connection):
    table = both(connection, "SELECT DECIMAL '1.2' a, TIMESTAMP '2001-01-01 01:00:00 Europe/Paris' b, 1 = 2 c")[1]
    assert table.to_pylist() == [{"a": Decimal("1.2"), "b": dt.datetime(2001, 1, 1, tzinfo=dt.UTC), "c": False}]
    key = uuid.UUID(int=5)
    table = connection.cursor(arrow=True).execute("SELECT ? a", [key]).fetch_arrow_table()
    assert table.to_pylist() == [{"a": key}]
