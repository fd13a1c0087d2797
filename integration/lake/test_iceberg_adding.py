"""Files of Hive's tables, and of nobody's, become files of Iceberg tables. Messages are those of Trino 476."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integration.lake.asking import Lake


@pytest.fixture
def both(lake: Any, tmp_path: Path) -> tuple[Lake, Path]:
    """A server with the catalogs `hive` and `ice` over one directory and one metastore; their schema is `s`."""
    files = tmp_path / "files"
    files.mkdir()
    shared = {
        "hive.metastore.catalog.dir": "local:///metastore",
        "fs.local.enabled": "true",
        "local.location": str(files),
    }
    made = lake(
        {
            "hive": {"connector.name": "hive", "hive.metastore": "file", **shared},
            "ice": {
                "connector.name": "iceberg",
                "iceberg.catalog.type": "TESTING_FILE_METASTORE",
                "iceberg.add-files-procedure.enabled": "true",
                **shared,
            },
        }
    )
    made.run("CREATE SCHEMA hive.s")
    return made, files


def _add(server: Lake, target: str, **arguments: str) -> None:
    server.run(_statement(target, **arguments))


def _statement(target: str, **arguments: str) -> str:
    procedure = "add_files" if "location" in arguments or "format" in arguments else "add_files_from_table"
    given = ", ".join(
        f"{name} => {value if name == 'partition_filter' else repr(value)}" for name, value in arguments.items()
    )
    return f"ALTER TABLE {target} EXECUTE {procedure}({given})"


@pytest.mark.parametrize("form", ["PARQUET", "ORC", "AVRO"])
def test_files_of_a_table(both: tuple[Lake, Path], form: str) -> None:
    server, _ = both
    columns = "a integer, b varchar, c double, d date, e decimal(20,3), f boolean, r ROW(x integer, y varchar)"
    server.run(f"CREATE TABLE hive.s.src ({columns}) WITH (format = '{form}')")
    rows = (
        "VALUES (1, 'x', 1.5E0, DATE '2020-01-02', 12345678901234567.125, true, CAST(ROW(1, 'p') AS ROW(x integer, "
        "y varchar))), (NULL, NULL, nan(), DATE '1960-01-02', -1.5, false, NULL), (3, 'é', 0E0, NULL, NULL, NULL, NULL)"
    )
    server.run(f"INSERT INTO hive.s.src {rows}")
    server.run(f"CREATE TABLE ice.s.t ({columns}, more integer)")
    _add(server, "ice.s.t", schema_name="s", table_name="src")
    wanted = server.run("SELECT *, CAST(NULL AS integer) FROM hive.s.src ORDER BY e")
    assert server.run("SELECT * FROM ice.s.t ORDER BY e") == wanted and len(wanted) == 3
    assert server.run("SELECT b FROM ice.s.t WHERE a = 3 AND b = 'é'") == [["é"]]
    assert server.run("SELECT count(*) FROM ice.s.t WHERE is_nan(c)") == [[1]]
    assert server.run('SELECT file_format, record_count FROM ice.s."t$files"') == [[form, 3]]
    if form == "PARQUET":
        found = server.run(
            "SELECT null_value_counts[1], lower_bounds[1], upper_bounds[4], element_at(lower_bounds, 3) "
            'FROM ice.s."t$files"'
        )
        assert found == [[1, "1", "2020-01-02", None]]
    if form == "ORC":
        figures = "value_counts[7], null_value_counts[9], lower_bounds[1], upper_bounds[4], upper_bounds[5]"
        found = server.run(f'SELECT {figures}, upper_bounds[10], element_at(lower_bounds, 3) FROM ice.s."t$files"')
        assert found == [[3, 2, "1", "2020-01-02", "12345678901234567.125", "p", None]]
    # It is a table like any other from now on.
    server.run("INSERT INTO ice.s.t (a, b) VALUES (9, 'new')")
    server.run("DELETE FROM ice.s.t WHERE b = 'x'")
    assert server.run("SELECT a FROM ice.s.t ORDER BY a") == [[3], [9], [None]]
    name, message = server.fails(_statement("ice.s.t", schema_name="s", table_name="src"))
    assert name == "ICEBERG_COMMIT_ERROR"
    assert message.startswith("Failed to add files: Failed to add files: File already exists: local:///metastore/s/src")


def test_names_follow_the_mapping(both: tuple[Lake, Path]) -> None:
    server, _ = both
    server.run("CREATE TABLE hive.s.src WITH (format = 'PARQUET') AS SELECT 1 a, 'x' b")
    server.run("CREATE TABLE ice.s.t (a integer, b varchar)")
    _add(server, "ice.s.t", schema_name="s", table_name="src")
    shown = "SELECT value FROM ice.s.\"t$properties\" WHERE key = 'schema.name-mapping.default'"
    assert server.run(shown) == [
        ['[ {\n  "field-id" : 1,\n  "names" : [ "a" ]\n}, {\n  "field-id" : 2,\n  "names" : [ "b" ]\n} ]']
    ]
    server.run("ALTER TABLE ice.s.t RENAME COLUMN a TO z")
    assert server.run("SELECT z, b FROM ice.s.t") == [[1, "x"]]
    assert '"names" : [ "a", "z" ]' in server.run(shown)[0][0]
    server.run("ALTER TABLE ice.s.t DROP COLUMN b")
    assert server.run("SELECT * FROM ice.s.t") == [[1]]


def test_one_partition(both: tuple[Lake, Path]) -> None:
    server, _ = both
    server.run("CREATE TABLE hive.s.src (a integer, p date) WITH (format = 'PARQUET', partitioned_by = ARRAY['p'])")
    server.run("INSERT INTO hive.s.src VALUES (1, DATE '2020-01-02'), (2, DATE '2021-01-02'), (3, NULL)")
    server.run("CREATE TABLE ice.s.t (a integer, p date) WITH (partitioning = ARRAY['p'])")
    _add(server, "ice.s.t", schema_name="s", table_name="src", partition_filter="MAP(ARRAY['p'], ARRAY['2020-01-02'])")
    assert server.run('SELECT a, CAST(p AS varchar), "$partition" FROM ice.s.t') == [[1, "2020-01-02", "p=2020-01-02"]]
    null = "MAP(ARRAY['p'], ARRAY['__HIVE_DEFAULT_PARTITION__'])"
    _add(server, "ice.s.t", schema_name="s", table_name="src", partition_filter=null)
    assert server.run("SELECT a FROM ice.s.t WHERE p IS NULL") == [[3]]
    for given, said in {
        "MAP(ARRAY['q'], ARRAY['x'])": "Invalid partition: q=x",
        "MAP(ARRAY['p'], ARRAY['2019-01-01'])": "Invalid partition: p=2019-01-01",
        "MAP(ARRAY['p', 'q'], ARRAY['x', 'y'])": "partition value count must match partition column count",
    }.items():
        refused = server.fails(_statement("ice.s.t", schema_name="s", table_name="src", partition_filter=given))
        assert refused == ("ICEBERG_COMMIT_ERROR", f"Failed to add files: {said}")
    assert server.fails(_statement("ice.s.t", schema_name="s", table_name="src")) == (
        "INVALID_PROCEDURE_ARGUMENT",
        "partition_filter argument must be provided for partitioned tables",
    )


def test_files_of_a_directory(both: tuple[Lake, Path]) -> None:
    server, files = both
    inner = files / "drop" / "inner"
    inner.mkdir(parents=True)
    pq.write_table(pa.table({"a": pa.array([1, 2], pa.int32())}), files / "drop" / "one.parquet")
    pq.write_table(pa.table({"A": pa.array([3], pa.int32())}), inner / "two.parquet")
    (files / "drop" / "_hidden").write_bytes(b"no Parquet")
    server.run("CREATE TABLE ice.s.t (a integer)")
    name, message = server.fails(_statement("ice.s.t", location="local:///drop", format="PARQUET"))
    assert name == "ICEBERG_COMMIT_ERROR"
    assert message == (
        "Failed to add files: Recursive directory must not exist when recursive_directory argument is 'fail': "
        "local:///drop/inner/two.parquet"
    )
    _add(server, "ice.s.t", location="local:///drop", format="PARQUET", recursive_directory="false")
    assert server.run("SELECT a FROM ice.s.t ORDER BY a") == [[1], [2]]
    server.run("CREATE TABLE ice.s.u (a integer)")
    _add(server, "ice.s.u", location="local:///drop", format="PARQUET", recursive_directory="true")
    assert server.run("SELECT a FROM ice.s.u ORDER BY a") == [[1], [2], [3]]


def test_refusals(both: tuple[Lake, Path]) -> None:
    server, _files = both
    server.run("CREATE TABLE hive.s.one WITH (format = 'PARQUET') AS SELECT a FROM (VALUES 1, NULL) AS t(a)")
    server.run("CREATE TABLE hive.s.csv (a varchar) WITH (format = 'CSV')")
    server.run("INSERT INTO hive.s.csv VALUES 'x'")
    server.run("CREATE VIEW hive.s.v AS SELECT 1 a")
    server.run("CREATE TABLE ice.s.t (a integer)")
    server.run("CREATE TABLE ice.s.wide (a bigint)")
    server.run("CREATE TABLE ice.s.text (a varchar)")
    server.run("CREATE TABLE ice.s.other (z integer)")
    server.run("CREATE TABLE ice.s.needed (a integer NOT NULL)")
    server.run("CREATE TABLE ice.s.parts (a integer) WITH (partitioning = ARRAY['bucket(a, 2)'])")
    source = {"schema_name": "s", "table_name": "one"}
    wrong = "INVALID_PROCEDURE_ARGUMENT"
    broken = "ICEBERG_COMMIT_ERROR"
    for target, arguments, name, said in (
        ("t", {"schema_name": "s"}, wrong, "Required procedure argument 'table_name' is missing"),
        ("t", {"schema_name": "s", "table_name": "nosuch"}, "NOT_FOUND", "Table 's.nosuch' not found"),
        (
            "t",
            {"schema_name": "s", "table_name": "v"},
            "NOT_SUPPORTED",
            "The procedure doesn't support adding files from VIRTUAL_VIEW table type",
        ),
        (
            "t",
            {"schema_name": "s", "table_name": "other"},
            "NOT_SUPPORTED",
            "Adding files from non-Hive tables is unsupported",
        ),
        ("wide", source, "TYPE_MISMATCH", "Target 'a' column is 'long' type, but got source 'int' type"),
        (
            "other",
            source,
            "COLUMN_NOT_FOUND",
            "All columns in the source table do not exist in the target table",
        ),
        ("needed", source, broken, "Failed to add files: NULL value not allowed for NOT NULL column: a"),
        (
            "parts",
            source,
            wrong,
            "Numbers of partition columns should be equivalent. target: 1, source: 0",
        ),
        (
            "text",
            {"schema_name": "s", "table_name": "csv"},
            broken,
            "Failed to add files: Unsupported storage format: CSV",
        ),
        (
            "t",
            source | {"partition_filter": "MAP(ARRAY['p'], ARRAY['x'])"},
            "NOT_SUPPORTED",
            "Partition filter is not supported for non-partitioned tables",
        ),
        ("t", {"location": "", "format": "ORC"}, broken, "Failed to add files: location is empty"),
        (
            "t",
            {"location": "local:///nosuch", "format": "ORC"},
            broken,
            "Failed to add files: Location not found: local:///nosuch",
        ),
        ("t", {"location": "local:///x"}, wrong, "Required procedure argument 'format' is missing"),
        (
            "parts",
            {"location": "local:///metastore/s/one", "format": "PARQUET"},
            wrong,
            "The procedure does not support partitioned tables",
        ),
    ):
        assert server.fails(_statement(f"ice.s.{target}", **arguments)) == (name, said)
    name, message = server.fails(_statement("ice.s.t", location="local:///metastore/s/one", format="ORC"))
    assert name == broken and message.startswith("Failed to add files: Failed to read file footer: local:///metastore")
    for target in ("t", "wide", "other", "needed", "parts", "text"):
        assert server.run(f"SELECT count(*) FROM ice.s.{target}") == [[0]]


def test_a_table_migrates(both: tuple[Lake, Path]) -> None:
    server, _ = both
    for form in ("PARQUET", "ORC", "AVRO"):
        table = f"hive.s.{form}"
        small = "integer" if form == "AVRO" else "tinyint"
        server.run(
            f"CREATE TABLE {table} (a {small}, b varchar(5), t timestamp, p integer) "
            f"WITH (format = '{form}', partitioned_by = ARRAY['p'])"
        )
        server.run(f"INSERT INTO {table} VALUES (1, 'x', TIMESTAMP '2020-01-02 03:04:05', 7), (2, NULL, NULL, NULL)")
        server.run(f"CALL ice.system.migrate('s', '{form.lower()}')")
        ours = f"ice.s.{form}"
        rows = f"SELECT a, b, CAST(t AS varchar), p FROM {ours} ORDER BY a"
        assert server.run(rows) == [[1, "x", "2020-01-02 03:04:05.000000", 7], [2, None, None, None]]
        assert server.run(f"SELECT a FROM {ours} WHERE p = 7") == [[1]]
        server.run(f"INSERT INTO {ours} VALUES (3, 'longer than five', NULL, 7)")
        server.run(f"DELETE FROM {ours} WHERE a = 1")
        server.run(f"ALTER TABLE {ours} RENAME COLUMN b TO c")
        assert server.run(f"SELECT a, c, p FROM {ours} ORDER BY a") == [[2, None, None], [3, "longer than five", 7]]
        name, message = server.fails(f"SELECT * FROM {table}")
        assert (name, message) == ("UNSUPPORTED_TABLE_TYPE", f"Cannot query Iceberg table 's.{form.lower()}'")
        assert server.fails(f"CALL ice.system.migrate('s', '{form.lower()}')") == (
            "NOT_SUPPORTED",
            "The table is already an Iceberg table",
        )
    created = server.run("SHOW CREATE TABLE ice.s.orc")[0][0]
    assert "format = 'ORC'" in created and "partitioning = ARRAY['p']" in created
    server.run("CREATE TABLE hive.s.json (a integer) WITH (format = 'JSON')")
    assert server.fails("CALL ice.system.migrate('s', 'json')") == ("NOT_SUPPORTED", "Unsupported storage format: JSON")
    assert server.fails("CALL ice.system.migrate('s', 'nosuch')") == ("NOT_FOUND", "Table 's.nosuch' not found")
    assert server.fails("CALL ice.system.migrate('s', 'json', 'x')") == (
        "INVALID_PROCEDURE_ARGUMENT",
        "Invalid recursive_directory: x",
    )
    server.run("CREATE TABLE hive.s.empty (a integer) WITH (format = 'ORC')")
    server.run("CALL ice.system.migrate('s', 'empty')")
    assert server.run("SELECT count(*) FROM ice.s.empty") == [[0]]
