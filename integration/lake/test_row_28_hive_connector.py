"""Row 28: properties, procedures, hidden columns, ANALYZE and views over a real metastore."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.lake.metastores import Session, catalog, metastore
from integration.toolbox.lodestar import Lodestar


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with metastore() as hive:
        settings = {
            "hive_allow__register__partition__procedure": "true",
            "hive_non__managed__table__writes__enabled": "true",
        }
        with Lodestar({"hive": catalog(hive.uri, hive.warehouse, **settings)}) as server:
            made = Session(server)
            made.rows("CREATE SCHEMA hive.row28")
            yield made


def test_table_properties_survive(session: Session) -> None:
    session.rows(
        "CREATE TABLE hive.row28.many (a bigint, b varchar, k varchar) WITH (format = 'ORC', bucketed_by = ARRAY['a'],"
        " bucket_count = 4, sorted_by = ARRAY['b DESC'], partitioned_by = ARRAY['k'],"
        " orc_bloom_filter_columns = ARRAY['a'], auto_purge = true)"
    )
    shown = str(session.value("SHOW CREATE TABLE hive.row28.many"))
    for line in (
        "format = 'ORC'",
        "bucketed_by = ARRAY['a']",
        "bucket_count = 4",
        "sorted_by = ARRAY['b DESC']",
        "partitioned_by = ARRAY['k']",
        "orc_bloom_filter_columns = ARRAY['a']",
        "auto_purge = true",
    ):
        assert line in shown, line
    session.rows(
        "CREATE TABLE hive.row28.lines (a varchar, b varchar) WITH (format = 'CSV', csv_separator = ';',"
        " skip_header_line_count = 1)"
    )
    shown = str(session.value("SHOW CREATE TABLE hive.row28.lines"))
    assert "csv_separator = ';'" in shown
    assert "skip_header_line_count = 1" in shown
    assert session.rows('SELECT "skip.header.line.count" FROM hive.row28."lines$properties"') == [["1"]]


def test_an_external_table_keeps_its_files(session: Session) -> None:
    session.rows("CREATE TABLE hive.row28.source AS SELECT 7 AS a")
    path = str(session.value('SELECT "$path" FROM hive.row28.source'))
    place = path.rpartition("/")[0]
    session.rows(f"CREATE TABLE hive.row28.outside (a integer) WITH (external_location = '{place}')")
    assert session.rows("TABLE hive.row28.outside") == [[7]]
    assert "external_location" in str(session.value("SHOW CREATE TABLE hive.row28.outside"))
    session.rows("DROP TABLE hive.row28.outside")
    assert session.rows("TABLE hive.row28.source") == [[7]]


def test_hidden_columns(session: Session) -> None:
    session.rows("CREATE TABLE hive.row28.hidden WITH (partitioned_by = ARRAY['k']) AS SELECT 1 AS a, 'x' AS k")
    ((partition, path, size),) = session.rows('SELECT "$partition", "$path", "$file_size" FROM hive.row28.hidden')
    assert partition == "k=x"
    assert "/row28.db/hidden/k=x/" in str(path)
    assert int(size) > 0


def test_partitions_by_hand(session: Session) -> None:
    table = "schema_name => 'row28', table_name => 'by_hand'"
    session.rows("CREATE TABLE hive.row28.by_hand (a integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
    session.rows("INSERT INTO hive.row28.by_hand VALUES (1, 'x'), (2, 'y')")
    part = "partition_columns => ARRAY['k'], partition_values => ARRAY['x']"
    session.rows(f"CALL hive.system.unregister_partition({table}, {part})")
    assert session.rows("SELECT a FROM hive.row28.by_hand") == [[2]]
    session.rows(f"CALL hive.system.register_partition({table}, {part})")
    assert session.rows("SELECT a FROM hive.row28.by_hand ORDER BY a") == [[1], [2]]
    session.rows(f"CALL hive.system.unregister_partition({table}, {part})")
    session.rows(f"CALL hive.system.sync_partition_metadata({table}, mode => 'ADD')")
    assert session.rows("SELECT a FROM hive.row28.by_hand ORDER BY a") == [[1], [2]]
    empty = "partition_columns => ARRAY['k'], partition_values => ARRAY['empty']"
    session.rows(f"CALL hive.system.create_empty_partition({table}, {empty})")
    assert ["empty"] in session.rows('TABLE hive.row28."by_hand$partitions"')
    assert session.error(f"CALL hive.system.create_empty_partition({table}, {empty})")[0] == "ALREADY_EXISTS"


def test_figures_come_and_go(session: Session) -> None:
    session.rows("CREATE TABLE hive.row28.figures (a integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
    session.rows("INSERT INTO hive.row28.figures VALUES (1, 'x'), (9, 'y')")
    session.rows("CALL hive.system.drop_stats(schema_name => 'row28', table_name => 'figures')")
    assert bounds(session) == [None, None]
    session.rows("ANALYZE hive.row28.figures WITH (partitions = ARRAY[ARRAY['y']])")
    assert bounds(session) == ["9", "9"]
    session.rows("ANALYZE hive.row28.figures")
    assert bounds(session) == ["1", "9"]


def bounds(session: Session) -> list[object]:
    """Least and greatest value of the column a."""
    return next(row[-2:] for row in session.rows("SHOW STATS FOR hive.row28.figures") if row[0] == "a")


def test_views(session: Session) -> None:
    session.rows("CREATE VIEW hive.row28.v COMMENT 'seen' AS SELECT 1 AS one")
    assert session.rows("TABLE hive.row28.v") == [[1]]
    session.rows("ALTER VIEW hive.row28.v RENAME TO hive.row28.w")
    session.rows("COMMENT ON COLUMN hive.row28.w.one IS 'first'")
    assert session.rows("DESCRIBE hive.row28.w") == [["one", "integer", "", "first"]]
    session.rows("DROP VIEW hive.row28.w")
    assert session.error("TABLE hive.row28.w")[0] == "TABLE_NOT_FOUND"


def test_writes_over_what_is_there(session: Session) -> None:
    session.rows("CREATE TABLE hive.row28.over (a integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
    session.rows("INSERT INTO hive.row28.over VALUES (1, 'x'), (2, 'y')")
    session.rows("CALL hive.system.drop_stats(schema_name => 'row28', table_name => 'over')")
    session.rows("INSERT INTO hive.row28.over VALUES (3, 'x')")
    assert session.rows("SELECT a FROM hive.row28.over ORDER BY a") == [[1], [2], [3]]
    session.rows("DELETE FROM hive.row28.over WHERE k = 'x'")
    assert session.rows("SELECT a FROM hive.row28.over") == [[2]]


def test_routines(session: Session) -> None:
    session.rows("CREATE FUNCTION hive.row28.twice(x integer) RETURNS integer RETURN x * 2")
    assert session.value("SELECT hive.row28.twice(21)") == 42
    session.rows("CREATE OR REPLACE FUNCTION hive.row28.twice(x integer) RETURNS integer RETURN x + x + 0")
    assert session.value("SELECT hive.row28.twice(21)") == 42
    session.rows("DROP FUNCTION hive.row28.twice(integer)")
    assert session.error("SELECT hive.row28.twice(21)")[0] == "FUNCTION_NOT_FOUND"
