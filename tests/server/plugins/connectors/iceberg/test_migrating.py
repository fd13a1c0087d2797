"""A table of Hive that somebody changes while it is migrated stays one of Hive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fakes.iceberg import iceberg

from lodestar_server.plugins.connectors.iceberg.config import IcebergConfig
from lodestar_server.plugins.connectors.iceberg.migrating import migrate
from lodestar_server.plugins.connectors.iceberg.tables import is_iceberg
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn, Table, TableType
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

NAME = SchemaTableName("default", "t")


class Meddling:
    """A catalog in which the table gets a comment as soon as its files were read."""

    def __init__(self, catalog: Any) -> None:
        self._catalog = catalog

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)

    def steadily(self, table: Table, read: Any) -> Any:
        found = self._catalog.steadily(table, read)
        self._catalog.alter_table(NAME, lambda now: replace(now, parameters={**now.parameters, "comment": "mine"}))
        return found


@pytest.mark.parametrize("meddled", [False, True])
def test_a_change_meanwhile(tmp_path: Path, *, meddled: bool) -> None:
    connector: Any = iceberg(tmp_path).connector
    tables = connector._tables
    location = "local:///metastore/default/t"
    columns = (HiveColumn("a", "int"),)
    entry = Table(NAME, "alice", TableType.MANAGED_TABLE, columns, storage_format="PARQUET", location=location)
    tables.metastore.create_table(entry, None, "alice")
    home = tmp_path / "metastore" / "default" / "t"
    home.mkdir(exist_ok=True)
    pq.write_table(pa.table({"a": pa.array([1], pa.int32())}), home / "rows")
    if not meddled:
        migrate(tables, IcebergConfig(), NAME, "FAIL")
        assert tables.find(NAME).metadata.current_snapshot.summary["total-records"] == "1"
        return
    tables.metastore = Meddling(tables.metastore)
    with pytest.raises(LodestarError, match="Table was changed while it was migrated"):
        migrate(tables, IcebergConfig(), NAME, "FAIL")
    assert not is_iceberg(tables.metastore.find_table(NAME))
    assert [path for path in (home / "metadata").rglob("*") if path.is_file()] == []
    assert (home / "rows").exists()
