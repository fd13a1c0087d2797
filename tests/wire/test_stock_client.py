"""The stock Python client against the server, unmodified."""

import pytest

trino = pytest.importorskip("trino", reason="the stock client is not installed")


@pytest.fixture
def cursor(served):
    connection = trino.dbapi.connect(
        host="127.0.0.1", port=served.port, user="alice", source="test", catalog="c", schema="s"
    )
    yield connection.cursor()
    connection.close()


def test_rows_and_description(cursor):
    cursor.execute("SELECT 25000 ROWS OF 100")
    rows = cursor.fetchall()
    assert [row[0] for row in rows] == list(range(25_000))
    assert [(column.name, column.type_code) for column in cursor.description] == [("n", "integer"), ("t", "varchar")]


def test_counts(cursor):
    cursor.execute("INSERT")
    assert (cursor.fetchall(), cursor.update_type, cursor.rowcount) == ([[3]], "INSERT", 3)
    cursor.execute("CREATE TABLE t")
    assert (cursor.fetchall(), cursor.update_type, cursor.description) == ([], "CREATE TABLE", None)


@pytest.mark.parametrize(
    ("sql", "kind", "name"),
    [
        ("SELEC", "TrinoUserError", "SYNTAX_ERROR"),
        ("FAIL TABLE_NOT_FOUND AT 1:15 nope", "TrinoUserError", "TABLE_NOT_FOUND"),
        ("SELECT BROKEN", "TrinoUserError", "DIVISION_BY_ZERO"),
        ("CRASH", "TrinoQueryError", "GENERIC_INTERNAL_ERROR"),
    ],
)
def test_errors(cursor, sql, kind, name):
    with pytest.raises(getattr(trino.exceptions, kind)) as caught:
        cursor.execute(sql)
        cursor.fetchall()
    assert caught.value.error_name == name


def test_cancel(served, cursor):
    import threading

    threading.Timer(0.2, cursor.cancel).start()
    with pytest.raises(trino.exceptions.TrinoUserError) as caught:
        cursor.execute("SELECT SLOW")
        cursor.fetchall()
    assert caught.value.error_name == "USER_CANCELED"
    assert served.query(cursor.query_id).error.code.name == "USER_CANCELED"


def test_session_changes_stay(served, cursor):
    cursor.execute("SET SESSION query_priority = 7")
    cursor.fetchall()
    cursor.execute("SELECT 1")
    cursor.fetchall()
    assert served.query(cursor.query_id).session.system_properties["query_priority"] == "7"


def test_an_empty_result(cursor):
    cursor.execute("SELECT NOTHING")
    assert cursor.fetchall() == []
    assert [column.name for column in cursor.description] == ["_col0"]
