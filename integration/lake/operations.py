"""What every store has to be able to do: make, read, fill, empty and drop tables of both connectors."""

from __future__ import annotations

from integration.lake.asking import Lake

ROWS = [[1, "a", "x"], [2, "b", "x"], [3, None, "y"]]
_VALUES = "VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, NULL, 'y')"


def check_hive(lake: Lake, catalog: str, schema: str, location: str | None = None) -> None:
    """CREATE SCHEMA to DROP SCHEMA of a hive catalog; `location`: of an external table beside."""
    home = f"{catalog}.{schema}"
    lake.run(f"CREATE SCHEMA {home}")
    for form in ("PARQUET", "ORC", "AVRO", "JSON", "TEXTFILE"):
        table = f"{home}.t_{form.lower()}"
        lake.run(
            f"CREATE TABLE {table} WITH (format = '{form}', partitioned_by = ARRAY['p']) AS "
            f"SELECT * FROM ({_VALUES}) AS t(id, name, p)"
        )
        assert lake.run(f"SELECT id, name, p FROM {table} ORDER BY id") == ROWS
        lake.run(f"INSERT INTO {table} VALUES (4, 'd', 'z'), (5, 'e', 'x')")
        assert lake.run(f"SELECT count(*), sum(id), count(name) FROM {table}") == [[5, 15, 4]]
        lake.run(f"DELETE FROM {table} WHERE p = 'x'")
        assert lake.run(f"SELECT id FROM {table} ORDER BY id") == [[3], [4]]
        assert lake.run(f'SELECT p FROM {home}."t_{form.lower()}$partitions" ORDER BY p') == [["y"], ["z"]]
    whole = f"{home}.whole"
    lake.run(f"CREATE TABLE {whole} AS SELECT * FROM ({_VALUES}) AS t(id, name, p)")
    lake.run(f"INSERT INTO {whole} SELECT id + 10, name, p FROM {whole}")
    assert lake.run(f"SELECT count(*), max(id) FROM {whole}") == [[6, 13]]
    lake.run(f"ALTER TABLE {whole} RENAME TO {home}.moved")
    assert lake.run(f"SELECT count(*) FROM {home}.moved WHERE \"$path\" LIKE '%/moved/%'") == [[6]]
    lake.run(f"DELETE FROM {home}.moved")
    assert lake.run(f"SELECT * FROM {home}.moved") == []
    for (name,) in lake.run(f"SHOW TABLES FROM {home}"):
        lake.run(f"DROP TABLE {home}.{name}")
    lake.run(f"DROP SCHEMA {home}")
    assert [schema] not in lake.run(f"SHOW SCHEMAS FROM {catalog}")


def check_iceberg(lake: Lake, catalog: str, schema: str) -> None:
    """CREATE SCHEMA to DROP SCHEMA of an iceberg catalog."""
    home = f"{catalog}.{schema}"
    lake.run(f"CREATE SCHEMA {home}")
    table = f"{home}.t"
    lake.run(f"CREATE TABLE {table} WITH (partitioning = ARRAY['p']) AS SELECT * FROM ({_VALUES}) AS t(id, name, p)")
    assert lake.run(f"SELECT id, name, p FROM {table} ORDER BY id") == ROWS
    lake.run(f"INSERT INTO {table} VALUES (4, 'd', 'z'), (5, 'e', 'x')")
    lake.run(f"DELETE FROM {table} WHERE p = 'x'")
    lake.run(f"UPDATE {table} SET name = 'n' WHERE id = 3")
    lake.run(
        f"MERGE INTO {table} t USING (VALUES (4, 'm'), (9, 'q')) AS s(id, name) ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name, 'z')"
    )
    assert lake.run(f"SELECT id, name, p FROM {table} ORDER BY id") == [[3, "n", "y"], [4, "m", "z"], [9, "q", "z"]]
    assert lake.run(f'SELECT count(*) FROM {home}."t$snapshots"') == [[5]]
    lake.run(f"ALTER TABLE {table} EXECUTE optimize")
    assert lake.run(f"SELECT count(*) FROM {table}") == [[3]]
    lake.run(f"DROP TABLE {table}")
    lake.run(f"DROP SCHEMA {home}")
