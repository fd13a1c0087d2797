"""TABLE(system.table_changes(…)) and system.iceberg_tables."""

from __future__ import annotations

import pytest
from tests.fakes.sink import LocalEngine

from lodestar_server.spi.errors import LodestarError


def snapshots(engine: LocalEngine, name: str = "t") -> list[int]:
    found = engine.run(f'SELECT snapshot_id FROM "{name}$snapshots" ORDER BY committed_at').rows
    return [int(one[1:-1]) for one in found]


def call(start: object, end: object, table: object = "'t'", schema: object = "'default'") -> str:
    return f"TABLE(ice.system.table_changes({schema}, {table}, {start}, {end}))"


def rows(engine: LocalEngine, sql: str) -> list[str]:
    return list(engine.run(sql).rows)


def refused(engine: LocalEngine, sql: str) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        engine.run(sql)
    return caught.value.code.name, caught.value.message


@pytest.fixture
def table(engine: LocalEngine) -> LocalEngine:
    """t: partitions 1, then 2 and 3, then with a new column 4, then without 1."""
    engine.run("CREATE TABLE t (a integer, b varchar) WITH (partitioning = ARRAY['a'])")
    engine.run("INSERT INTO t VALUES (1, 'x')")
    engine.run("INSERT INTO t VALUES (2, 'y'), (3, NULL)")
    engine.run("ALTER TABLE t ADD COLUMN e double")
    engine.run("INSERT INTO t VALUES (4, 'w', 1.5e0)")
    engine.run("DELETE FROM t WHERE a = 1")
    return engine


def test_files_come_and_go(table: LocalEngine) -> None:
    made, one, two, three, four = snapshots(table)
    sql = "SELECT a, b, e, _change_type, _change_version_id, _change_ordinal FROM {} ORDER BY _change_ordinal, a"
    assert rows(table, sql.format(call(made, four))) == [
        f'[1,"x",null,"insert",{one},0]',
        f'[2,"y",null,"insert",{two},1]',
        f'[3,null,null,"insert",{two},1]',
        f'[4,"w",1.5,"insert",{three},2]',
        f'[1,"x",null,"delete",{four},3]',
    ]
    assert rows(table, sql.format(call(two, three))) == [f'[4,"w",1.5,"insert",{three},0]']
    kept = f"SELECT a FROM {call(made, four)} x WHERE x.a < 3 AND _change_type = 'insert' ORDER BY a"
    assert rows(table, kept) == ["[1]", "[2]"]
    assert rows(table, f"SELECT count(*) FROM {call(made, four)}") == ["[5]"]
    committed = rows(table, f'SELECT committed_at FROM "t$snapshots" WHERE snapshot_id = {one}')
    assert rows(table, f"SELECT _change_timestamp FROM {call(made, one)}") == committed


def test_columns_are_those_of_the_last_snapshot(table: LocalEngine) -> None:
    made, one, *_ = snapshots(table)
    result = table.run(f"SELECT * FROM {call(made, one)}")
    shown = ["a", "b", "_change_type", "_change_version_id", "_change_timestamp", "_change_ordinal"]
    assert [column.name for column in result.columns] == shown
    assert [column.type.display for column in result.columns][2:] == [
        "varchar",
        "bigint",
        "timestamp(3) with time zone",
        "integer",
    ]


