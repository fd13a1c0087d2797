import datetime as dt
from decimal import Decimal

import pytest

from lodestar import ProgrammingError
from lodestar.parameters import execute_immediate, find_insert_template, insert_batches


def test_execute_immediate():
    assert execute_immediate("SELECT ? || 'x'", [1]) == "EXECUTE IMMEDIATE 'SELECT ? || ''x''' USING 1"


@pytest.mark.parametrize("parameters", ["ab", b"ab", {"a": 1}, 5])
def test_what_are_no_parameters(parameters):
    with pytest.raises(ProgrammingError):
        execute_immediate("SELECT ?", parameters)


@pytest.mark.parametrize(
    ("text", "prefix", "pieces"),
    [
        ("INSERT INTO t VALUES (?, 1, ?)", "INSERT INTO t VALUES ", ("(", ", 1, ", ")")),
        ("insert into c.s.t (a, b) values(?,lower(?))", "insert into c.s.t (a, b) values", ("(", ",lower(", "))")),
        ('INSERT INTO "values" VALUES (?)', 'INSERT INTO "values" VALUES ', ("(", ")")),
        ("INSERT INTO t VALUES ('?', ?) -- ?", "INSERT INTO t VALUES ", ("('?', ", ") -- ?")),
        ("INSERT INTO t /* ? */ VALUES (?)", "INSERT INTO t /* ? */ VALUES ", ("(", ")")),
    ],
)
def test_inserts_of_one_row(text, prefix, pieces):
    found = find_insert_template(text)
    assert (found.prefix, found.pieces) == (prefix, pieces)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (?), (?)",
        "INSERT INTO t SELECT ?",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t VALUES ?",
        "INSERT INTO t VALUES (?",
        "INSERT INTO t SELECT * FROM (VALUES (?))",
        "SELECT * FROM (VALUES (?))",
        "VALUES (?)",
        "DELETE FROM t WHERE a = (?)",
        "",
    ],
)
def test_everything_else(text):
    assert find_insert_template(text) is None


TEMPLATE = find_insert_template("INSERT INTO t VALUES (?)")


def batches(*values):
    return [text.removeprefix("INSERT INTO t VALUES ") for text, _ in insert_batches(TEMPLATE, [[v] for v in values])]


def test_rows_of_one_type_go_together():
    assert batches(1, None, 3) == ["(1), (NULL), (3)"]
    assert batches("a", "bbb") == ["('a'), ('bbb')"]
    assert batches(Decimal("1.5"), Decimal("100")) == ["(DECIMAL '1.5'), (DECIMAL '100')"]


def test_rows_whose_types_would_change_do_not():
    assert batches(1, 1.5) == ["(1)", "(DOUBLE '1.5')"]
    assert batches(1, 2**40, 2**40 + 1) == ["(1)", "(BIGINT '1099511627776'), (BIGINT '1099511627777')"]
    assert batches(dt.date(2001, 1, 1), dt.datetime(2001, 1, 1)) == [
        "(DATE '2001-01-01')",
        "(TIMESTAMP '2001-01-01 00:00:00.000000')",
    ]
    assert len(batches(dt.datetime(2001, 1, 1), dt.datetime(2001, 1, 1, tzinfo=dt.UTC))) == 2
    assert len(batches([1], [1.5])) == 2
    assert batches(True, 1) == ["(true)", "(1)"]


def test_decimals_whose_common_type_would_round_do_not():
    assert len(batches(Decimal("1" * 30), Decimal("0." + "1" * 30))) == 2
    assert len(batches(Decimal("1" * 30), Decimal("0." + "1" * 8))) == 1


def test_batches_have_a_size():
    counts = [count for _, count in insert_batches(TEMPLATE, [[n] for n in range(2500)])]
    assert counts == [1000, 1000, 500]
    texts = [text for text, _ in insert_batches(TEMPLATE, [["x" * 150_000]] * 5)]
    assert [len(text) > 400_000 for text in texts] == [False] * len(texts)
    assert len(texts) == 3


def test_wrong_numbers_of_values():
    with pytest.raises(ProgrammingError, match="expected 1 but found 2"):
        list(insert_batches(TEMPLATE, [[1, 2]]))
