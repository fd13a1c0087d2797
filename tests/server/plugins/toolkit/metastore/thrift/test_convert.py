from __future__ import annotations

from dataclasses import replace

import pytest

from lodestar_server.plugins.toolkit.metastore.classes import CLASSES
from lodestar_server.plugins.toolkit.metastore.model import (
    Bucketing,
    HiveColumn,
    Partition,
    SortingColumn,
    Table,
    TableType,
)
from lodestar_server.plugins.toolkit.metastore.thrift.convert import (
    location_from,
    partition_from,
    partition_to,
    table_from,
    table_to,
)
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

TABLE = Table(
    SchemaTableName("s", "t"),
    "alice",
    TableType.MANAGED_TABLE,
    (HiveColumn("a", "bigint", "first"), HiveColumn("b", "string")),
    (HiveColumn("p", "string"),),
    {"numRows": "3"},
    "ORC",
    serde_parameters={"x": "y"},
    bucketing=Bucketing(("a",), 4, (SortingColumn("b", True), SortingColumn("a"))),
    location="s3://bucket/s/t",
)


def test_a_table_survives() -> None:
    assert table_from(table_to(TABLE)) == TABLE


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_format_survives(name: str) -> None:
    table = replace(TABLE, columns=(HiveColumn("a", "string"),), storage_format=name, bucketing=None)
    assert table_from(table_to(table)).storage_format == name


def test_classes_of_another_engine_survive() -> None:
    original = {"serde": "S", "inputFormat": "I", "outputFormat": "O"}
    table = replace(TABLE, storage_format=None, original_format=original, bucketing=None)
    assert table_from(table_to(table)) == table


def test_a_csv_table_has_texts_only_and_keeps_its_types() -> None:
    struct = table_to(replace(TABLE, storage_format="CSV", bucketing=None))
    found = table_from(struct)
    assert [column.type for column in found.columns] == ["string", "string"]
    changed = table_to(replace(found, owner="bob"), struct)
    assert [field.type for field in changed.sd.cols] == ["bigint", "string"]


def test_what_the_model_does_not_know_stays() -> None:
    struct = table_to(TABLE)
    struct.retention = 7
    struct.sd.skewedInfo = structs().SkewedInfo(["a"], [["1"]])
    changed = table_to(replace(table_from(struct), owner="bob"), struct)
    assert (changed.retention, changed.sd.skewedInfo.skewedColNames, changed.owner) == (7, ["a"], "bob")
    assert struct.owner == "alice"


def test_a_managed_table_that_is_kept_as_an_external_one() -> None:
    struct = table_to(TABLE)
    struct.tableType = "EXTERNAL_TABLE"
    struct.parameters["TRANSLATED_TO_EXTERNAL"] = "TRUE"
    found = table_from(struct)
    assert found.type is TableType.MANAGED_TABLE
    assert table_to(replace(found, owner="bob"), struct).tableType == "EXTERNAL_TABLE"


def test_a_view_has_no_location() -> None:
    view = replace(TABLE, type=TableType.VIRTUAL_VIEW, storage_format=None, bucketing=None, view_original_text="v")
    assert table_to(view).sd.location is None


@pytest.mark.parametrize(
    ("text", "location"),
    [("file:/a/b", "file:///a/b"), ("file:///a", "file:///a"), ("hdfs://n:1/a", "hdfs://n:1/a"), (None, None)],
)
def test_locations(text: str | None, location: str | None) -> None:
    assert location_from(text) == location


def test_buckets_without_columns() -> None:
    struct = table_to(TABLE)
    struct.sd.bucketCols = []
    with pytest.raises(LodestarError, match="'bucketCols' is not set"):
        table_from(struct)


def test_a_partition_survives() -> None:
    partition = Partition(("x",), TABLE.columns, {"numRows": "1"}, "ORC", {"x": "y"}, None, "s3://b/s/t/p=x")
    assert partition_from(partition_to(TABLE, partition)) == partition
