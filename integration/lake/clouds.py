"""Catalogs over any store, and what a store that refuses has to be answered with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from integration.lake.asking import Lake


def catalogs(settings: Mapping[str, str], warehouse: str) -> dict[str, dict[str, str]]:
    """`hive` and `ice`, whose file metastores and tables are below a location."""
    return {
        "hive": {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": f"{warehouse}/hive",
            "hive.security": "allow-all",
            **settings,
        },
        "ice": {
            "connector.name": "iceberg",
            "iceberg.catalog.type": "TESTING_FILE_METASTORE",
            "hive.metastore.catalog.dir": f"{warehouse}/ice",
            **settings,
        },
    }


def local_catalogs(settings: Mapping[str, str], directory: Path) -> dict[str, dict[str, str]]:
    """The same with local metastores, which know places in the store."""
    local = {"fs.local.enabled": "true", "local.location": str(directory)}
    made = catalogs({**settings, **local}, "local://")
    made["hive"]["hive.non-managed-table-writes-enabled"] = "true"
    return made


def check_tables_elsewhere(lake: Lake, catalog: str, top: str) -> None:
    """The metastore is at another place than the tables: Hive's are external, Iceberg's follow their schema."""
    home, hive = f"{catalog}.elsewhere", catalog == "hive"
    lake.run(f"CREATE SCHEMA {home}" + ("" if hive else f" WITH (location = '{top}/{catalog}')"))

    def properties(name: str, **more: str) -> str:
        if hive:
            more["external_location"] = f"'{top}/{catalog}/{name}'"
        return f"WITH ({', '.join(f'{key} = {value}' for key, value in more.items())})" if more else ""

    parts = {"partitioned_by" if hive else "partitioning": "ARRAY['day']"}
    lake.run(
        f"CREATE TABLE {home}.t {properties('t', **parts)} AS SELECT * FROM "
        "(VALUES (1, 'é', DATE '2026-01-01'), (2, NULL, DATE '2026-01-02')) AS t (id, name, day)"
    )
    lake.run(f"INSERT INTO {home}.t VALUES (3, 'c', DATE '2026-01-02')")
    rows = lake.run(f'SELECT id, name, "$path" FROM {home}.t ORDER BY id')
    assert [row[:2] for row in rows] == [[1, "é"], [2, None], [3, "c"]]
    assert all(row[2].startswith(f"{top}/{catalog}/") for row in rows)
    if not hive:
        lake.run(f"DELETE FROM {home}.t WHERE day = DATE '2026-01-01'")
        assert lake.run(f"SELECT id FROM {home}.t ORDER BY id") == [[2], [3]]
    lake.run(
        f"CREATE TABLE {home}.many {properties('many')} AS "
        "SELECT n, cast(n AS varchar) AS s FROM UNNEST(sequence(1, 10000)) AS u (n)"
    )
    assert lake.run(f"SELECT count(*), sum(n), max(s) FROM {home}.many") == [[10000, 50005000, "9999"]]
    assert lake.run(f"SELECT s FROM {home}.many WHERE n = 7777") == [["7777"]]
    lake.run(f"DROP TABLE {home}.t")
    lake.run(f"DROP TABLE {home}.many")
    lake.run(f"DROP SCHEMA {home}")


def check_refusal(lake: Lake, catalog: str, top: str, *words: str) -> None:
    """A table at a place that cannot be reached fails as EXTERNAL, and says why."""
    place = "external_location" if catalog == "hive" else "location"
    lake.run(f"CREATE SCHEMA IF NOT EXISTS {catalog}.nowhere")
    outcome = lake.ask(f"CREATE TABLE {catalog}.nowhere.t WITH ({place} = '{top}/{catalog}/t') AS SELECT 1 AS a")
    assert outcome.error is not None
    assert outcome.error["errorType"] == "EXTERNAL", outcome.error
    assert all(word in outcome.error["message"] for word in words), outcome.error["message"]
