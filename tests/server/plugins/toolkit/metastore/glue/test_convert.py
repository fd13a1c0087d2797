from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lodestar_server.plugins.toolkit.metastore.glue.convert import partition_from, partition_to, table_from, table_to
from lodestar_server.plugins.toolkit.metastore.model import (
    Bucketing,
    HiveColumn,
    Partition,
    SortingColumn,
    Table,
    TableType,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

TABLE = Table(
    SchemaTableName("s", "t"),
    "alice",
    TableType.MANAGED_TABLE,
    (HiveColumn("a", "bigint", "first"), HiveColumn("b", "string")),
    (HiveColumn("p", "string"),),
    {"numRows": "3", "comment": "what it is"},
    "ORC",
    serde_parameters={"x": "y"},
    bucketing=Bucketing(("a",), 4, (SortingColumn("b", True), SortingColumn("a"))),
    location="s3://bucket/s/t",
)


def stored(table: Table) -> dict[str, Any]:
    """As Glue gives it back."""
    return {**table_to(table), "DatabaseName": table.name.schema, "VersionId": "3", "CreateTime": "then"}


def test_a_table_survives() -> None:
    assert table_from(stored(TABLE)) == TABLE
    assert stored(TABLE)["Description"] == "what it is"


def test_what_the_model_does_not_know_stays() -> None:
    found = stored(TABLE)
    found["Retention"] = 7
    found["StorageDescriptor"]["SkewedInfo"] = {"SkewedColumnNames": ["a"]}
    changed = table_to(replace(table_from(found), owner="bob"), found)
    assert changed["Retention"] == 7
    assert changed["StorageDescriptor"]["SkewedInfo"] == {"SkewedColumnNames": ["a"]}
    assert changed["Owner"] == "bob"
    assert not {"DatabaseName", "VersionId", "CreateTime"} & changed.keys()


def test_a_comment_goes() -> None:
    found = stored(TABLE)
    assert "Description" not in table_to(replace(table_from(found), parameters={}), found)


def test_a_table_without_a_type_is_external() -> None:
    found = stored(TABLE)
    del found["TableType"]
    assert table_from(found).type is TableType.EXTERNAL_TABLE


def test_a_table_without_storage() -> None:
    found = {"DatabaseName": "s", "Name": "t", "Parameters": {}}
    with pytest.raises(LodestarError, match="StorageDescriptor is null"):
        table_from(found)
    assert table_from({**found, "Parameters": {"metadata_location": "x"}}).location == ""


def test_a_partition_survives() -> None:
    partition = Partition(("x",), TABLE.columns, {"numRows": "1"}, "ORC", {"x": "y"}, None, "s3://b/s/t/p=x")
    assert partition_from(partition_to(TABLE, partition)) == partition