def test_a_column_of_the_same_name_is_another(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE w (a integer, _change_type varchar)")
    engine.run("INSERT INTO w VALUES (1, 'mine')")
    start, end = snapshots(engine, "w")
    sql = f"SELECT * FROM {call(start, end, chr(39) + 'w' + chr(39))}"
    assert rows(engine, sql)[0].startswith('[1,"mine","insert",')
    assert refused(engine, sql.replace("*", "_change_type"))[0] == "AMBIGUOUS_NAME"


def test_rewriting_changes_nothing(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t (a integer)")
    engine.run("INSERT INTO t VALUES 1")
    engine.run("INSERT INTO t VALUES 2")
    engine.run("ALTER TABLE t EXECUTE optimize")
    engine.run("INSERT INTO t VALUES 3")
    made, *_, last = snapshots(engine)
    sql = f"SELECT a, _change_type, _change_ordinal FROM {call(made, last)} ORDER BY a"
    assert rows(engine, sql) == ['[1,"insert",0]', '[2,"insert",1]', '[3,"insert",2]']


def test_delete_files_are_refused(table: LocalEngine) -> None:
    table.run("INSERT INTO t VALUES (2, 'z', NULL)")
    table.run("DELETE FROM t WHERE b = 'z'")
    table.run("DELETE FROM t WHERE b = 'y'")
    made, *_, last = snapshots(table)
    assert refused(table, f"SELECT * FROM {call(made, last)}") == (
        "NOT_SUPPORTED",
        "Table uses features which are not yet supported by the table_changes function",
    )


def test_refusals(table: LocalEngine) -> None:
    made, one, *_ = snapshots(table)
    table.run("CREATE VIEW v AS SELECT 1 x")
    invalid = "INVALID_FUNCTION_ARGUMENT"
    order = "Starting snapshot (exclusive) {} is not a parent ancestor of end snapshot {}"
    for arguments, code, message in (
        (
            (made, made),
            invalid,
            order.format(made, made),
        ),
        ((one, made), invalid, order.format(one, made)),
        ((1, made), invalid, "Snapshot not found in Iceberg table history: 1"),
        ((made, 1), invalid, "Snapshot not found in Iceberg table history: 1"),
        ((1, 2, "'nope'"), "NOT_FOUND", "Table 'default.nope' not found"),
        ((1, 2, "'NOPE'", "'X'"), "NOT_FOUND", "Table 'x.nope' not found"),
        ((1, 2, "'v'"), "NOT_FOUND", "Table 'default.v' not found"),
        ((1, 2, "'t'", "NULL"), invalid, "SCHEMA_NAME argument not found"),
        ((1, 2, "NULL"), invalid, "TABLE_NAME argument not found"),
        (("NULL", 2), invalid, "table_changes arguments may not be null"),
        ((1, "'2'"), "TYPE_MISMATCH", "Cannot cast type varchar(1) to bigint"),
        ((1, 2, 3), "TYPE_MISMATCH", "Cannot cast type integer to varchar"),
    ):
        assert refused(table, f"SELECT * FROM {call(*arguments)}") == (code, message), arguments
    assert refused(table, "SELECT * FROM TABLE(ice.other.table_changes('s', 't', 1, 2))") == (
        "FUNCTION_NOT_FOUND",
        "Table function 'ice.other.table_changes' not registered",
    )
    assert refused(table, "SELECT * FROM TABLE(ice.system.table_changes('s', 't', 1))") == (
        "MISSING_ARGUMENT",
        "Missing argument: END_SNAPSHOT_ID",
    )


def test_a_partial_name_is_of_the_sessions_catalog(table: LocalEngine) -> None:
    made, one, *_ = snapshots(table)
    named = f"table_name => 't', schema_name => 'default', end_snapshot_id => {one}, start_snapshot_id => {made}"
    assert rows(table, f"SELECT a FROM TABLE(system.table_changes({named}))") == ["[1]"]


def test_iceberg_tables(table: LocalEngine) -> None:
    table.run("CREATE VIEW v AS SELECT 1 x")
    table.run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    table.run("CREATE SCHEMA another")
    table.run("CREATE TABLE another.u (a integer)")
    assert sorted(rows(table, "SELECT * FROM ice.system.iceberg_tables")) == ['["another","u"]', '["default","t"]']
    chosen = "SELECT table_name FROM ice.system.iceberg_tables WHERE table_schema = 'another'"
    assert rows(table, chosen) == ['["u"]']


def test_the_schema_system_is_listed(engine: LocalEngine) -> None:
    assert '["system"]' in rows(engine, "SHOW SCHEMAS FROM ice")
    assert rows(engine, "SHOW TABLES FROM ice.system") == ['["iceberg_tables"]']
    assert rows(engine, "DESCRIBE ice.system.iceberg_tables") == [
        '["table_schema","varchar","",""]',
        '["table_name","varchar","",""]',
    ]
    sql = "SELECT table_name, column_name FROM ice.information_schema.columns WHERE table_schema = 'system'"
    assert sorted(rows(engine, sql)) == ['["iceberg_tables","table_name"]', '["iceberg_tables","table_schema"]']
    assert refused(engine, "CREATE SCHEMA ice.system") == (
        "SCHEMA_ALREADY_EXISTS",
        "Schema 'ice.system' already exists",
    )
    assert refused(engine, "DROP SCHEMA ice.system") == (
        "SCHEMA_NOT_EMPTY",
        "Cannot drop non-empty schema 'system'",
    )
    assert refused(engine, "CREATE TABLE ice.system.t (a integer)") == ("NOT_FOUND", "Schema system not found")


def test_explained_as_a_function(table: LocalEngine) -> None:
    first, *_, last = snapshots(table)
    sql = f"SELECT a, _change_type FROM {call(first, last)} WHERE a > 1"
    plan = "".join(rows(table, f"EXPLAIN {sql}"))
    assert "TableFunctionProcessor[name = table_changes, properOutputs = [a_1, _change_type_4]]" in plan
    assert "TableScan" not in plan and "t$data" not in plan
    described = "".join(rows(table, f"EXPLAIN (TYPE IO) {sql}"))
    assert 'inputTableColumnInfos\\" : [ ]' in described and '"maxMemory\\" : \\"NaN' in described.replace("\\n", "")
