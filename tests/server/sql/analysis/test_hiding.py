"""Row filters and column masks of a catalog's rules, as several users meet them. The words are Trino's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.iceberg import iceberg
from tests.fakes.sink import LocalEngine
from tests.fakes.users import Users

from lodestar_server.spi.errors import LodestarError

ALL = ["SELECT", "INSERT", "DELETE", "UPDATE", "OWNERSHIP", "GRANT_SELECT"]


def rule(user: str, table: str = "t", *, privileges: list[str] = ALL, **hidden: Any) -> dict[str, Any]:
    """`filter`, or masks by column; a mask of False is a column that may not be read."""
    made: dict[str, Any] = {"user": user, "table": table, "privileges": privileges}
    for key in ("filter", "filter_environment"):
        if key in hidden:
            made[key] = hidden.pop(key)
    made["columns"] = [
        {"name": column, "allow": False, "mask": "nope"} if mask is False else {"name": column, "mask": mask}
        for column, mask in hidden.items()
    ]
    return made


RULES = [
    rule("low", filter="a < 3"),
    rule("own", filter="a IN (SELECT a FROM o WHERE u = current_user)"),
    rule("correlated", filter="EXISTS (SELECT 1 FROM o WHERE o.a = t.a AND u = 'dora')"),
    rule("other", filter="a IN (SELECT a FROM t WHERE a > 1)", filter_environment={"user": "alice"}),
    rule("none", filter="NULL"),
    rule("path", filter="\"$path\" LIKE '%/t/%' AND a = 2"),
    rule("stars", b="'***'"),
    rule("swapped", b="upper(c)", c="b || c"),
    rule("small", a="CAST(7 AS tinyint)"),
    rule("closed", b=False),
    rule("both", filter="b = 'x'", b="'*'"),
    rule("reader", privileges=["SELECT"], filter="a < 3", b="'*'"),
    rule("viewer", "v", filter="a = 2", b="'seen'"),
    rule("circle", filter="a IN (SELECT a FROM t)"),
    rule("text", filter="$$$"),
    rule("unknown", filter="nope = 1"),
    rule("outer", filter="u = 'own'"),
    rule("upper", filter="upper(b) = 'X'"),
    rule("number", filter="1"),
    rule("aggregate", filter="count(*) > 0"),
    rule("secret", filter="a IN (SELECT a FROM hidden)"),
    rule("mask-circle", b="(SELECT max(b) FROM t)"),
    rule("mask-text", b="$$$"),
    rule("mask-unknown", b="nope"),
    rule("mask-number", b="1"),
    rule("mask-window", b="max(b) OVER ()"),
    {"user": "alice|dora", "privileges": ALL},
    {"table": "[otv]", "privileges": ALL},
]

FUNCTIONS = [
    {"user": "alice|low|stars", "schema": "system", "function": "table_changes", "privileges": ["EXECUTE"]},
    {"user": "dora", "privileges": ["EXECUTE", "GRANT_EXECUTE"]},
]


@pytest.fixture
def users(tmp_path: Path) -> Users:
    """alice owns `lake.s.t (a, b, c)`, which she sees as it is, and a view of it."""
    (tmp_path / "rules.json").write_text(json.dumps({"tables": RULES, "functions": FUNCTIONS}))
    engine = LocalEngine(tmp_path)
    security = {"iceberg.security": "FILE", "security.config-file": str(tmp_path / "rules.json")}
    (tmp_path / "lake").mkdir()
    engine.catalogs.add("lake", "iceberg", iceberg(tmp_path / "lake", schema="s", **security).connector)
    made = Users(engine)
    made.run("alice", "CREATE TABLE lake.s.t AS SELECT * FROM (VALUES (1,'x','p'), (2,'y','q'), (3,'z','r')) r (a,b,c)")
    made.run("alice", "CREATE TABLE lake.s.o AS SELECT * FROM (VALUES (1,'own'), (3,'own'), (2,'dora')) r (a, u)")
    made.run("alice", "CREATE TABLE lake.s.hidden AS SELECT 1 AS a")
    made.run("alice", "CREATE VIEW lake.s.v AS SELECT a, b FROM lake.s.t")
    return made


def fault(users: Users, user: str, sql: str) -> tuple[str, str, bool]:
    """Code, message, and whether it has a place."""
    with pytest.raises(LodestarError) as raised:
        users.run(user, sql)
    return raised.value.code.name, raised.value.message, raised.value.location is not None


@pytest.mark.parametrize(
    ("user", "rows"),
    [
        ("alice", ['[1,"x","p"]', '[2,"y","q"]', '[3,"z","r"]']),
        ("low", ['[1,"x","p"]', '[2,"y","q"]']),
        ("own", ['[1,"x","p"]', '[3,"z","r"]']),
        ("correlated", ['[2,"y","q"]']),
        ("other", ['[2,"y","q"]', '[3,"z","r"]']),
        ("none", []),
        ("path", ['[2,"y","q"]']),
        ("stars", ['[1,"***","p"]', '[2,"***","q"]', '[3,"***","r"]']),
        ("swapped", ['[1,"P","xp"]', '[2,"Q","yq"]', '[3,"R","zr"]']),
        ("small", ['[7,"x","p"]', '[7,"y","q"]', '[7,"z","r"]']),
        ("both", ['[1,"*","p"]']),
    ],
)
def test_what_each_user_sees(users: Users, user: str, rows: list[str]) -> None:
    assert sorted(users.run(user, "SELECT * FROM lake.s.t")) == rows


def test_masks_stand_before_columns_in_every_clause(users: Users) -> None:
    assert users.run("stars", "SELECT count(*) FROM lake.s.t WHERE b = '***'") == ["[3]"]
    assert users.run("stars", "SELECT x.b, count(*) FROM lake.s.t x JOIN lake.s.o USING (a) GROUP BY x.b") == [
        '["***",3]'
    ]
    assert users.run("swapped", "WITH q AS (TABLE lake.s.t) SELECT a FROM q WHERE c = 'yq'") == ["[2]"]


def test_a_column_that_may_not_be_read_has_no_mask(users: Users) -> None:
    assert users.run("closed", "SELECT max(a) FROM lake.s.t") == ["[3]"]
    assert users.refusal("closed", "SELECT b FROM lake.s.t") == "Cannot select from table s.t"


def test_a_view_has_its_own_and_its_query_those_of_its_owner(users: Users) -> None:
    assert sorted(users.run("low", "SELECT * FROM lake.s.v")) == ['[1,"x"]', '[2,"y"]', '[3,"z"]']
    assert users.run("viewer", "SELECT * FROM lake.s.v") == ['[2,"seen"]']


@pytest.mark.parametrize(
    ("user", "code", "message"),
    [
        (
            "circle",
            "INVALID_ROW_FILTER",
            "Invalid row filter for 'lake.s.t': Row filter for 'lake.s.t' is recursive",
        ),
        (
            "text",
            "INVALID_ROW_FILTER",
            "Invalid row filter for 'lake.s.t': mismatched input '$'. Expecting: <expression>",
        ),
        ("unknown", "COLUMN_NOT_FOUND", "Invalid row filter for 'lake.s.t': Column 'nope' cannot be resolved"),
        ("number", "TYPE_MISMATCH", "Expected row filter for 'lake.s.t' to be of type BOOLEAN, but was integer"),
        (
            "aggregate",
            "EXPRESSION_NOT_SCALAR",
            "Row filter for 'lake.s.t' cannot contain aggregations, window functions or grouping operations:"
            " [count(*)]",
        ),
        (
            "mask-circle",
            "INVALID_COLUMN_MASK",
            "Invalid column mask for 'lake.s.t.b': Column mask for 'lake.s.t.b' is recursive",
        ),
        (
            "mask-text",
            "INVALID_COLUMN_MASK",
            "Invalid column mask for 'lake.s.t.b': mismatched input '$'. Expecting: <expression>",
        ),
        ("mask-unknown", "COLUMN_NOT_FOUND", "Invalid column mask for 'lake.s.t.b': Column 'nope' cannot be resolved"),
        (
            "mask-number",
            "TYPE_MISMATCH",
            "Expected column mask for 'lake.s.t.b' to be of type varchar, but was integer",
        ),
        (
            "mask-window",
            "EXPRESSION_NOT_SCALAR",
            "Column mask for 'lake.s.t.b' cannot contain aggregations, window functions or grouping operations:"
            " [max(b) OVER ()]",
        ),
    ],
)
def test_wrong_expressions(users: Users, user: str, code: str, message: str) -> None:
    assert fault(users, user, "SELECT * FROM lake.s.t") == (code, message, True)
    assert fault(users, user, "SELECT count(*) FROM lake.s.t")[:2] == (code, message)


def test_a_query_does_not_reach_into_filters(users: Users) -> None:
    named = "WITH o(a, u) AS (VALUES (2, 'own')) SELECT a FROM lake.s.t ORDER BY a"
    assert users.run("own", named) == ["[1]", "[3]"]
    function = "WITH FUNCTION upper(t varchar) RETURNS varchar RETURN 'X'"
    assert users.run("upper", f"{function} SELECT a, upper(b) FROM lake.s.t") == ['[1,"X"]']
    code, message, _ = fault(users, "outer", "SELECT (SELECT max(b) FROM lake.s.t WHERE t.a = o.a) FROM lake.s.o o")
    assert (code, message) == ("COLUMN_NOT_FOUND", "Invalid row filter for 'lake.s.t': Column 'u' cannot be resolved")
    assert users.run("low", "EXECUTE IMMEDIATE 'SELECT b FROM lake.s.t WHERE a >= ?' USING 2") == ['["y"]']


def test_tables_of_a_filter_are_read_with_its_users_rights(users: Users) -> None:
    assert users.refusal("secret", "SELECT a FROM lake.s.t") == "Cannot select from table s.hidden"


def test_rows_have_to_be_such_as_their_writer_sees(users: Users) -> None:
    refused = "Cannot insert row that does not match a row filter"
    for values in ("(5,'i','i')", "(NULL,'i','i')", "(1,'i','i'), (9,'i','i')"):
        assert users.refusal("low", f"INSERT INTO lake.s.t VALUES {values}") == refused
    assert users.refusal("low", "INSERT INTO lake.s.t (b) VALUES 'only'") == refused
    assert users.refusal("own", "INSERT INTO lake.s.t VALUES (2,'i','i')") == refused
    users.run("low", "INSERT INTO lake.s.t (c, a) VALUES ('i', 2)")
    users.run("own", "INSERT INTO lake.s.t VALUES (3,'i','i')")
    assert users.run("alice", "SELECT count(*) FROM lake.s.t") == ["[5]"]
    code, message, placed = fault(users, "unknown", "INSERT INTO lake.s.t VALUES (3,'i','i')")
    expected = "Invalid row filter for 'lake.s.t': Column 'nope' cannot be resolved"
    assert (code, message, placed) == ("COLUMN_NOT_FOUND", expected, False)
    assert fault(users, "unknown", "EXPLAIN INSERT INTO lake.s.t VALUES (3,'i','i')")[1] == expected


def test_only_rows_that_are_seen_are_deleted(users: Users) -> None:
    users.run("own", "DELETE FROM lake.s.t WHERE b <> 'x'")
    assert sorted(users.run("alice", "SELECT a FROM lake.s.t")) == ["[1]", "[2]"]
    users.run("low", "DELETE FROM lake.s.t")
    assert users.run("alice", "SELECT a FROM lake.s.t") == []


MERGE = "MERGE INTO lake.s.t t USING lake.s.o o ON t.a = o.a WHEN MATCHED THEN DELETE"


@pytest.mark.parametrize(
    ("user", "sql", "message"),
    [
        ("stars", "INSERT INTO lake.s.t VALUES (5,'i','i')", "Insert into table with column masks is not supported"),
        ("stars", "DELETE FROM lake.s.t", "Delete from table with column mask"),
        ("stars", "UPDATE lake.s.t SET a = 1", "Updating a table with column masks is not supported"),
        ("stars", MERGE, "Cannot merge into a table with column masks"),
        ("low", "UPDATE lake.s.t SET a = 1", "Updating a table with a row filter is not supported"),
        ("low", MERGE, "Cannot merge into a table with row filters"),
        (
            "low",
            "ALTER TABLE lake.s.t EXECUTE optimize",
            "ALTER TABLE EXECUTE is not supported for table with row filter",
        ),
        (
            "stars",
            "ALTER TABLE lake.s.t EXECUTE optimize",
            "ALTER TABLE EXECUTE is not supported for table with column masks",
        ),
    ],
)
def test_statements_that_need_the_table_as_it_is(users: Users, user: str, sql: str, message: str) -> None:
    assert fault(users, user, sql) == ("NOT_SUPPORTED", message, True)


def test_who_may_not_write_is_told_so_first(users: Users) -> None:
    assert users.refusal("reader", "INSERT INTO lake.s.t VALUES (5,'i','i')") == "Cannot insert into table s.t"
    assert users.refusal("reader", "DELETE FROM lake.s.t") == "Cannot delete from table s.t"
    assert users.refusal("reader", "UPDATE lake.s.t SET a = 1") == "Cannot update columns [a] in table s.t"
    assert users.refusal("reader", MERGE) == "Cannot delete from table s.t"


def test_table_functions_are_executed_by_whoever_may(users: Users) -> None:
    (first, *_) = users.run("alice", 'SELECT min_by(snapshot_id, committed_at) FROM lake.s."t$snapshots"')
    users.run("alice", "INSERT INTO lake.s.t VALUES (4, 'v', 's')")
    (last, *_) = users.run("alice", 'SELECT max_by(snapshot_id, committed_at) FROM lake.s."t$snapshots"')
    sql = f"SELECT a FROM TABLE(lake.system.table_changes('s', 't', {first[1:-1]}, {last[1:-1]}))"
    assert users.run("alice", sql) == ["[4]"]
    assert users.refusal("other", sql) == "Cannot execute function lake.system.table_changes"
    for user, what in (("low", "row filter"), ("stars", "column masks")):
        message = f"Table function 'system.table_changes' is not supported for table with {what}"
        assert fault(users, user, sql)[:2] == ("NOT_SUPPORTED", message)
    users.run("alice", f"CREATE VIEW lake.s.changes AS {sql}")
    users.run("dora", f"CREATE VIEW lake.s.open AS {sql}")
    assert users.run("alice", "TABLE lake.s.open") == ["[4]"]
    message = "Failed analyzing stored view 'lake.s.changes': Access Denied: Cannot execute function"
    assert fault(users, "dora", "TABLE lake.s.changes")[1] == f"{message} lake.system.table_changes"


def test_rows_have_no_other_name(users: Users) -> None:
    for sql in ('TABLE lake.s."t$data"', 'DELETE FROM lake.s."t$data"', 'INSERT INTO lake.s."t$data" VALUES (1,2,3)'):
        assert fault(users, "alice", sql)[:2] == ("TABLE_NOT_FOUND", "Table 'lake.s.\"t$data\"' does not exist")
    message = "Table 's.t$materialized_view_storage' not found"
    assert fault(users, "alice", 'TABLE lake.s."t$materialized_view_storage"')[:2] == ("NOT_FOUND", message)


def inputs(users: Users, user: str, sql: str) -> list[tuple[str, list[str]]]:
    """Tables of EXPLAIN (TYPE IO), with the columns that something is known of."""
    ((row),) = users.run(user, f"EXPLAIN (TYPE IO) {sql}")
    (text,) = json.loads(row)
    found = json.loads(text)["inputTableColumnInfos"]
    return [
        (
            one["table"]["schemaTable"]["table"],
            [known["columnName"] for known in one["constraint"]["columnConstraints"]],
        )
        for one in found
    ]


def test_what_is_read_is_explained(users: Users) -> None:
    assert inputs(users, "alice", "SELECT * FROM lake.s.t WHERE b = 'x'") == [("t", ["b"])]
    assert inputs(users, "stars", "SELECT * FROM lake.s.t WHERE a = 2 AND b = '***'") == [("t", ["a"])]
    assert inputs(users, "low", "SELECT * FROM lake.s.t WHERE b = 'x'") == [("t", ["a", "b"])]
    assert inputs(users, "viewer", "SELECT * FROM lake.s.v WHERE b = 'x'") == [("t", ["a"])]
    assert inputs(users, "own", "SELECT * FROM lake.s.t") == [("t", []), ("o", ["u"])]
    assert inputs(users, "own", "INSERT INTO lake.s.t (a) VALUES 1") == [("o", ["u"])]
    assert inputs(users, "alice", "INSERT INTO lake.s.t (a) VALUES 1") == []


def test_figures_are_those_of_what_is_seen(users: Users) -> None:
    *columns, whole = users.run("stars", "SHOW STATS FOR lake.s.t")
    assert json.loads(columns[1])[2] == 1.0
    assert json.loads(whole)[4] == 3.0
    code, message, placed = fault(users, "unknown", "SHOW STATS FOR lake.s.t")
    assert (code, placed) == ("COLUMN_NOT_FOUND", False)
    assert message == "Invalid row filter for 'lake.s.t': Column 'nope' cannot be resolved"
