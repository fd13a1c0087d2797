"""CREATE TABLE into the metastore's terms, and every refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.harness import table
from tests.fakes.hive import hive

from lodestar_server.plugins.connectors.hive.definitions import metadata_of, table_of
from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.types import TimestampPrecision
from lodestar_server.plugins.toolkit.metastore.model import Bucketing, SortingColumn, TableType
from lodestar_server.spi.connector import ColumnMetadata, SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types.text import parse_type


def make(columns: dict[str, str], *, external: bool = False, comment: str | None = None, **properties: Any) -> Any:
    typed = [(name, parse_type(text)) for name, text in columns.items()]
    return table_of(
        table("s", "t", typed, comment, **properties),
        location="local:///x",
        external=external,
        user="alice",
        query_id="query",
        default_format=StorageFormat.ORC,
        precision=TimestampPrecision.MILLISECONDS,
        with_figures=True,
    )


def test_a_table() -> None:
    made = make({"a": "integer", "b": "row(X varchar)", "p": "date"}, comment="about", partitioned_by=("p",))
    assert [(column.name, column.type) for column in made.columns] == [("a", "int"), ("b", "struct<x:string>")]
    assert [(column.name, column.type) for column in made.partition_columns] == [("p", "date")]
    assert (made.type, made.storage_format, made.owner) == (TableType.MANAGED_TABLE, "ORC", "alice")
    assert made.parameters["comment"] == "about"
    assert "numRows" not in made.parameters
    assert make({"a": "integer"}).parameters["numRows"] == "0"


def test_an_external_table() -> None:
    made = make({"a": "integer"}, external=True, external_location="local:///x")
    assert made.type is TableType.EXTERNAL_TABLE
    assert made.parameters["EXTERNAL"] == "TRUE"


PROPERTIES: list[dict[str, Any]] = [
    {"format": "PARQUET"},
    {"format": "TEXTFILE", "skip_header_line_count": 1, "null_format": "x"},
    {"format": "TEXTFILE", "textfile_field_separator": "|", "textfile_field_separator_escape": "\\"},
    {"format": "CSV", "csv_separator": ";", "csv_quote": "'", "csv_escape": "\\"},
    {"bucketed_by": ("a",), "bucket_count": 4, "sorted_by": (SortingColumn("a", True),)},
    {"format": "ORC", "orc_bloom_filter_columns": ("a",), "orc_bloom_filter_fpp": 0.1},
    {"format": "REGEX", "regex": "(.*)", "regex_case_insensitive": True},
    {"auto_purge": True},
    {"extra_properties": {"x": "y"}},
]


@pytest.mark.parametrize("properties", PROPERTIES, ids=str)
def test_properties_come_back(properties: dict[str, Any]) -> None:
    made = make({"a": "varchar"}, **properties)
    shown = metadata_of(made, TimestampPrecision.MILLISECONDS).properties
    kept = {name: value for name, value in properties.items() if name != "extra_properties"}
    assert {name: shown.get(name) for name in kept} == kept
    if "extra_properties" in properties:
        assert made.parameters["x"] == "y"


def test_buckets() -> None:
    made = make({"a": "varchar"}, bucketed_by=("a",), bucket_count=4)
    assert made.bucketing == Bucketing(("a",), 4)


def test_hidden_columns() -> None:
    hidden = [
        column.name
        for column in metadata_of(
            make({"a": "varchar", "p": "date"}, partitioned_by=("p",), bucketed_by=("a",), bucket_count=2),
            TimestampPrecision.MILLISECONDS,
        ).columns
        if column.hidden
    ]
    assert hidden == ["$path", "$bucket", "$file_size", "$file_modified_time", "$partition"]


@pytest.mark.parametrize(
    ("columns", "properties", "code", "message"),
    [
        ({"a": "time(3)"}, {}, "NOT_SUPPORTED", "Unsupported Hive type: time(3)"),
        (
            {"a": "timestamp(6)"},
            {},
            "NOT_SUPPORTED",
            "Incorrect timestamp precision for timestamp(6); the configured precision is MILLISECONDS; column name: a",
        ),
        ({" a": "date"}, {}, "NOT_SUPPORTED", "Hive column names must not start with a space: ' a'"),
        ({"a ": "date"}, {}, "NOT_SUPPORTED", "Hive column names must not end with a space: 'a '"),
        ({"a,b": "date"}, {}, "NOT_SUPPORTED", "Hive column names must not contain commas: 'a,b'"),
        (
            {"a": "date", "b": "date"},
            {"partitioned_by": ("n",)},
            "INVALID_TABLE_PROPERTY",
            "Partition columns [n] not present in schema",
        ),
        ({"a": "date"}, {"partitioned_by": ("a",)}, "INVALID_TABLE_PROPERTY", "Table contains only partition columns"),
        (
            {"a": "date", "b": "date"},
            {"partitioned_by": ("a",)},
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the table properties: [a]",
        ),
        (
            {"a": "date", "b": "varbinary"},
            {"partitioned_by": ("b",)},
            "NOT_SUPPORTED",
            "Unsupported type [varbinary] for partition: b",
        ),
        (
            {"a": "date"},
            {"bucketed_by": ("n",), "bucket_count": 2},
            "INVALID_TABLE_PROPERTY",
            "Bucketing columns [n] not present in schema",
        ),
        (
            {"a": "date"},
            {"bucketed_by": ("a",), "bucket_count": 2, "bucketing_version": 3},
            "INVALID_TABLE_PROPERTY",
            "bucketing_version must be between 1 and 2 (inclusive): 3",
        ),
        (
            {"a": "date"},
            {"format": "ORC", "orc_bloom_filter_columns": ("n",)},
            "INVALID_TABLE_PROPERTY",
            "Orc bloom filter columns [n] not present in schema",
        ),
        (
            {"a": "date"},
            {"format": "PARQUET", "orc_bloom_filter_columns": ("a",)},
            "INVALID_TABLE_PROPERTY",
            "Cannot specify orc_bloom_filter_columns table property for storage format: PARQUET",
        ),
        (
            {"a": "date"},
            {"format": "PARQUET", "parquet_bloom_filter_columns": ("a",)},
            "INVALID_TABLE_PROPERTY",
            "Parquet Bloom filter column a has unsupported type date",
        ),
        (
            {"a": "date"},
            {"format": "REGEX", "regex": "(a"},
            "INVALID_TABLE_PROPERTY",
            "Invalid REGEX pattern value: (a",
        ),
        (
            {"a": "date"},
            {"format": "REGEX"},
            "INVALID_TABLE_PROPERTY",
            "REGEX format requires the 'regex' table property",
        ),
        (
            {"a": "date"},
            {"format": "TEXTFILE", "skip_header_line_count": -1},
            "HIVE_INVALID_METADATA",
            "Invalid value for skip_header_line_count property: -1",
        ),
        (
            {"a": "varchar"},
            {"format": "CSV", "textfile_field_separator": "a"},
            "INVALID_TABLE_PROPERTY",
            "Cannot specify field.delim table property for storage format: CSV",
        ),
        (
            {"a": "date"},
            {"partition_projection_enabled": True},
            "INVALID_COLUMN_PROPERTY",
            "Partition projection cannot be enabled on a table that is not partitioned",
        ),
        (
            {"a": "date"},
            {"bucketed_by": ("a",), "bucket_count": 2, "sorted_by": (SortingColumn("n"),)},
            "INVALID_TABLE_PROPERTY",
            "Sorting columns [n] not present in schema",
        ),
        (
            {"a": "date", "p": "date"},
            {"partitioned_by": ("p",), "bucketed_by": ("p",), "bucket_count": 2},
            "INVALID_TABLE_PROPERTY",
            "Bucketing columns [p] are also used as partitioning columns",
        ),
        (
            {"a": "bigint", "b": "varchar"},
            {"format": "CSV"},
            "NOT_SUPPORTED",
            "Hive CSV storage format only supports VARCHAR (unbounded). Unsupported columns: a bigint",
        ),
        ({"a": "date"}, {"transactional": True}, "NOT_SUPPORTED", "FileHiveMetastore does not support ACID tables"),
    ],
)
def test_refusals(columns: dict[str, str], properties: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(LodestarError) as caught:
        make(columns, **properties)
    assert (caught.value.code.name, caught.value.message) == (code, message)


def test_what_sql_sees_of_a_table_is_made_once_in_a_transaction(tmp_path: Path) -> None:
    harness = hive(tmp_path)
    name = SchemaTableName("default", "t")
    with harness.statement() as on:
        on.metadata.create_table(on.session, table("default", "t", [("a", parse_type("bigint"))]), SaveMode.FAIL)
        handle = on.metadata.find_table(on.session, name)
        assert handle is not None
        columns = on.metadata.column_handles(on.session, handle)
        assert on.metadata.column_handles(on.session, handle) is columns
        assert on.metadata.table_metadata(on.session, handle) is on.metadata.table_metadata(on.session, handle)
        # a change inside the transaction is seen, by the handle from before it too
        on.metadata.add_column(on.session, handle, ColumnMetadata("b", parse_type("varchar")))
        assert [one for one in on.metadata.column_handles(on.session, handle) if one in "ab"] == ["a", "b"]
        names = [column.name for column in on.metadata.table_metadata(on.session, handle).columns if not column.hidden]
        assert names == ["a", "b"]
    harness.connector.shutdown()
