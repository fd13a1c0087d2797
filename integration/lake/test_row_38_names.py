"""Row 38: catalog.schema.table, whole or in part."""

from __future__ import annotations

from typing import Any

from integration.lake.asking import s3_catalog
from integration.services.moto import Moto


def test_names_of_three_levels(moto: Moto, lake: Any) -> None:
    server = lake(
        {
            "hive": s3_catalog(moto.url, warehouse="s3://lake/row38"),
            "ice": s3_catalog(moto.url, "iceberg", warehouse="s3://lake/row38i"),
        }
    )
    for catalog in ("hive", "ice"):
        server.run(f"CREATE SCHEMA {catalog}.Sales")
        server.run(f"CREATE TABLE {catalog}.sales.\"Orders\" AS SELECT '{catalog}' AS origin")
    assert [[name] for name in ("hive", "ice")] == [row for row in server.run("SHOW CATALOGS") if row != ["system"]]
    assert ["sales"] in server.run("SHOW SCHEMAS FROM hive")
    assert server.run("SHOW TABLES FROM hive.sales") == [["orders"]]
    assert server.run("SHOW TABLES", X_Trino_Catalog="ice", X_Trino_Schema="sales") == [["orders"]]
    assert server.run("SELECT origin FROM orders", X_Trino_Catalog="ice", X_Trino_Schema="sales") == [["ice"]]
    assert server.run("SELECT origin FROM sales.ORDERS", X_Trino_Catalog="hive") == [["hive"]]
    both = "SELECT h.origin, i.origin FROM hive.sales.orders h CROSS JOIN ice.sales.orders i"
    assert server.run(both) == [["hive", "ice"]]
    assert server.fails("SELECT * FROM orders")[0] == "MISSING_SCHEMA_NAME"
    assert server.fails("SELECT * FROM orders", X_Trino_Catalog="hive")[0] == "MISSING_SCHEMA_NAME"
    assert server.fails("SELECT * FROM nowhere.sales.orders")[0] == "CATALOG_NOT_FOUND"
    assert server.fails("SELECT * FROM hive.nowhere.orders")[0] == "SCHEMA_NOT_FOUND"
    assert server.fails("SELECT * FROM hive.sales.nothing")[0] == "TABLE_NOT_FOUND"
    assert server.ask("USE ice.sales").error is None
