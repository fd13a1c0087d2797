"""An engine over an iceberg catalog in a temporary directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.iceberg import iceberg
from tests.fakes.sink import LocalEngine

PROPERTIES = {
    "iceberg.register-table-procedure.enabled": "true",
    "iceberg.expire-snapshots.min-retention": "0s",
    "iceberg.remove-orphan-files.min-retention": "0s",
    "iceberg.max-partitions-per-writer": "5",
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path, ("tpch",))
    made.catalogs.add("ice", "iceberg", iceberg(tmp_path / "ice", catalog="ice", **PROPERTIES).connector)
    made.run("USE ice.default")
    yield made
    made.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the tables of the schema `default` are."""
    return tmp_path / "ice" / "metastore" / "default"
